"""What two models say of the same flights: who is better, with intervals over days, and where they disagree. Nothing here
knows where the models come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from flight_delay.evaluation.bootstrap import (
    DRAWS,
    SEED,
    Comparison,
    bootstrap,
    bootstrap_sum,
    compare,
    compare_values,
    on_all_flights,
)
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import profit_per_flight
from flight_delay.features.columns import Column
from flight_delay.model.predictions import Predictions

# Of B against A. `same`: every common flight has the same probability. `outcomes_differ`: outcomes of common flights
# differ. `none`: there is nothing to compare.
Verdict: TypeAlias = Literal["better", "worse", "mixed", "undecided", "same", "outcomes_differ", "none"]

MOST = 10  # flights that are shown of those that models disagree on
PROFIT = "profit"


class Common(NamedTuple):
    """The flights that both sides predict, in one order, and how many others each has."""

    a: Predictions
    b: Predictions
    only_a: int
    only_b: int


class Measure(NamedTuple):
    """A metric, or the profit per flight, of both sides on all common flights, and how far B is above A."""

    name: str
    a: float
    b: float
    b_over_a: Comparison


@dataclass(frozen=True)
class PeriodComparison:
    """B against A on one period. `measures` is empty where `because` says why nothing could be compared; `profit` comes last."""

    flights: int
    days: int
    only_a: int
    only_b: int
    measures: tuple[Measure, ...]
    verdict: Verdict
    because: str | None = None


class Flight(NamedTuple):
    """A flight, what both sides said of it, and what came about."""

    flight_date: str
    carrier: str
    flight_number: str
    origin: str
    destination: str | None
    departure: str
    a: float
    b: float
    late: bool


@dataclass(frozen=True)
class Disagreement:
    """How far probabilities are apart, how many calls change, who is right there, and the flights that differ most."""

    flights: int
    mean_difference: float
    calls_changed: int
    a_right: int
    b_right: int
    most: tuple[Flight, ...]


def join_rows(a: Predictions, b: Predictions) -> Common:
    """Join two predictions on `flight_id`, in B's order."""
    place = pd.Index(a.flight_id).get_indexer(pd.Index(b.flight_id))
    in_both = place >= 0
    both_a, both_b = _taken(a, place[in_both]), _taken(b, np.flatnonzero(in_both))
    return Common(both_a, both_b, len(a) - len(both_a), len(b) - len(both_b))


def judge(common: Common, thresholds: tuple[float, float], payoffs: Payoffs) -> PeriodComparison:
    """Judge B against A by ROC AUC, average precision and log loss; profit is measured, and has no say.

    Args:
        common: the flights that both predict.
        thresholds: A's and B's, from which probability on a flight is called late.
        payoffs: per flight, for both.

    Returns:
        The verdict is better where at least one of the three is better, its interval excluding zero, and none is worse.
    """
    a, b = common.a, common.b
    days = len(np.unique(b.flight_date))
    judged = partial(PeriodComparison, len(b), days, common.only_a, common.only_b)
    changed = int((a.late != b.late).sum())
    if changed:
        because = f"outcomes of {changed:,} of {len(b):,} common flights differ"
        return judged((), "outcomes_differ", because)
    obstacle = _obstacle(b, days)
    if obstacle:
        return judged((), "none", obstacle)
    probabilities = {"a": a.probability, "b": b.probability}
    whole = on_all_flights(b.late, probabilities)
    drawn = bootstrap(b.late, probabilities, b.flight_date, draws=DRAWS, seed=SEED)
    measures = [
        Measure(name, round(whole["a"][name], 6), round(whole["b"][name], 6), of)
        for name, of in compare(drawn, whole, "b", "a").items()
    ]
    same = np.array_equal(a.probability, b.probability)
    verdict: Verdict = "same" if same else combine_verdicts(of.b_over_a.verdict for of in measures)
    return judged((*measures, _profit(common, thresholds, payoffs)), verdict)


def combine_verdicts(verdicts: Iterable[str]) -> Verdict:
    """One verdict of several: better and worse together are mixed; undecided ones have no say."""
    decided = set(verdicts) - {"undecided"}
    if not decided:
        return "undecided"
    if len(decided) > 1:
        return "mixed"
    return "better" if decided == {"better"} else "worse"


def disagreement(common: Common, thresholds: tuple[float, float], destination: Column) -> Disagreement | None:
    """Where two sides disagree.

    Args:
        common: the flights that both predict, with the same outcomes.
        thresholds: A's and B's, from which probability on a flight is called late.
        destination: of the common flights, shape (rows,); None where it is unknown.

    Returns:
        None where there are no common flights. Of flights that differ as much, those with the first ids are shown.
    """
    a, b = common.a, common.b
    if not len(b):
        return None
    apart = abs(b.probability.astype(np.float64) - a.probability)
    called_a, called_b = a.probability >= thresholds[0], b.probability >= thresholds[1]
    changed = called_a != called_b
    least_shown = np.sort(apart)[-MOST:][0]
    candidates: list[int] = np.flatnonzero((apart > 0) & (apart >= least_shown)).tolist()
    shown = sorted(candidates, key=lambda row: (-apart[row], b.flight_id[row]))
    return Disagreement(
        flights=len(b),
        mean_difference=round(float(apart.mean()), 6),
        calls_changed=int(changed.sum()),
        a_right=int((changed & (called_a == b.late)).sum()),
        b_right=int((changed & (called_b == b.late)).sum()),
        most=tuple(_flight(common, row, destination[row]) for row in shown[:MOST]),
    )


def _obstacle(of: Predictions, days: int) -> str | None:
    if not days:
        return "there are no common flights"
    if days < 2:
        return "the common flights are of one day, and an interval needs two"
    if of.late.all() or not of.late.any():
        return f"all common flights were {'late' if of.late.all() else 'on time'}"
    return None


def _profit(common: Common, thresholds: tuple[float, float], payoffs: Payoffs) -> Measure:
    a, b = (
        profit_per_flight(of.late, of.probability >= threshold, payoffs)
        for of, threshold in zip((common.a, common.b), thresholds, strict=True)
    )
    drawn = bootstrap_sum({"a": a, "b": b}, common.b.flight_date, draws=DRAWS, seed=SEED)
    mean_a, mean_b = float(a.mean()), float(b.mean())
    return Measure(PROFIT, round(mean_a, 6), round(mean_b, 6), compare_values(drawn["b"], drawn["a"], mean_b - mean_a))


def _taken(of: Predictions, rows: Column) -> Predictions:
    return Predictions(of.flight_id[rows], of.flight_date[rows], of.late[rows], of.probability[rows])


def _flight(common: Common, row: int, destination: str | None) -> Flight:
    flight_id = str(common.b.flight_id[row])
    # The date has hyphens of its own; a carrier might have one.
    carrier, flight_number, origin, departure = flight_id[11:].rsplit("-", 3)
    a, b = (float(of.probability[row]) for of in (common.a, common.b))
    return Flight(
        flight_id[:10], carrier, flight_number, origin, destination, departure, a, b, bool(common.b.late[row])
    )
