"""Command: show the provenance of a file, a run or a model."""

from __future__ import annotations

import argparse
import os
from typing import Any

from flight_delay.core.errors import UserError


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "provenance",
        help="show the stages and inputs that produced a file, and the stages that use it",
        description="Show as a tree which stages and inputs produced a file, back to the source of the raw data, and "
        "which stages use it; or the commit and raw data of an MLflow run or model. Reads the commit, not the "
        "working tree.",
        epilog="examples: `flight-delay provenance reports/evaluate/roc.png`; `flight-delay provenance --at HEAD~1 "
        "--json` (the pipeline of a commit as W3C PROV). exit codes: 0 answered, 1 the run's pipeline is in no "
        "commit here, 2 not possible",
    )
    parser.add_argument(
        "what",
        nargs="?",
        metavar="WHAT",
        help="a file or folder, params.yaml:SECTION, runs:/ID, models:/NAME/VERSION, models:/NAME@ALIAS or "
        "models:/ID (default: the whole pipeline)",
    )
    parser.add_argument("--at", metavar="REV", help="commit, tag, branch or DVC experiment (default: HEAD)")
    parser.add_argument("--json", action="store_true", help="print PROV-JSON, of a file without the stages that use it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the provenance; return 1 for a run that is in no commit."""
    from flight_delay.review.provenance.commit import read_provenance
    from flight_delay.review.provenance.document import prov_json
    from flight_delay.review.provenance.tree import format_path, format_pipeline, format_run
    from flight_delay.tracking.lookup import find_run, is_mlflow_uri, require_commit
    from flight_delay.vcs.commit_files import CommitFiles
    from flight_delay.vcs.history import find_pipeline_commit

    if not (arguments.what and is_mlflow_uri(arguments.what)):
        artefacts = CommitFiles.at(arguments.at or "HEAD")
        relative = os.path.relpath(arguments.what, artefacts.root) if arguments.what else "."
        path = None if relative == "." else relative
        provenance = read_provenance(artefacts)
        if arguments.json:
            print(prov_json(provenance, path))
        else:
            print(format_path(provenance, path) if path else format_pipeline(provenance))
        return 0
    if arguments.at:
        raise UserError(f"--at {arguments.at}: not for runs and models, which have a commit of their own; leave it out")
    published = find_run(arguments.what)
    if arguments.json:
        provenance = read_provenance(CommitFiles.at(require_commit(published, published.uri).commit))
        written = (artifact for stage in provenance.stages for artifact in stage.writes)
        print(prov_json(provenance, next((a.path for a in written if a.md5 == published.model_md5), None)))
        return 0
    committed = find_pipeline_commit(published.digest, published.model_md5)
    print(format_run(published, committed, read_provenance(CommitFiles.at(committed.commit)) if committed else None))
    return 0 if committed else 1
