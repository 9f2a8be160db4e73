"""Measure slices of the rows: metrics and profit per label of a grouping."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.core.files import round_values
from flight_delay.evaluation.bootstrap import N_BOOTSTRAP, SEED, Position, Weights, day_weights, interval
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import profit_per_row
from flight_delay.features.columns import Column, Columns
from flight_delay.model.predictions import Predictions

UNKNOWN = "unknown"

COLUMNS = ("date", "target", "probability", "predicted_positive", "profit", "best_profit")

PerSlice = np.ndarray[Any, np.dtype[Any]]  # one number per slice, shape (slices,)


class SliceRow(NamedTuple):
    """Metrics of one slice, to six digits; None where they are undefined.

    Attributes:
        by: name of the grouping.
        label: label of the slice.
        rows: number of rows.
        base_rate: share of positive rows.
        mean_prediction: mean predicted probability.
        roc_auc: None with one class.
        recall: share of positive rows that are predicted positive.
        false_positive_rate: share of negative rows that are predicted positive.
        mean_profit: mean profit per row.
        low, high: 95 % interval of the mean profit over resampled days; None where all rows are of one day.
        avoidable_loss: profit that correct predictions would have added, in total.
        mean_avoidable_loss: the same per row.
    """

    by: str
    label: str
    rows: int
    base_rate: float
    mean_prediction: float
    roc_auc: float | None
    recall: float | None
    false_positive_rate: float | None
    mean_profit: float
    low: float | None
    high: float | None
    avoidable_loss: float
    mean_avoidable_loss: float


def slice_all(
    groupings: Columns, predictions: Predictions, threshold: float, payoffs: Payoffs, *, min_rows: int
) -> list[SliceRow]:
    """Measure the slices of every grouping, as `slice_metrics` does.

    Args:
        groupings: by name, labels of the predicted rows, shape (rows,).
        predictions: predictions of the model.
        threshold: rows are predicted positive from this probability on.
        payoffs: per row.
        min_rows: labels with fewer rows are pooled.
    """
    target, probability = predictions.target, predictions.probability
    positive = probability >= threshold
    profits = profit_per_row(target, positive, payoffs), profit_per_row(target, target, payoffs)
    columns = (predictions.date, target, probability, positive, *profits)
    rows = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    return [row for name, labels in groupings.items() for row in slice_metrics(name, labels, rows, min_rows=min_rows)]


def slice_metrics(
    name: str, labels: Column, rows: pd.DataFrame, *, min_rows: int, draws: int = N_BOOTSTRAP, seed: int = SEED
) -> list[SliceRow]:
    """Measure every slice of one grouping. Each row is in exactly one slice.

    Args:
        name: name of the grouping.
        labels: text label of each row, shape (rows,); None counts as 'unknown'.
        rows: the columns `COLUMNS`; profit is that of the predictions, best_profit that of correct predictions.
        min_rows: labels with fewer rows are pooled into one slice, 'others (N labels)'.
        draws: number of resamples of days for the interval of the mean profit.
        seed: random seed of the resamples, which are the same for every slice.

    Returns:
        A row per slice, the largest avoidable loss first and the pooled slice last.

    Raises:
        UserError: there are fewer than two days.
    """
    date, target, probability, positive, profit, best_profit = (rows[column].to_numpy() for column in COLUMNS)
    weights, day = day_weights(date, draws, seed)
    place, slices, pooled = _slices(labels, min_rows)

    def total(values: Column) -> PerSlice:
        return np.bincount(place, values, minlength=len(slices))

    counts, positives = total(np.ones(len(target))), total(target)
    loss = total(np.asarray(best_profit, np.float64) - profit)
    columns = {
        "base_rate": positives / counts,
        "mean_prediction": total(probability) / counts,
        "roc_auc": _roc_auc_by_slice(place, len(slices), target, probability),
        "recall": _ratio(total(positive & target), positives),
        "false_positive_rate": _ratio(total(positive & ~target), counts - positives),
        "mean_profit": total(profit) / counts,
        **_profit_intervals(place, len(slices), profit, weights, day),
        "avoidable_loss": loss,
        "mean_avoidable_loss": loss / counts,
    }
    result = []
    for at, label in enumerate(slices):
        numbers = round_values({column: values[at] for column, values in columns.items()})
        known: dict[str, Any] = {
            column: None if np.isnan(number) else number + 0.0  # -0.0 becomes 0.0
            for column, number in numbers.items()
        }
        result.append(SliceRow(name, label, int(counts[at]), **known))
    # Slices with the same loss stay in the order of their labels.
    return sorted(result, key=lambda row: (row.label == pooled, -row.avoidable_loss))


def _slices(labels: Column, min_rows: int) -> tuple[Position, list[str], str | None]:
    """Return slice of each row, labels, and the label of the pooled slice."""
    known = np.array([UNKNOWN if label is None else label for label in labels], dtype=str)
    names, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    is_rare = counts < min_rows
    n_rare = int(is_rare.sum())
    if not n_rare:
        return place, names.tolist(), None
    pooled = f"others ({n_rare} {'label' if n_rare == 1 else 'labels'})"
    # The slices that stay are numbered consecutively; the pooled one comes after them.
    slice_of_name = np.where(is_rare, len(names) - n_rare, np.cumsum(~is_rare) - 1)
    return slice_of_name[place], [*names[~is_rare].tolist(), pooled], pooled


def _ratio(part: PerSlice, whole: PerSlice) -> PerSlice:
    """Divide; NaN where the denominator is 0."""
    ratio: PerSlice = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return ratio


def _roc_auc_by_slice(place: Position, slices: int, target: Column, probability: Column) -> PerSlice:
    """Compute ROC AUC from ranks of positive rows; NaN with one class.

    Method: Mann & Whitney 1947, https://doi.org/10.1214/aoms/1177730491.
    """
    rank = pd.Series(probability).groupby(place).rank().to_numpy()
    positives = np.bincount(place[target], minlength=slices)
    pairs = positives * (np.bincount(place, minlength=slices) - positives)
    rank_sum = np.bincount(place[target], rank[target], minlength=slices)
    return _ratio(rank_sum - positives * (positives + 1) / 2, pairs)


def _profit_intervals(
    place: Position, slices: int, profit: Column, weights: Weights, day: Position
) -> dict[str, PerSlice]:
    """Compute intervals of the mean profit; NaN where a slice has one day only."""
    days = weights.shape[1]
    cell = place * days + day
    counts = np.bincount(cell, minlength=slices * days).reshape(slices, days)
    sums = np.bincount(cell, profit, minlength=slices * days).reshape(slices, days)
    exact = weights.astype(np.float64)
    bounds = np.full((2, slices), np.nan)
    # Slice by slice, since resamples of thousands of slices do not fit into memory together.
    for at in np.flatnonzero(np.count_nonzero(counts, axis=1) > 1):
        # The ratio is NaN for a resample without a day of the slice.
        bounds[:, at] = interval(_ratio(exact @ sums[at], exact @ counts[at]))
    return {"low": bounds[0], "high": bounds[1]}
