"""Where the model is most wrong: single flights, and parts of the data with what is wrong there in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.words import shown
from flight_delay.features.columns import Column

# A part says too little or too much where its mean prediction is so far from the share that was late.
FAR_OFF = 0.03
# It tells late flights from others worse where its ROC AUC is so far below that of all flights.
WORSE_RANKED = 0.02
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
    """Find the worst errors. Of the errors of parts, put together as `every_error` does, it finds those of the whole.

    Args:
        explanation: of flights with a known outcome.
        count: of each kind.

    Returns:
        At most so many misses and false alarms; of equal ones the flight whose id comes first.
    """
    of = explanation
    misses, false_alarms = (
        worst_positions(of.flight_id, of.late, of.probability, late, count) for late in (True, False)
    )
    return Worst(of.take(misses), of.take(false_alarms))


def every_error(parts: Iterable[Worst]) -> Explanation:
    """All errors of several parts, such as months, to look for the worst among."""
    return Explanation.concat(of for part in parts for of in part)


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
    """A part of the data whose wrong calls cost more than as many average flights do.

    `more` is that amount altogether, in the currency of the payoffs; `words` say what is wrong there and what to look into.
    """

    by: str
    label: str
    flights: int
    more: int
    words: str


def costliest(slices: Sequence[Mapping[str, Any]], roc_auc: float, count: int = 3) -> list[CostlySlice]:
    """The parts that cost most above the average, one of each division: parts of different divisions overlap, and three airlines would
    say less than an airline, an hour and a month.

    Args:
        slices: rows of `evaluation.slices`; those that put several small parts together are left out.
        roc_auc: of all flights of the slices.
        count: of parts, at most; there are none where all parts of a division cost the same.
    """
    found = []
    for by in dict.fromkeys(row["by"] for row in slices):
        of = [row for row in slices if row["by"] == by]
        flights = sum(row["flights"] for row in of)
        lost, profit = (
            sum(row[name] * row["flights"] for row in of) / flights for name in ("lost_per_flight", "profit_per_flight")
        )
        alone = [row for row in of if not row["label"].startswith("others (")]
        costly = [((row["lost_per_flight"] - lost) * row["flights"], row["label"], row, profit) for row in alone]
        found += sorted(costly, key=lambda of: (-of[0], of[1]))[:1]
    found = sorted((of for of in found if of[0] > 0), key=lambda of: (-of[0], of[2]["by"]))
    return [
        CostlySlice(row["by"], label, int(row["flights"]), round(more), _words(row, more, profit, roc_auc))
        for more, label, row, profit in found[:count]
    ]


def _words(row: Mapping[str, Any], more: float, profit: float, roc_auc: float) -> str:
    flights = row["flights"]
    label = shown(row["label"], "weekday" if row["by"] == "day_of_week" else "category")
    who = NAMES.get(row["by"], row["by"].replace("_", " ") + " {}").format(label)
    said = (
        f"{who[0].upper()}{who[1:]} cost {more / flights:,.0f} more per flight than the average, {more:,.0f} altogether"
    )
    said += f": {row['base_rate']:.0%} of {flights:,.0f} were late, and {row['mean_prediction']:.0%} were expected"
    gap = row["base_rate"] - row["mean_prediction"]
    if gap >= FAR_OFF:
        said += "; something that makes them late is not among the features"
    elif gap <= -FAR_OFF:
        said += "; something that made such flights late has changed since training"
    elif row["roc_auc"] is not None and roc_auc - row["roc_auc"] >= WORSE_RANKED:
        said += f"; which of them is hardly seen (ROC AUC {row['roc_auc']:.2f}, of all flights {roc_auc:.2f}), so that features are missing that differ among them"
    else:
        said += "; the model is no worse there than elsewhere, but has more to lose"
    chance = row["high"] is None or row["high"] >= profit
    return f"{said}{' (it may be chance: the interval of their profit reaches the average)' if chance else ''}."
