"""Bootstrap over days: intervals, and paired comparisons of models.

Rows of one day are correlated, so that whole days are resampled: the cluster bootstrap (Field & Welsh 2007,
https://doi.org/10.1111/j.1467-9868.2007.00593.x). Days are resampled as if they were independent. With fewer than
about 30 days, or with effects that last for several days, intervals are too narrow (Cameron, Gelbach & Miller 2008,
https://doi.org/10.1162/rest.90.3.414, on few clusters)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.core.files import round_values
from flight_delay.evaluation.metrics import METRICS
from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

Draws: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]  # shape (draws,)
Weights: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]  # shape (draws, days)
Position: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]  # shape (rows,)
Verdict: TypeAlias = Literal["better", "worse", "not_significant"]

# Number of resamples, random seed and level of every interval that is reported.
N_BOOTSTRAP, SEED, LEVEL = 1000, 2013, 0.95


class Interval(NamedTuple):
    """Ends of an interval."""

    low: float
    high: float


class Comparison(NamedTuple):
    """Difference of two models with its interval, to six digits, and a verdict."""

    difference: float
    low: float
    high: float
    verdict: Verdict


def day_weights(date: Column, draws: int, seed: int) -> tuple[Weights, Position]:
    """Resample days with replacement, as many as there are.

    Returns:
        How often each day is drawn, shape (draws, days), days in ascending order; and the position of each row's day
        among them, shape (rows,).

    Raises:
        UserError: there are fewer than two days.
    """
    dates, day = np.unique(date, return_inverse=True)
    days = len(dates)
    if days < 2:
        raise UserError(f"an interval needs rows of at least 2 days, there are {days}; widen the split")
    # Integers only: unlike multinomial draws, they are the same on every processor.
    picked = np.random.default_rng(seed).integers(days, size=(draws, days))
    cell = picked + days * np.arange(draws)[:, np.newaxis]
    return np.bincount(cell.ravel(), minlength=draws * days).reshape(draws, days), day


def bootstrap(
    target: Outcome,
    probabilities: Mapping[str, Probability],
    date: Column,
    *,
    draws: int = N_BOOTSTRAP,
    seed: int = SEED,
    metrics: Sequence[str] = tuple(METRICS),
) -> dict[str, dict[str, Draws]]:
    """Compute metrics of models on resampled days, the same days for every model.

    Args:
        target: observed target, shape (rows,).
        probabilities: by model, predicted probability of the positive class, shape (rows,).
        date: date of each row, shape (rows,).
        draws: number of resamples.
        seed: random seed.
        metrics: names in `METRICS`.

    Returns:
        By model and metric, shape (draws,); NaN where a resample has one class only.

    Raises:
        UserError: there are fewer than two days.
    """
    weights, day = day_weights(date, draws, seed)
    return {name: _resample(target, probability, weights, day, metrics) for name, probability in probabilities.items()}


def point_estimates(
    target: Outcome, probabilities: Mapping[str, Probability], metrics: Sequence[str] = tuple(METRICS)
) -> dict[str, dict[str, float]]:
    """Compute the metrics of `bootstrap` on all rows, unrounded."""
    once, day = np.ones((1, 1), np.int64), np.zeros(len(target), np.intp)
    return {
        name: {metric: float(value[0]) for metric, value in _resample(target, probability, once, day, metrics).items()}
        for name, probability in probabilities.items()
    }


def bootstrap_mean(
    values_per_row: Mapping[str, Column], date: Column, *, draws: int = N_BOOTSTRAP, seed: int = SEED
) -> dict[str, Draws]:
    """Compute means of (rows,) on the resampled days of `bootstrap`, as (draws,).

    Raises:
        UserError: there are fewer than two days.
    """
    weights, day = day_weights(date, draws, seed)
    return {name: _weighted_mean(values, weights, day) for name, values in values_per_row.items()}


def interval(values: Draws) -> Interval:
    """Compute the percentile interval with probability `LEVEL`.

    Source: Efron & Tibshirani 1993, chapter 13.

    Raises:
        UserError: all draws are NaN.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        raise UserError(f"none of {len(values)} resamples of days has rows of both classes; widen the split")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def compare_models(
    draws: Mapping[str, Mapping[str, Draws]],
    estimates: Mapping[str, Mapping[str, float]],
    model: str,
    reference: str,
) -> dict[str, Comparison]:
    """Compare a model with a reference by every metric."""
    return {
        metric: compare_draws(
            values,
            draws[reference][metric],
            estimates[model][metric] - estimates[reference][metric],
            higher_is_better=METRICS[metric].higher_is_better,
        )
        for metric, values in draws[model].items()
    }


def compare_draws(values: Draws, reference: Draws, difference: float, *, higher_is_better: bool = True) -> Comparison:
    """Compare one number of two models by the differences of their draws.

    The verdict is 'not_significant' if the rounded interval includes zero, else 'better' or 'worse'. `difference` is
    the difference on all rows; `higher_is_better=False` reverses the verdict, not the difference.

    Raises:
        UserError: all draws are NaN.
    """
    numbers = round_values({"difference": difference, **interval(values - reference)._asdict()})
    difference, low, high = (number + 0.0 for number in numbers.values())  # -0.0 becomes 0.0
    verdict: Verdict = "not_significant"
    if low > 0 or high < 0:
        verdict = "better" if (low > 0) == higher_is_better else "worse"
    return Comparison(difference, low, high, verdict)


def _resample(
    target: Outcome, probability: Probability, weights: Weights, day: Position, metrics: Sequence[str]
) -> dict[str, Draws]:
    exact = probability.astype(np.float64)
    order = np.argsort(-exact, kind="stable")
    positive_ranked, day_ranked = target[order], day[order]
    # Rows of equal probability have one threshold: the position of the last of them.
    threshold = np.flatnonzero(np.append(np.diff(exact[order]) != 0, True))
    positives_so_far = np.cumsum(positive_ranked)[threshold]
    # A threshold without new positives that precedes another such one changes no metric. The last has the totals.
    has_positives = np.diff(positives_so_far, prepend=0) > 0
    kept = has_positives | np.append(has_positives[1:], True)
    threshold, positives_so_far, day_of_positive = threshold[kept], positives_so_far[kept], day_ranked[positive_ranked]
    from_counts = {name: function for name in metrics if (function := METRICS[name].from_counts)}
    draws: dict[str, Draws] = {name: np.full(len(weights), np.nan) for name in metrics}
    both_classes = np.zeros(len(weights), bool)
    for draw, weight in enumerate(weights):
        true_positives = np.append(0, np.cumsum(weight[day_of_positive]))[positives_so_far]
        predicted_positives = np.cumsum(weight[day_ranked])[threshold]
        both_classes[draw] = 0 < true_positives[-1] < predicted_positives[-1]
        if both_classes[draw]:
            for name, function in from_counts.items():
                draws[name][draw] = function(true_positives, predicted_positives)
    for name in metrics:
        if per_row := METRICS[name].per_row:
            draws[name] = np.where(both_classes, _weighted_mean(per_row(target, exact), weights, day), np.nan)
    return draws


def _weighted_mean(values: Column, weights: Weights, day: Position) -> Draws:
    mean: Draws = (weights @ np.bincount(day, values)) / (weights @ np.bincount(day))
    return mean
