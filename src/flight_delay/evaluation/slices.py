"""How good and how costly calls are in parts of the data: a row per carrier, airport, hour or whatever else labels
flights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from flight_delay.core.files import rounded
from flight_delay.evaluation.bootstrap import DRAWS, SEED, Position, Weights, day_weights, interval
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import profit_per_flight
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Feature
from flight_delay.model.examples import Examples, Outcome
from flight_delay.model.predictions import Predictions, Probability

UNKNOWN = "unknown"

# What labels are made from, whether the model uses it or not.
SLICED_BY = (
    Feature(name="carrier", kind="categorical", group="schedule"),
    Feature(name="origin", kind="categorical", group="schedule"),
    Feature(name="destination", kind="categorical", group="schedule"),
    Feature(name="day_of_week", kind="categorical", group="schedule"),
    Feature(name="departure_minutes", kind="quantitative", group="schedule"),
)

# One number per part, shape (parts,).
PerPart = np.ndarray[Any, np.dtype[Any]]


class SliceRow(NamedTuple):
    """One part of the data, numbers to six digits; None where a part has no flights to say it of."""

    by: str  # what divides the data
    label: str  # which part this is
    flights: int
    base_rate: float  # share of late flights
    mean_prediction: float  # mean predicted probability of being late
    roc_auc: float | None  # None where all flights are late or all on time
    recall: float | None  # share of late flights that are called late
    false_alarm_rate: float | None  # share of flights on time that are called late
    profit_per_flight: float
    low: float | None  # 95 % interval of profit per flight over drawn days; None where all flights are of one day
    high: float | None
    lost: float  # what wrong calls cost altogether, in the currency of profit
    lost_per_flight: float


def labels_of(examples: Examples) -> Columns:
    """What divides flights, by name: texts of shape (rows,), from examples that have the features `SLICED_BY`."""
    of = examples.features
    hours = np.char.mod("%02d:00", (of["departure_minutes"] // 60).astype(int))
    return {
        "carrier": of["carrier"],
        "origin": of["origin"],
        "hour": hours.astype(object),
        "route": of["origin"] + "–" + of["destination"],
        "day_of_week": of["day_of_week"],
        "month": examples.date.astype("datetime64[M]").astype(str).astype(object),
    }


def slice_metrics(
    name: str,
    labels: Column,
    target: Outcome,
    probability: Probability,
    predicted_positive: Outcome,
    profit: Column,
    best_profit: Column,
    date: Column,
    *,
    min_flights: int,
    draws: int,
    seed: int,
) -> list[SliceRow]:
    """Measure every part of the data by itself.

    Args:
        name: of what divides the data.
        labels: texts that say which part a flight is in, shape (rows,); None counts as 'unknown'.
        late: outcomes, shape (rows,).
        probability: predicted probability of being late, shape (rows,).
        called_late: whether a flight was called late, shape (rows,).
        profit: made of each flight by the calls, shape (rows,).
        best_profit: that there would have been had every call been right, shape (rows,).
        flight_date: days of flights, shape (rows,).
        min_flights: labels with fewer flights are put together into one part, 'others (N labels)'.
        draws: how often to draw days, for the interval of profit per flight (see `intervals.bootstrap_sum`).
        seed: of the draws; a draw has the same days for every part.

    Returns:
        A row per part, that which lost most first and the others last. Every flight is in exactly one part.

    Raises:
        UserError: the flights are of fewer than two days.
    """
    weights, day = day_weights(date, draws, seed)
    part, parts, others = _parts(labels, min_flights)
    lost = np.asarray(best_profit, np.float64) - profit

    def total(values: Column) -> PerPart:
        return np.bincount(part, values, minlength=len(parts))

    flights, late_flights = total(np.ones(len(target))), total(target)
    columns = {
        "base_rate": late_flights / flights,
        "mean_prediction": total(probability) / flights,
        "roc_auc": _roc_auc(part, len(parts), target, probability),
        "recall": _share(total(predicted_positive & target), late_flights),
        "false_alarm_rate": _share(total(predicted_positive & ~target), flights - late_flights),
        "profit_per_flight": total(profit) / flights,
        **_profit_intervals(part, len(parts), profit, weights, day),
        "lost": total(lost),
        "lost_per_flight": total(lost) / flights,
    }
    rows = []
    for at, label in enumerate(parts):
        numbers = rounded({column: values[at] for column, values in columns.items()})
        known: dict[str, Any] = {
            column: None if np.isnan(number) else number + 0.0  # -0.0 becomes 0.0
            for column, number in numbers.items()
        }
        rows.append(SliceRow(name, label, int(flights[at]), **known))
    # Parts come in order of their labels, and those that lost the same stay so.
    return sorted(rows, key=lambda row: (row.label == others, -row.lost))


def slice_all(
    labels: Columns, of: Predictions, threshold: float, payoffs: Payoffs, *, min_flights: int
) -> list[SliceRow]:
    """Measure the parts of every division, each as `slice_metrics` does.

    Args:
        labels: by division, as `labels_of` gives them.
        of: predictions of the same flights.
        threshold: a flight is called late from this probability on.
        payoffs: per flight.
        min_flights: of a part that stands by itself.
    """
    predicted_positive = of.probability >= threshold
    profit = profit_per_flight(of.target, predicted_positive, payoffs)
    best = profit_per_flight(of.target, of.target, payoffs)
    return [
        row
        for name, column in labels.items()
        for row in slice_metrics(
            name, column, of.target, of.probability, predicted_positive, profit, best, of.date,
            min_flights=min_flights, draws=DRAWS, seed=SEED,
        )
    ]  # fmt: skip


def _parts(labels: Column, min_flights: int) -> tuple[Position, list[str], str | None]:
    """The part of each row, the labels of parts, and the label of the part that is put together, if there is one."""
    known = np.array([UNKNOWN if label is None else label for label in labels], dtype=str)
    names, place, flights = np.unique(known, return_inverse=True, return_counts=True)
    few = flights < min_flights
    pooled = int(few.sum())
    if not pooled:
        return place, names.tolist(), None
    others = f"others ({pooled} {'label' if pooled == 1 else 'labels'})"
    # Parts that stay are counted through; the others come after them.
    part_of_name = np.where(few, len(names) - pooled, np.cumsum(~few) - 1)
    return part_of_name[place], [*names[~few].tolist(), others], others


def _share(part: PerPart, whole: PerPart) -> PerPart:
    """NaN where there is nothing to have a share of."""
    share: PerPart = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def _roc_auc(part: Position, parts: int, target: Outcome, probability: Probability) -> PerPart:
    """By the sum of ranks of late flights in their part, ties sharing the middle rank (Mann & Whitney 1947,
    https://doi.org/10.1214/aoms/1177730491); NaN where there is one class."""
    order = np.lexsort((probability, part))
    part, target, probability = part[order], target[order], probability[order]
    first = np.flatnonzero(np.append(True, (np.diff(part) != 0) | (np.diff(probability) != 0)))
    tied = np.diff(first, append=len(part))
    rank = np.repeat(first + (tied + 1) / 2, tied) - np.searchsorted(part, part)
    found = np.bincount(part[target], minlength=parts)
    pairs = found * (np.bincount(part, minlength=parts) - found)
    rank_sum = np.bincount(part[target], rank[target], minlength=parts)
    return _share(rank_sum - found * (found + 1) / 2, pairs)


def _profit_intervals(
    part: Position, parts: int, profit: Column, weights: Weights, day: Position
) -> dict[str, PerPart]:
    """Bounds of profit per flight, from sums of days in each part; NaN where a part has one day only."""
    days = weights.shape[1]
    cell = part * days + day
    flights = np.bincount(cell, minlength=parts * days).reshape(parts, days)
    sums = np.bincount(cell, profit, minlength=parts * days).reshape(parts, days)
    exact = weights.astype(np.float64)
    bounds = np.full((2, parts), np.nan)
    # Part by part, so that the draws of thousands of parts need not be in memory together.
    for at in np.flatnonzero(np.count_nonzero(flights, axis=1) > 1):
        # A draw may have no day on which the part has flights; it says nothing of the part.
        bounds[:, at] = interval(_share(exact @ sums[at], exact @ flights[at]))
    return {"low": bounds[0], "high": bounds[1]}
