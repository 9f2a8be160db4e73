"""Command: make every artefact of a commit again, or only look whether its dvc.lock fits it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flight_delay.review.verification.verify import StoredModel


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "verify",
        help="make every artefact of a commit again and compare it byte for byte",
        description="Clone a commit into a temporary folder, run all stages but `publish` from raw data, without any "
        "cache, and compare every output with the commit's dvc.lock; where bytes differ, say how and whether it matters. "
        "Takes as long as a first `dvc repro`; your checkout, your cache and MLflow are not touched.",
        epilog="exit codes: 0 all the same, 1 something is different, 2 it could not be checked",
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
        help="in seconds and without data: only whether dvc.lock fits the commit's code, parameters and requirements",
    )
    parser.add_argument(
        "--fresh-env",
        action="store_true",
        help="run it in a virtual environment built from the commit's own locked requirements (minutes; pip needs its index)",
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        default=0.001,
        metavar="NUMBER",
        help="a metric or probability that differs by no more is said not to matter; of figures above one it is a share "
        "(default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify and print what was found."""
    from flight_delay.review.diff.files import Tolerance
    from flight_delay.review.verification.verdict import verification_json, verification_table
    from flight_delay.review.verification.verify import check_lock, verify
    from flight_delay.tracking.lookup import is_mlflow_uri

    revision, kept = _behind(arguments.revision) if is_mlflow_uri(arguments.revision) else (arguments.revision, None)
    if arguments.quick:
        verified = check_lock(revision)
    else:
        tolerance = Tolerance(metric=arguments.tolerance, probability=arguments.tolerance)
        verified = verify(revision, tolerance, fresh_env=arguments.fresh_env)
    verified = verified._replace(stored_model=kept)
    print(verification_json(verified) if arguments.json else verification_table(verified))
    return 0 if verified.same else 1


def _behind(uri: str) -> tuple[str, StoredModel]:
    """The commit that a run or model in MLflow was made in, and the model that is kept there."""
    from flight_delay.core.errors import UserError
    from flight_delay.review.verification.verify import StoredModel
    from flight_delay.tracking.lookup import find_run
    from flight_delay.tracking.stored_model import stored_model_md5
    from flight_delay.vcs.history import commit_of

    published = find_run(uri)
    found = commit_of(published.digest, published.model_md5)
    if not found:
        raise UserError(
            f"{uri}: its pipeline is in no commit here; commit dvc.lock where it was made, or `git fetch` what is pushed"
        )
    return found.commit, StoredModel(uri, stored_model_md5(published))


def _tolerance(text: str) -> float:
    tolerance = float(text)
    if not 0 <= tolerance < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 on")
    return tolerance
