"""Command: make the model of a run challenger or champion if it passes."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "promote",
        help="make the model of a run the champion, if it passes the gate",
        description="Check the model of a run against the bounds of `promote` in params.yaml and against the "
        "champion, and print the results. If every check passes, register the model and move the aliases "
        "`challenger` and `champion` to it. Takes as long as `flight-delay verify`.",
        epilog="example: `flight-delay promote HEAD --reason 'deeper trees'`; exit codes: 0 promoted, or it was "
        "already, 1 refused, 2 not checked, or another process moved champion meanwhile",
    )
    parser.add_argument(
        "ref",
        metavar="REF",
        help="run id, runs:/ID, models:/…, or the commit, tag, branch or DVC experiment that holds its pipeline",
    )
    parser.add_argument(
        "--to",
        choices=("challenger", "champion"),
        default="champion",
        help="the last alias to move (default: champion)",
    )
    parser.add_argument("--reason", default="it passed the gate", metavar="TEXT", help="stored with the version")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, print the results, and promote; return 1 if refused."""
    from flight_delay.core.params import load_params
    from flight_delay.promotion.bounds import Promote
    from flight_delay.promotion.collect import collect_evidence
    from flight_delay.promotion.gate import check_candidate
    from flight_delay.promotion.summary import gate_table, refusal_message, version_description
    from flight_delay.tracking.registry.candidate import find_candidate
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors  # now: mlflow reads its settings
    from flight_delay.tracking.lookup import require_commit
    from flight_delay.tracking.registry.aliases import current_user, promote, validate_reason
    from flight_delay.tracking.registry.versions import CHAMPION, Registration, label_version, list_versions

    bounds, reason = load_params("promote", Promote), validate_reason(arguments.reason)
    candidate = find_candidate(arguments.ref)
    published = candidate.published
    label = f"run {published.run_id} ({published.run_name})"
    with mlflow_errors_as_user_errors(setting_up=True):
        client = connect()
        versions = list_versions(client, bounds.model)
    for version in versions:
        for alias in dict.fromkeys((CHAMPION, arguments.to)):
            if version.run_id == published.run_id and alias in version.aliases:
                print(f"{label} is {alias} already, as version {version.number} of {bounds.model}; nothing was moved")
                return 0
    committed = require_commit(published, label)
    champion = next((version.number for version in versions if CHAMPION in version.aliases), None)
    evidence = collect_evidence(committed, candidate.model_id, champion, bounds)
    checks = check_candidate(evidence, bounds)
    print(gate_table(checks), end="\n\n")
    if not all(check.passed for check in checks):
        print(refusal_message(label, checks))
        return 1
    registration = Registration(
        run_id=published.run_id,
        model_id=candidate.model_id,
        commit=committed.commit,
        digest=published.digest,
        model_md5=published.model_md5 or "",
        description=version_description(candidate.metrics, published.run_name, committed.commit, checks),
    )
    with mlflow_errors_as_user_errors():
        event = promote(client, bounds.model, registration, arguments.to, champion, current_user(), reason)
    print(f"{label} is promoted: {event.kind} moved from {label_version(event.previous)} to version {event.version}")
    return 0
