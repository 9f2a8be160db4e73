"""Comparison of two predictions of the same rows."""

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
from flight_delay.model.predictions import Predictions

# Of B against A. `same`: every common row has the same probability. `outcomes_differ`: targets of common rows
# differ. `none`: there is nothing to compare.
Verdict: TypeAlias = Literal["better", "worse", "mixed", "not_significant", "same", "outcomes_differ", "none"]

MAX_ROWS_SHOWN = 10
PROFIT = "profit"


class CommonRows(NamedTuple):
    """Rows that A and B predict, and the number of rows that only one predicts.

    Rows of A and B are in the same order.
    """

    a: Predictions
    b: Predictions
    only_a: int
    only_b: int


class MetricComparison(NamedTuple):
    """A metric or the mean profit of A and B on common rows, and B − A."""

    name: str
    a: float
    b: float
    b_over_a: Comparison


@dataclass(frozen=True)
class PeriodComparison:
    """Comparison of B with A in one period.

    `measures` ends with the profit; it is empty if A and B are not comparable for a `reason`.
    """

    rows: int
    days: int
    only_a: int
    only_b: int
    measures: tuple[MetricComparison, ...]
    verdict: Verdict
    reason: str | None = None


class RowDifference(NamedTuple):
    """A row with its probability in A and B, and its target."""

    row_id: str
    a: float
    b: float
    target: bool


@dataclass(frozen=True)
class Disagreement:
    """Disagreement of two predictions.

    Mean absolute difference of probabilities, number of rows that are classified differently, on how many of these A
    and B are right, and the rows that differ most.
    """

    rows: int
    mean_difference: float
    decisions_changed: int
    a_right: int
    b_right: int
    largest: tuple[RowDifference, ...]


def join_rows(a: Predictions, b: Predictions) -> CommonRows:
    """Join two predictions by row id, in B's order."""
    place = pd.Index(a.require_ids()).get_indexer(pd.Index(b.require_ids()))
    in_both = place >= 0
    both_a, both_b = a.take(place[in_both]), b.take(np.flatnonzero(in_both))
    return CommonRows(both_a, both_b, len(a) - len(both_a), len(b) - len(both_b))


def compare_period(common: CommonRows, thresholds: tuple[float, float], payoffs: Payoffs) -> PeriodComparison:
    """Compare metrics and profit of B and A; profit does not affect the verdict.

    Args:
        common: rows that both predict.
        thresholds: decision thresholds of A and B.
        payoffs: per row, for both.

    Returns:
        The verdict is better if at least one metric is better, its interval excluding zero, and none is worse.
    """
    a, b = common.a, common.b
    days = len(np.unique(b.date))
    period = partial(PeriodComparison, len(b), days, common.only_a, common.only_b)
    changed = int((a.target != b.target).sum())
    if changed:
        return period((), "outcomes_differ", f"targets of {changed:,} of {len(b):,} common rows differ")
    if obstacle := _obstacle(b, days):
        return period((), "none", obstacle)
    probabilities = {"a": a.probability, "b": b.probability}
    whole = point_estimates(b.target, probabilities)
    drawn = bootstrap(b.target, probabilities, b.date)
    measures = [
        MetricComparison(name, round(whole["a"][name], 6), round(whole["b"][name], 6), comparison)
        for name, comparison in compare_models(drawn, whole, "b", "a").items()
    ]
    same = np.array_equal(a.probability, b.probability)
    verdict: Verdict = "same" if same else combine_verdicts(measure.b_over_a.verdict for measure in measures)
    return period((*measures, _compare_profit(common, thresholds, payoffs)), verdict)


def combine_verdicts(verdicts: Iterable[str]) -> Verdict:
    """Combine verdicts of several metrics; ignore those not significant."""
    decided = set(verdicts) - {"not_significant"}
    if not decided:
        return "not_significant"
    if len(decided) > 1:
        return "mixed"
    return "better" if decided == {"better"} else "worse"


def find_disagreement(common: CommonRows, thresholds: tuple[float, float]) -> Disagreement | None:
    """Find where A and B disagree; None if there are no common rows.

    Args:
        common: rows that both predict, with the same targets.
        thresholds: decision thresholds of A and B.

    Returns:
        Of rows with the same difference, those with the first ids are shown.
    """
    a, b = common.a, common.b
    if not len(b):
        return None
    difference = abs(b.probability.astype(np.float64) - a.probability)
    positive_a, positive_b = a.probability >= thresholds[0], b.probability >= thresholds[1]
    changed = positive_a != positive_b
    frame = pd.DataFrame({
        "difference": difference, "row_id": b.row_id, "a": a.probability, "b": b.probability, "target": b.target,
    })  # fmt: skip
    frame = frame[difference > 0].sort_values(["difference", "row_id"], ascending=[False, True]).head(MAX_ROWS_SHOWN)
    return Disagreement(
        rows=len(b),
        mean_difference=round(float(difference.mean()), 6),
        decisions_changed=int(changed.sum()),
        a_right=int((changed & (positive_a == b.target)).sum()),
        b_right=int((changed & (positive_b == b.target)).sum()),
        largest=tuple(
            RowDifference(*row) for row in frame.drop(columns="difference").itertuples(index=False, name=None)
        ),
    )


def _obstacle(predictions: Predictions, days: int) -> str | None:
    if not days:
        return "there are no common rows"
    if days < 2:
        return "the common rows are of one day, and an interval needs two"
    if predictions.target.all() or not predictions.target.any():
        return f"all common rows are {'positive' if predictions.target.all() else 'negative'}"
    return None


def _compare_profit(common: CommonRows, thresholds: tuple[float, float], payoffs: Payoffs) -> MetricComparison:
    a, b = (
        profit_per_row(predictions.target, predictions.probability >= threshold, payoffs)
        for predictions, threshold in zip((common.a, common.b), thresholds, strict=True)
    )
    drawn = bootstrap_mean({"a": a, "b": b}, common.b.date)
    mean_a, mean_b = float(a.mean()), float(b.mean())
    difference = compare_draws(drawn["b"], drawn["a"], mean_b - mean_a)
    return MetricComparison(PROFIT, round(mean_a, 6), round(mean_b, 6), difference)
