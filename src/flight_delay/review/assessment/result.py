"""The result of a review: what a machine found, and the questions that are left open for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flight_delay.review.assessment.forms import with_front_matter
from flight_delay.review.assessment.frozen import Error
from flight_delay.review.assessment.pages import render
from flight_delay.review.assessment.trial import Trial, Tried
from flight_delay.review.comparison.flights import Judged
from flight_delay.review.comparison.page import headline
from flight_delay.review.verification.verdict import verdict

SHOWN = ("roc_auc", "average_precision", "log_loss")
OPEN = "*Open: to be answered by the reviewer.*"


class Row(NamedTuple):
    """An experiment in the table: its verdict, and by metric how far it is above the commit on backtest and test."""

    name: str
    asks: str
    command: str
    verdict: str
    backtest: Sequence[str]
    test: Sequence[str]
    minutes: str


def result_page(trial: Trial, *, date: str) -> str:
    """Write the page.

    Args:
        trial: what was found.
        date: on which it was found, as YYYY-MM-DD.
    """
    front = {
        "format": 1,
        "request": trial.request.path("request").name,
        "commit": trial.request.commit,
        "date": date,
        "minutes": round(trial.seconds / 60, 1),
        "same": trial.verified.same,
        "experiments": {of.tweak.name: _verdict(of) for of in trial.tried},
    }
    body = render(
        "result.md.j2",
        trial=trial,
        date=date,
        verdict=verdict(trial.verified),
        rows=[_row(of) for of in trial.tried],
        misses=[_flight(of) for of in trial.misses],
        false_alarms=[_flight(of) for of in trial.false_alarms],
        open=OPEN,
    )
    return with_front_matter(front, body)


def _row(tried: Tried) -> Row:
    found = tried.compared
    return Row(
        name=tried.tweak.name,
        asks=tried.tweak.asks,
        command=tried.tweak.command,
        verdict=_verdict(tried),
        backtest=_differences(found.backtest if found else None),
        test=_differences(found.test if found else None),
        minutes=f"{tried.seconds / 60:.1f}",
    )


def _verdict(tried: Tried) -> str:
    """The headline of the comparison, in which A is this commit and B the experiment."""
    if not tried.compared:
        return f"not done: {tried.failed}"
    said = headline(tried.compared).replace("No difference", "no difference")
    return said.replace("A and B", "they").replace("B is", "it is").replace("than A", "than this commit")


def _differences(judged: Judged | None) -> list[str]:
    """How far the experiment is above the commit, with a mark where its interval excludes zero."""
    measures = {of.name: of.b_over_a for of in judged.measures} if judged else {}
    return [
        f"{measures[name].difference:+.4f}".replace("-", "−")
        + {"better": " better", "worse": " worse", "undecided": ""}[measures[name].verdict]
        if name in measures
        else "–"
        for name in SHOWN
    ]


def _flight(error: Error) -> list[str]:
    """Cells of a row: flight, route, departure, probability, reasons."""
    year, month, day, carrier, number, origin, departure = error.flight_id.split("-")
    reasons = "; ".join(f"`{name}` {value} ({added:+.2f})".replace("-", "−") for name, value, added in error.reasons)
    return [
        f"{carrier} {number}, {year}-{month}-{day}",
        f"{origin}–{error.destination}" if error.destination else origin,
        f"{departure[:2]}:{departure[2:]}",
        f"{error.probability:.3f}",
        reasons,
    ]
