"""Curves of a set of predictions, as points to draw, thinned to what a picture can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn import metrics

from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

POINTS = 200


class Curve(NamedTuple):
    """A curve: names of its columns and one row per point."""

    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def roc(target: Outcome, probability: Probability) -> Curve:
    """Share of late flights that are found against share of punctual flights that are called late."""
    false_positive, true_positive, threshold = metrics.roc_curve(target, probability)
    # The first threshold is infinite: no flight is called late.
    threshold[0] = 1.0
    return _thinned(
        ("false_positive_rate", "true_positive_rate", "threshold"), false_positive, true_positive, threshold
    )


def precision_recall(target: Outcome, probability: Probability) -> Curve:
    """Share of calls that are right against share of late flights that are found."""
    precision, recall, threshold = metrics.precision_recall_curve(target, probability)
    # From no call at all (recall 0) to calling every flight late (recall 1); the closing point has no threshold.
    return _thinned(
        ("recall", "precision", "threshold"), recall[::-1], precision[::-1], np.append(threshold, 1.0)[::-1]
    )


def calibration(target: Outcome, probability: Probability, bins: int) -> Curve:
    """Observed against predicted share of late flights, in bins that hold equally many flights."""
    order = np.argsort(probability, kind="stable")
    rows = [
        (float(probability[part].mean(dtype=np.float64)), float(target[part].mean()), len(part))
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return Curve(("predicted", "observed", "flights"), rows)


def confusion_rows(counts: Mapping[str, int]) -> Curve:
    """The confusion matrix as a row per cell, for the plot template `confusion_counts`."""
    cells = [("late", "late", "true_positive"), ("late", "on time", "false_negative")]
    cells += [("on time", "late", "false_positive"), ("on time", "on time", "true_negative")]
    return Curve(("actual", "called", "flights"), [(actual, called, counts[name]) for actual, called, name in cells])


def _thinned(header: tuple[str, ...], x: Any, *others: Any) -> Curve:
    """Keep the points nearest to an even grid of x, the first and the last among them."""
    if len(x) <= POINTS:
        return Curve(header, [tuple(map(float, row)) for row in zip(x, *others, strict=True)])
    grid = np.linspace(x[0], x[-1], POINTS // 2)
    # The first and the last point at a place: a curve that jumps there keeps its corner.
    kept = np.unique(
        np.concatenate([np.searchsorted(x, grid), np.searchsorted(x, grid, side="right") - 1, [0, len(x) - 1]])
    )
    return Curve(header, [tuple(float(column[i]) for column in (x, *others)) for i in kept])
