"""Command: say where a file, a run or a model comes from."""

from __future__ import annotations

import argparse
import os
from typing import Any

from flight_delay.core.errors import UserError


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "provenance",
        help="say what made a file, from what, and what depends on it",
        description="Say what made a file, from which inputs, back to the source of the raw data, and what depends on it; or "
        "which commit and which raw data are behind an MLflow run or model. Read from the commit, not from your files.",
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
    from flight_delay.repository.artefacts import Artefacts
    from flight_delay.review.provenance.commit import provenance
    from flight_delay.review.provenance.document import prov_json
    from flight_delay.review.provenance.words import words_for, words_for_all
    from flight_delay.tracking.lookup import is_mlflow_uri

    if arguments.what and is_mlflow_uri(arguments.what):
        return _run_of_uri(arguments)
    artefacts = Artefacts.of(arguments.at or "HEAD")
    path = os.path.relpath(arguments.what, artefacts.root) if arguments.what else "."
    of = provenance(artefacts)
    if arguments.json:
        print(prov_json(of, None if path == "." else path))
    else:
        print(words_for_all(of) if path == "." else words_for(of, path))
    return 0


def _run_of_uri(arguments: argparse.Namespace) -> int:
    from flight_delay.repository.artefacts import Artefacts
    from flight_delay.repository.history import commit_of
    from flight_delay.review.provenance.commit import provenance
    from flight_delay.review.provenance.document import prov_json
    from flight_delay.review.provenance.words import words_for_run
    from flight_delay.tracking.lookup import find

    if arguments.at:
        raise UserError(f"--at {arguments.at}: is for files; a run or a model has a commit of its own, so leave it out")
    published = find(arguments.what)
    found = commit_of(published.digest, published.model_md5)
    of = provenance(Artefacts.of(found.commit)) if found else None
    if of and arguments.json:
        made = (item.path for item in of.lineage.items if item.md5 == published.model_md5)
        print(prov_json(of, next(made, None)))
    elif arguments.json:
        raise UserError(
            f"{published.uri}: its pipeline is in no commit here, so there is nothing to write; see without --json"
        )
    else:
        print(words_for_run(published, found, of))
    return 0 if found else 1
