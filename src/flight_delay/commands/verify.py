"""Command: reproduce every artefact of a commit, or check its dvc.lock."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "verify",
        help="reproduce every artefact of a commit and compare it byte for byte",
        description="Clone a commit into a temporary folder, run all stages but `publish` from raw data without a "
        "cache, and compare every output with the commit's dvc.lock; differences are described. Takes as long as a "
        "first `dvc repro`; the checkout, its cache and MLflow are not touched. This runs the code of the commit as "
        "you: it can read and change your files. Verify a commit that you do not trust in a container; --quick runs "
        "none of its code, as long as you do not check it out.",
        epilog="examples: `flight-delay verify HEAD~1`, `flight-delay verify --quick`, `flight-delay verify "
        "models:/flight-delay@champion`; exit codes: 0 all the same, 1 something differs, 2 not checked",
    )
    parser.add_argument(
        "revision",
        nargs="?",
        default="HEAD",
        metavar="REV",
        help="commit, tag, branch or DVC experiment; or a model or run in MLflow, as models:/NAME/VERSION, "
        "models:/NAME@ALIAS or runs:/ID, whose commit is looked up (default: HEAD)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="check only that dvc.lock fits the commit's code, parameters and requirements: in seconds, without data",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--isolate",
        action="store_true",
        help="run the commit's code without network (Linux with user namespaces); your files stay accessible",
    )
    where.add_argument(
        "--fresh-env",
        action="store_true",
        help="in a virtual environment built from the commit's own locked requirements (minutes; pip needs its index)",
    )
    parser.add_argument(
        "--tolerance",
        type=_parse_tolerance,
        default=0.001,
        metavar="NUMBER",
        help="differences of metrics and probabilities up to this do not matter; relative for numbers above one "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the clone, with all it has made, in this new folder"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify and print the outcome."""
    from flight_delay.review.verification.verdict import verification_json, verification_table
    from flight_delay.review.verification.verify import StoredModel, check_lock, verify
    from flight_delay.tracking.lookup import find_run, is_mlflow_uri, require_commit

    revision, stored = arguments.revision, None
    if is_mlflow_uri(revision):
        from flight_delay.tracking.registry.loaded_model import stored_model_md5

        published = find_run(revision)
        revision = require_commit(published, published.uri).commit
        stored = StoredModel(published.uri, stored_model_md5(published))
    if arguments.quick:
        verified = check_lock(revision)
    else:
        options = {"fresh_env": arguments.fresh_env, "isolate": arguments.isolate, "keep": arguments.keep}
        verified = verify(revision, arguments.tolerance, **options)
    verified = verified._replace(stored_model=stored)
    print(verification_json(verified) if arguments.json else verification_table(verified))
    return 0 if verified.is_same else 1


def _parse_tolerance(text: str) -> float:
    tolerance = float(text)
    if not 0 <= tolerance < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a non-negative number")
    return tolerance
