"""Command: say where a file, a run or a model comes from."""

from __future__ import annotations

import argparse
import os
from typing import Any

from flight_delay.core.errors import UserError


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "provenance",
        help="show what a file was made from, and what depends on it",
        description="Show as a tree which stages and inputs a file was made from, back to the source of the raw data, and "
        "which stages use it; or the commit and raw data of an MLflow run or model. Read from the commit, not from your files.",
        epilog="examples: `flight-delay provenance reports/evaluate/roc.png` goes back to the raw data; `flight-delay provenance "
        "--at HEAD~1 --json` writes the whole pipeline of a commit as W3C PROV. exit codes: 0 answered, 1 the run's pipeline "
        "is in no commit, 2 it could not be answered",
    )
    parser.add_argument(
        "what",
        nargs="?",
        metavar="WHAT",
        help="a file or folder, params.yaml:SECTION, runs:/ID, models:/NAME/VERSION, models:/NAME@ALIAS or models:/ID "
        "(default: the whole pipeline)",
    )
    parser.add_argument("--at", metavar="REV", help="commit, tag, branch or DVC experiment (default: HEAD)")
    parser.add_argument(
        "--json", action="store_true", help="write PROV-JSON: of a file what it comes from, nothing later"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer; the exit code is 1 for a run whose pipeline is in no commit."""
    from flight_delay.review.provenance.commit import read_provenance
    from flight_delay.review.provenance.document import prov_json
    from flight_delay.review.provenance.tree import format_path, format_pipeline
    from flight_delay.tracking.lookup import is_mlflow_uri
    from flight_delay.vcs.artefacts import Artefacts

    if arguments.what and is_mlflow_uri(arguments.what):
        return _run_of_uri(arguments)
    artefacts = Artefacts.of(arguments.at or "HEAD")
    path = os.path.relpath(arguments.what, artefacts.root) if arguments.what else "."
    provenance = read_provenance(artefacts)
    if arguments.json:
        print(prov_json(provenance, None if path == "." else path))
    else:
        print(format_pipeline(provenance) if path == "." else format_path(provenance, path))
    return 0


def _run_of_uri(arguments: argparse.Namespace) -> int:
    from flight_delay.review.provenance.commit import read_provenance
    from flight_delay.review.provenance.document import prov_json
    from flight_delay.review.provenance.tree import format_run
    from flight_delay.tracking.lookup import find_run
    from flight_delay.vcs.artefacts import Artefacts
    from flight_delay.vcs.history import commit_of

    if arguments.at:
        raise UserError(f"--at {arguments.at}: is for files; a run or a model has a commit of its own, so leave it out")
    published = find_run(arguments.what)
    found = commit_of(published.digest, published.model_md5)
    provenance = read_provenance(Artefacts.of(found.commit)) if found else None
    if provenance and arguments.json:
        models = (item.path for stage in provenance.stages for item in stage.writes if item.md5 == published.model_md5)
        print(prov_json(provenance, next(models, None)))
    elif arguments.json:
        raise UserError(
            f"{published.uri}: its pipeline is in no commit here, so there is nothing to write; see without --json"
        )
    else:
        print(format_run(published, found, provenance))
    return 0 if found else 1
