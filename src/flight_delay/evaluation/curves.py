"""Compute ROC, precision-recall and calibration curves, thinned for plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn import metrics

from flight_delay.features.feature import CLASS_NAMES
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

POINTS = 200


class Curve(NamedTuple):
    """Points of a curve: names of the columns and a row per point."""

    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def roc_curve(target: Outcome, probability: Probability) -> Curve:
    """Compute true positive rates by false positive rate."""
    false_positive, true_positive, threshold = metrics.roc_curve(target, probability)
    threshold[0] = 1.0  # instead of infinity
    return _thinned(
        ("false_positive_rate", "true_positive_rate", "threshold"), false_positive, true_positive, threshold
    )


def precision_recall_curve(target: Outcome, probability: Probability) -> Curve:
    """Compute precision by recall, from recall 0 to 1."""
    precision, recall, threshold = metrics.precision_recall_curve(target, probability)
    # scikit-learn gives no threshold for the point of recall 0.
    return _thinned(
        ("recall", "precision", "threshold"), recall[::-1], precision[::-1], np.append(threshold, 1.0)[::-1]
    )


def calibration_curve(target: Outcome, probability: Probability, bins: int) -> Curve:
    """Compute observed by predicted rates, in bins of equally many rows."""
    order = np.argsort(probability, kind="stable")
    rows = [
        (float(probability[part].mean(dtype=np.float64)), float(target[part].mean()), len(part))
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return Curve(("predicted", "observed", "rows"), rows)


def confusion_rows(counts: Mapping[str, int]) -> Curve:
    """Convert the confusion matrix to a row per cell."""
    negative, positive = CLASS_NAMES
    cells = [(positive, positive, "true_positive"), (positive, negative, "false_negative")]
    cells += [(negative, positive, "false_positive"), (negative, negative, "true_negative")]
    return Curve(
        ("actual", "predicted", "rows"), [(actual, predicted, counts[name]) for actual, predicted, name in cells]
    )


def _thinned(header: tuple[str, ...], x: Any, *others: Any) -> Curve:
    """Keep the points nearest to an even grid of x, and both ends."""
    kept = np.arange(len(x))
    if len(x) > POINTS:
        grid = np.linspace(x[0], x[-1], POINTS // 2)
        # Of points with the same x, the first and the last are kept, so that vertical steps keep their corners.
        sides = [np.searchsorted(x, grid), np.searchsorted(x, grid, side="right") - 1]
        kept = np.unique(np.concatenate([*sides, [0, len(x) - 1]]))
    return Curve(header, [tuple(float(column[i]) for column in (x, *others)) for i in kept])
