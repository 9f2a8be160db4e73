"""Command: register the model of a run and make it challenger or champion, if it passes the gate."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flight_delay.promotion.evidence import Committed
    from flight_delay.promotion.gate import Check
    from flight_delay.promotion.gather import Champion, Sources
    from flight_delay.tracking.registry.candidate import Candidate
    from flight_delay.tracking.registry.registry import Entry, Registered


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "promote",
        help="make the model of a run the champion, if it passes the gate",
        description="Check the model of a run against the bounds of `promote` in params.yaml and against the champion, and print "
        "what was found. If every check has passed, register the model and move the aliases `challenger` and `champion` to it. "
        "Takes as long as `flight-delay verify`; nothing is moved unless all is well.",
        epilog="exit codes: 0 promoted, or it was already, 1 refused, 2 it could not be checked",
    )
    parser.add_argument(
        "meant",
        metavar="RUN",
        help="run id, runs:/ID, models:/…, or the commit, tag, branch or DVC experiment that holds its pipeline",
    )
    parser.add_argument(
        "--to",
        choices=("challenger", "champion"),
        default="champion",
        help="the last alias to move (default: champion)",
    )
    parser.add_argument("--why", default="it passed the gate", metavar="TEXT", help="is written down with the move")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, print what was found, and move; the exit code is 1 where the model is refused."""
    from flight_delay.core.params import load
    from flight_delay.promotion.gate import Promote, judge
    from flight_delay.promotion.gather import gather
    from flight_delay.promotion.words import figures, refusal, table
    from flight_delay.tracking.registry.candidate import find_candidate
    from flight_delay.tracking.registry.moves import CHALLENGER, CHAMPION, checked_why
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.client import connect, reachable  # now: mlflow reads its settings
    from flight_delay.tracking.registry.moving import Intent, OvertakenError, promote, who
    from flight_delay.tracking.registry.registry import look, versions

    bounds, why = load("promote", Promote), checked_why(arguments.why)
    candidate = find_candidate(arguments.meant)
    published = candidate.published
    called = f"run {published.run_id} ({published.run_name})"
    with reachable(setting_up=True):
        client = connect()
        now = look(client, bounds.model)
        numbers = {of.number for of in versions(client, bounds.model) if of.run_id == published.run_id}
    there = [alias for alias in {CHAMPION, arguments.to} if now.aliases.get(alias) in numbers]
    if there:
        alias = CHAMPION if CHAMPION in there else CHALLENGER
        print(f"{called} is {alias} already, as version {now.aliases[alias]} of {bounds.model}; nothing was moved")
        return 0
    found = _found(candidate)
    checks = judge(gather(found, _champion(now), bounds, _sources(candidate)), bounds)
    print(table(checks), end="\n\n")
    if found is None or not all(check.passed for check in checks):
        print(refusal(called, checks))
        return 1
    entry = _entry(candidate, found.commit, checks)
    intent = Intent("promotion", who(), why, figures(checks))
    try:
        with reachable():
            moves = promote(client, bounds.model, entry, arguments.to, now.aliases.get(CHAMPION), intent)
    except OvertakenError as error:
        print(error)
        return 1
    said = [f"{of.alias} went from {of.came_from or 'none'} to {of.went_to}" for of in moves]
    print(f"{called} is promoted: {', '.join(said) or 'its aliases were there already'}")
    return 0


def _found(candidate: Candidate) -> Committed | None:
    """The commit that holds a run's pipeline, if there is one here."""
    from flight_delay.promotion.evidence import Committed
    from flight_delay.repository.history import commit_of

    found = commit_of(candidate.published.digest, candidate.published.model_md5)
    return Committed(found.commit, found.experiment) if found else None


def _champion(now: Registered) -> Champion | None:
    """What there is to beat; without a commit where it was not registered from a run of this pipeline, or nobody has it here."""
    from flight_delay.core.errors import UserError
    from flight_delay.promotion.gather import Champion
    from flight_delay.repository.history import commit_of
    from flight_delay.tracking.lookup import find
    from flight_delay.tracking.registry.moves import CHAMPION

    version = now.aliases.get(CHAMPION)
    if version is None:
        return None
    try:
        theirs = find(f"models:/{now.model}/{version}")
        found = commit_of(theirs.digest, theirs.model_md5)
    except UserError:
        found = None
    return Champion(f"champion {version}", found.commit if found else None)


def _sources(candidate: Candidate) -> Sources:
    """Making the commit again, and asking the model that MLflow keeps."""
    from flight_delay.promotion.evidence import Outcome, Speed
    from flight_delay.promotion.gather import Asked, Sources
    from flight_delay.review.diff.files import Tolerance
    from flight_delay.review.verification.verdict import verdict
    from flight_delay.review.verification.verify import Kept, verify
    from flight_delay.tracking.registry.loaded import BUNDLE, ask, download
    from flight_delay.tracking.stored import stored_model_md5

    own = candidate.published._replace(uri=f"runs:/{candidate.published.run_id}")  # the model that will be registered

    def made_again(commit: str) -> Outcome:
        verified = verify(commit, Tolerance())._replace(kept=Kept(own.uri, stored_model_md5(own)))
        return Outcome(verified.same, verdict(verified))

    def asked(flights: Path, empty: Path) -> Asked:
        answers = empty / "predictions"
        answers.mkdir()
        model = download(candidate.model_id, empty / "model")
        said = ask(model, flights, answers)
        return Asked(model / BUNDLE, said.predictions, Speed(said.one_flight_milliseconds, said.flights_per_second))

    return Sources(made_again, asked)


def _entry(candidate: Candidate, commit: str, checks: Sequence[Check]) -> Entry:
    """What the version is registered with; its description begins with the figures."""
    from flight_delay.promotion.words import description
    from flight_delay.tracking.registry.registry import Entry

    published = candidate.published
    return Entry(
        run_id=published.run_id,
        model_id=candidate.model_id,
        commit=commit,
        digest=published.digest,
        model_md5=published.model_md5 or "",
        description=description(candidate.metrics, published.run_name, commit, checks),
    )
