"""Largest errors: single flights, and the costliest slices of the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.format import format_value
from flight_delay.features.columns import Column

MIN_BIAS = 0.03  # difference of mean prediction and late rate from which a slice is under- or overpredicted
MIN_AUC_GAP = 0.02  # difference of ROC AUC to all flights from which the ranking within a slice is bad
NAMES = {
    "carrier": "flights of the airline {}",
    "origin": "flights from {}",
    "hour": "flights that leave in the hour from {}",
    "route": "flights on the route {}",
    "day_of_week": "flights on {}s",
    "month": "flights of {}",
}


class WorstErrors(NamedTuple):
    """Flights with the largest errors, the worst first.

    Misses are late flights with the lowest probabilities, false alarms are flights on time with the highest.
    """

    misses: Explanation
    false_alarms: Explanation


def worst_errors(explanation: Explanation, count: int) -> WorstErrors:
    """Find the worst errors.

    The worst errors of all parts, concatenated by `concat_errors`, contain those of the whole.

    Args:
        explanation: of flights with an outcome.
        count: number of misses and of false alarms, at most.

    Returns:
        Misses and false alarms; ties are broken by flight id.
    """
    misses, false_alarms = np.flatnonzero(explanation.late), np.flatnonzero(~explanation.late)
    probability = explanation.probability

    def worst(positions: Column, sizes: Column) -> Explanation:
        order = np.lexsort((explanation.flight_id[positions], -sizes))
        return explanation.take(positions[order[:count]])

    return WorstErrors(worst(misses, -probability[misses]), worst(false_alarms, probability[false_alarms]))


def concat_errors(parts: Iterable[WorstErrors]) -> Explanation:
    """Concatenate all errors of several parts, such as months."""
    return Explanation.concat(errors for part in parts for errors in part)


class CostlySlice(NamedTuple):
    """A slice whose errors cost more than those of as many average flights.

    `excess_cost` is the total difference, in the currency of the payoffs; `sentence` describes the slice.
    """

    by: str
    label: str
    flights: int
    excess_cost: int
    sentence: str


def costliest_slices(slices: Sequence[Mapping[str, Any]], roc_auc: float, count: int = 3) -> list[CostlySlice]:
    """Find the costliest slices, at most one of each division.

    Slices of different divisions, such as airlines and hours, overlap.

    Args:
        slices: rows of `evaluation.slices`; those that combine small slices are left out.
        roc_auc: of all flights.
        count: number of slices, at most. A division whose slices all cost the same has none.
    """
    costliest = []
    for by in dict.fromkeys(row["by"] for row in slices):
        division = [row for row in slices if row["by"] == by]
        weights = [row["rows"] for row in division]
        loss, profit = (
            float(np.average([row[name] for row in division], weights=weights))
            for name in ("mean_avoidable_loss", "mean_profit")
        )
        single = [row for row in division if not row["label"].startswith("others (")]
        costs = [((row["mean_avoidable_loss"] - loss) * row["rows"], row, profit) for row in single]
        costliest += sorted(costs, key=lambda cost: (-cost[0], cost[1]["label"]))[:1]
    costliest = sorted((cost for cost in costliest if cost[0] > 0), key=lambda cost: (-cost[0], cost[1]["by"]))
    return [
        CostlySlice(
            row["by"], row["label"], int(row["rows"]), round(excess), _describe_slice(row, excess, profit, roc_auc)
        )
        for excess, row, profit in costliest[:count]
    ]


def _describe_slice(row: Mapping[str, Any], excess: float, profit: float, roc_auc: float) -> str:
    label = format_value(row["label"], "weekday" if row["by"] == "day_of_week" else "category")
    name = NAMES.get(row["by"], row["by"].replace("_", " ") + " {}").format(label)
    bias = row["mean_prediction"] - row["base_rate"]
    if bias <= -MIN_BIAS:
        problem = "underpredicted: a cause of delays is not among the features"
    elif bias >= MIN_BIAS:
        problem = "overpredicted: a cause of delays has changed since training"
    elif row["roc_auc"] is not None and roc_auc - row["roc_auc"] >= MIN_AUC_GAP:
        problem = f"low ROC AUC ({row['roc_auc']:.2f}, overall {roc_auc:.2f}): no feature separates late flights there"
    else:
        problem = "predicted as well as other flights, but errors cost more there"
    is_significant = row["high"] is not None and row["high"] < profit
    note = "" if is_significant else " (not significant: the 95 % interval of their profit includes the average)"
    return (
        f"{name[0].upper()}{name[1:]} cost {excess / row['rows']:,.0f} more per flight than the average, "
        f"{excess:,.0f} altogether: {row['base_rate']:.0%} of {row['rows']:,.0f} were late, predicted "
        f"{row['mean_prediction']:.0%}; {problem}{note}."
    )
