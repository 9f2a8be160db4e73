"""How sure results are: intervals over days, and verdicts on which of two models is better. Flights of one day share
their weather, so whole days are drawn, not flights: the cluster bootstrap (Field & Welsh 2007,
https://doi.org/10.1111/j.1467-9868.2007.00593.x)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.core.files import rounded
from flight_delay.evaluation.metrics import METRICS
from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

Drawn: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]  # shape (draws,)
Weights: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]  # shape (draws, days)
Position: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]  # shape (rows,)
Verdict: TypeAlias = Literal["better", "worse", "undecided"]

# Of every interval that is reported.
DRAWS, SEED = 1000, 2013


class Interval(NamedTuple):
    """Where a result lies, by the days that were drawn."""

    low: float
    high: float


class Comparison(NamedTuple):
    """How far a model is above another, with an interval, all to six digits; and whether that is better."""

    difference: float
    low: float
    high: float
    verdict: Verdict


def day_weights(date: Column, draws: int, seed: int) -> tuple[Weights, Position]:
    """Draw as many days as there are, with replacement, again and again.

    Args:
        flight_date: days of flights, shape (rows,), in any order.
        draws: how often to draw.
        seed: of the draws; the same days and seed give the same draws.

    Returns:
        How often each day is drawn, shape (draws, days), days in ascending order; and the position of each row's day
        among them, shape (rows,).

    Raises:
        UserError: the flights are of fewer than two days.
    """
    dates, day = np.unique(date, return_inverse=True)
    days = len(dates)
    if days < 2:
        raise UserError(f"flights of {days} day(s) are too few for an interval, 2 are needed; widen the window")
    # Whole numbers throughout: unlike multinomial draws, they are the same on every processor.
    picked = np.random.default_rng(seed).integers(days, size=(draws, days))
    cell = picked + days * np.arange(draws)[:, np.newaxis]
    return np.bincount(cell.ravel(), minlength=draws * days).reshape(draws, days), day


def bootstrap(
    target: Outcome,
    probabilities: Mapping[str, Probability],
    date: Column,
    *,
    draws: int,
    seed: int,
    metrics: Sequence[str] = tuple(METRICS),
) -> dict[str, dict[str, Drawn]]:
    """Measure models on drawn days: all on the same days, so that differences are free of what is hard about a day.

    Days are drawn as if they were independent. Where there are fewer than about 30, or bad weather lasts for days,
    intervals come out too narrow (Cameron, Gelbach & Miller 2008, https://doi.org/10.1162/rest.90.3.414, on few
    clusters).

    Args:
        late: outcomes, shape (rows,).
        probabilities: by model, predicted probability of being late, shape (rows,).
        flight_date: days of flights, shape (rows,).
        draws: how often to draw.
        seed: of the draws.
        metrics: which ones of `METRICS`.

    Returns:
        By model and metric of `METRICS`, values as scikit-learn defines them, of shape (draws,); NaN in a draw whose
        flights are all late or all on time.

    Raises:
        UserError: the flights are of fewer than two days.
    """
    weights, day = day_weights(date, draws, seed)
    return {
        model: _measured(target, probability, weights, day, metrics) for model, probability in probabilities.items()
    }


def on_all_flights(
    target: Outcome, probabilities: Mapping[str, Probability], metrics: Sequence[str] = tuple(METRICS)
) -> dict[str, dict[str, float]]:
    """By model, the metrics of `bootstrap` on all flights, each once, unrounded."""
    once, day = np.ones((1, 1), np.int64), np.zeros(len(target), np.intp)
    measured = {
        model: _measured(target, probability, once, day, metrics) for model, probability in probabilities.items()
    }
    return {model: {name: float(value[0]) for name, value in of.items()} for model, of in measured.items()}


def bootstrap_sum(values_per_flight: Mapping[str, Column], date: Column, *, draws: int, seed: int) -> dict[str, Drawn]:
    """Mean per flight, such as of profit, on drawn days; the same as those of `bootstrap` for the same days and seed.

    Args:
        values_per_flight: by name, numbers to add up, shape (rows,).
        flight_date: days of flights, shape (rows,).
        draws: how often to draw.
        seed: of the draws.

    Returns:
        By name, means per drawn flight, shape (draws,).

    Raises:
        UserError: the flights are of fewer than two days.
    """
    weights, day = day_weights(date, draws, seed)
    return {name: _mean_per_flight(values, weights, day) for name, values in values_per_flight.items()}


def interval(values: Drawn, level: float = 0.95) -> Interval:
    """The percentile interval (Efron & Tibshirani 1993, chapter 13) of draws, leaving out those that are NaN.

    Raises:
        UserError: all of them are NaN.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        raise UserError(f"none of {len(values)} draws of days has the flights that are needed; widen the window")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def compare(
    drawn: Mapping[str, Mapping[str, Drawn]],
    whole: Mapping[str, Mapping[str, float]],
    model: str,
    than: str,
    level: float = 0.95,
) -> dict[str, Comparison]:
    """Compare two models by every metric that was drawn, as `compare_values` does.

    Args:
        drawn: by model and metric, from `bootstrap`.
        whole: by model and metric, from `on_all_flights`.
        model: the one that the verdicts speak of.
        than: the one it is compared with.
        level: share of draws inside the intervals.
    """
    return {
        name: compare_values(
            values,
            drawn[than][name],
            whole[model][name] - whole[than][name],
            higher_is_better=METRICS[name].higher_is_better,
            level=level,
        )
        for name, values in drawn[model].items()
    }


def compare_values(
    values: Drawn, than: Drawn, difference: float, *, higher_is_better: bool = True, level: float = 0.95
) -> Comparison:
    """Compare one number of two models, such as profit per flight, by pairs of draws.

    Args:
        values: of the model that the verdict speaks of, shape (draws,).
        than: of the other model on the same drawn days, shape (draws,).
        difference: on all flights, the model's number less the other's.
        higher_is_better: False turns the verdict around, not the difference.
        level: share of draws inside the interval.

    Returns:
        'better' or 'worse' where the whole interval, as rounded, is on one side of zero, else 'undecided'.

    Raises:
        UserError: no draw has a number.
    """
    found = {"difference": difference, **interval(values - than, level)._asdict()}
    exact = {name: value + 0.0 for name, value in rounded(found).items()}  # -0.0 becomes 0.0
    verdict: Verdict = "undecided"
    if exact["low"] > 0 or exact["high"] < 0:
        verdict = "better" if (exact["low"] > 0) == higher_is_better else "worse"
    return Comparison(**exact, verdict=verdict)


def _measured(
    target: Outcome, probability: Probability, weights: Weights, day: Position, metrics: Sequence[str]
) -> dict[str, Drawn]:
    exact = probability.astype(np.float64)
    order = np.argsort(-exact, kind="stable")
    late_ranked, day_ranked = target[order], day[order]
    # A threshold takes all flights of one probability together: it stands at the last of them.
    threshold = np.flatnonzero(np.append(np.diff(exact[order]) != 0, True))
    late_so_far = np.cumsum(late_ranked)[threshold]
    # Where neither this threshold nor the next finds a late flight, it changes no metric. The last has the totals.
    finds = np.diff(late_so_far, prepend=0) > 0
    kept = finds | np.append(finds[1:], True)
    threshold, late_so_far, day_of_late = threshold[kept], late_so_far[kept], day_ranked[late_ranked]
    of_counts = {name: function for name in metrics if (function := METRICS[name].of_counts)}
    drawn: dict[str, Drawn] = {name: np.full(len(weights), np.nan) for name in metrics}
    both = np.zeros(len(weights), bool)
    for draw, weight in enumerate(weights):
        positives = np.append(0, np.cumsum(weight[day_of_late]))[late_so_far]
        predicted = np.cumsum(weight[day_ranked])[threshold]
        both[draw] = 0 < positives[-1] < predicted[-1]
        if both[draw]:
            for name, function in of_counts.items():
                drawn[name][draw] = function(positives, predicted)
    for name in metrics:
        if per_row := METRICS[name].per_row:
            drawn[name] = np.where(both, _mean_per_flight(per_row(target, exact), weights, day), np.nan)
    return drawn


def _mean_per_flight(values: Column, weights: Weights, day: Position) -> Drawn:
    """From the sums of days, so that it costs next to nothing per draw."""
    mean: Drawn = (weights @ np.bincount(day, values)) / (weights @ np.bincount(day))
    return mean
