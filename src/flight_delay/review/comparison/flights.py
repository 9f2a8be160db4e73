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
    Comparison,
    bootstrap,
    bootstrap_mean,
    compare_draws,
    compare_models,
    point_estimates,
)
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import profit_per_row
from flight_delay.features.columns import Column
from flight_delay.model.predictions import Predictions

# Of B against A. `same`: every common flight has the same probability. `other_questions`: outcomes of common flights
# differ. `none`: there is nothing to compare.
Verdict: TypeAlias = Literal["better", "worse", "mixed", "undecided", "same", "other_questions", "none"]

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
class Judged:
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


def common_flights(a: Predictions, b: Predictions) -> Common:
    """Join two predictions on `flight_id`, in B's order."""
    place = pd.Index(a.row_id).get_indexer(pd.Index(b.row_id))
    in_both = place >= 0
    both_a, both_b = _taken(a, place[in_both]), _taken(b, np.flatnonzero(in_both))
    return Common(both_a, both_b, len(a) - len(both_a), len(b) - len(both_b))


def judge(common: Common, thresholds: tuple[float, float], payoffs: Payoffs) -> Judged:
    """Judge B against A by ROC AUC, average precision and log loss; profit is measured, and has no say.

    Args:
        common: the flights that both predict.
        thresholds: A's and B's, from which probability on a flight is called late.
        payoffs: per flight, for both.

    Returns:
        The verdict is better where at least one of the three is better, its interval excluding zero, and none is worse.
    """
    a, b = common.a, common.b
    days = len(np.unique(b.date))
    judged = partial(Judged, len(b), days, common.only_a, common.only_b)
    changed = int((a.target != b.target).sum())
    if changed:
        because = f"outcomes of {changed:,} of {len(b):,} common flights differ"
        return judged((), "other_questions", because)
    obstacle = _obstacle(b, days)
    if obstacle:
        return judged((), "none", obstacle)
    probabilities = {"a": a.probability, "b": b.probability}
    whole = point_estimates(b.target, probabilities)
    drawn = bootstrap(b.target, probabilities, b.date)
    measures = [
        Measure(name, round(whole["a"][name], 6), round(whole["b"][name], 6), of)
        for name, of in compare_models(drawn, whole, "b", "a").items()
    ]
    same = np.array_equal(a.probability, b.probability)
    verdict: Verdict = "same" if same else weighed(of.b_over_a.verdict for of in measures)
    return judged((*measures, _profit(common, thresholds, payoffs)), verdict)


def weighed(verdicts: Iterable[str]) -> Verdict:
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
    shown = sorted(candidates, key=lambda row: (-apart[row], b.row_id[row]))
    return Disagreement(
        flights=len(b),
        mean_difference=round(float(apart.mean()), 6),
        calls_changed=int(changed.sum()),
        a_right=int((changed & (called_a == b.target)).sum()),
        b_right=int((changed & (called_b == b.target)).sum()),
        most=tuple(_flight(common, row, destination[row]) for row in shown[:MOST]),
    )


def _obstacle(of: Predictions, days: int) -> str | None:
    if not days:
        return "there are no common flights"
    if days < 2:
        return "the common flights are of one day, and an interval needs two"
    if of.target.all() or not of.target.any():
        return f"all common flights were {'late' if of.target.all() else 'on time'}"
    return None


def _profit(common: Common, thresholds: tuple[float, float], payoffs: Payoffs) -> Measure:
    a, b = (
        profit_per_row(of.target, of.probability >= threshold, payoffs)
        for of, threshold in zip((common.a, common.b), thresholds, strict=True)
    )
    drawn = bootstrap_mean({"a": a, "b": b}, common.b.date)
    mean_a, mean_b = float(a.mean()), float(b.mean())
    return Measure(PROFIT, round(mean_a, 6), round(mean_b, 6), compare_draws(drawn["b"], drawn["a"], mean_b - mean_a))


def _taken(of: Predictions, rows: Column) -> Predictions:
    return Predictions(of.row_id[rows], of.date[rows], of.target[rows], of.probability[rows])


def _flight(common: Common, row: int, destination: str | None) -> Flight:
    flight_id = str(common.b.row_id[row])
    # The date has hyphens of its own; a carrier might have one.
    carrier, flight_number, origin, departure = flight_id[11:].rsplit("-", 3)
    a, b = (float(of.probability[row]) for of in (common.a, common.b))
    return Flight(
        flight_id[:10], carrier, flight_number, origin, destination, departure, a, b, bool(common.b.target[row])
    )
