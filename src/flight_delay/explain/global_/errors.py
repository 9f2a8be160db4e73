"""Where the model is most wrong: single flights, and the costliest slices of the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.words import shown
from flight_delay.features.columns import Column

# Mean prediction and share of late flights of a slice differ by so much where the slice is under- or overpredicted.
MIN_BIAS = 0.03
# Late flights are ranked worse in a slice where its ROC AUC is so far below that of all flights.
MIN_AUC_GAP = 0.02
NAMES = {
    "carrier": "flights of the airline {}",
    "origin": "flights from {}",
    "hour": "flights that leave in the hour from {}",
    "route": "flights on the route {}",
    "day_of_week": "flights on {}s",
    "month": "flights of {}",
}


class Worst(NamedTuple):
    """The late flights with the lowest probabilities, and the flights on time with the highest; the worst first."""

    misses: Explanation
    false_alarms: Explanation


def worst(explanation: Explanation, count: int) -> Worst:
    """Find the worst errors. Of the errors of parts, joined by `every_error`, it finds those of the whole.

    Args:
        explanation: of flights with a known outcome.
        count: of each kind.

    Returns:
        At most so many misses and false alarms; of equal ones the flight whose id comes first.
    """
    flights = explanation.flight_id, explanation.late, explanation.probability
    return Worst(*(explanation.take(worst_positions(*flights, late, count)) for late in (True, False)))


def every_error(parts: Iterable[Worst]) -> Explanation:
    """All errors of several parts, such as months, to look for the worst among."""
    return Explanation.concat(errors for part in parts for errors in part)


def worst_positions(flight_id: Column, late: Column, probability: Column, of: bool, count: int) -> Column:
    """Positions of the flights that were most wrongly predicted.

    Args:
        flight_id: shape (rows,).
        late: outcomes, shape (rows,).
        probability: of being late, shape (rows,).
        of: among late flights (the lowest probabilities) or among those on time (the highest).
        count: of positions, at most.

    Returns:
        The worst first; of equal ones the flight whose id comes first.
    """
    positions = np.flatnonzero(late == of)
    order = np.lexsort((flight_id[positions], probability[positions] * (1 if of else -1)))
    return positions[order[:count]]


class CostlySlice(NamedTuple):
    """A slice whose wrong predictions cost more than as many average flights do.

    `excess_cost` is that difference altogether, in the currency of the payoffs; `sentence` describes the slice.
    """

    by: str
    label: str
    flights: int
    excess_cost: int
    sentence: str


def costliest(slices: Sequence[Mapping[str, Any]], roc_auc: float, count: int = 3) -> list[CostlySlice]:
    """Find the costliest slice of each division, such as the costliest airline: slices of different divisions overlap.

    Args:
        slices: rows of `evaluation.slices`; those that put several small slices together are left out.
        roc_auc: of all flights of the slices.
        count: of slices, at most; there are none where all slices of a division cost the same.
    """
    candidates = []
    for by in dict.fromkeys(row["by"] for row in slices):
        division = [row for row in slices if row["by"] == by]
        weights = [row["flights"] for row in division]
        lost, profit = (
            float(np.average([row[name] for row in division], weights=weights))
            for name in ("lost_per_flight", "profit_per_flight")
        )
        single = [row for row in division if not row["label"].startswith("others (")]
        costs = [((row["lost_per_flight"] - lost) * row["flights"], row, profit) for row in single]
        candidates += sorted(costs, key=lambda cost: (-cost[0], cost[1]["label"]))[:1]
    candidates = sorted((cost for cost in candidates if cost[0] > 0), key=lambda cost: (-cost[0], cost[1]["by"]))
    return [
        CostlySlice(
            row["by"], row["label"], int(row["flights"]), round(excess), _sentence(row, excess, profit, roc_auc)
        )
        for excess, row, profit in candidates[:count]
    ]


def _sentence(row: Mapping[str, Any], excess: float, profit: float, roc_auc: float) -> str:
    label = shown(row["label"], "weekday" if row["by"] == "day_of_week" else "category")
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
    return (
        f"{name[0].upper()}{name[1:]} cost {excess / row['flights']:,.0f} more per flight than the average, {excess:,.0f} altogether: "
        f"{row['base_rate']:.0%} of {row['flights']:,.0f} were late, predicted {row['mean_prediction']:.0%}; {problem}"
        f"{'' if is_significant else ' (not significant: the 95 % interval of their profit includes the average)'}."
    )
