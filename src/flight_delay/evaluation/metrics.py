"""Define the metrics of predicted probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability, log_loss_per_row

Counts: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]  # shape (thresholds,)


def _roc_auc_from_counts(true_positives: Counts, predicted_positives: Counts) -> float:
    false_positives = predicted_positives - true_positives
    pairs = int(true_positives[-1]) * int(false_positives[-1])
    # The trapezoidal rule with doubled heights, so that all sums are integers and exact.
    heights = 2 * true_positives - np.diff(true_positives, prepend=0)
    return int(np.dot(np.diff(false_positives, prepend=0), heights)) / (2 * pairs)


def _average_precision_from_counts(true_positives: Counts, predicted_positives: Counts) -> float:
    precision = true_positives / np.maximum(predicted_positives, 1)
    # Not np.dot: threads of BLAS would wait for one another longer than they compute.
    return float((np.diff(true_positives, prepend=0) * precision).sum() / true_positives[-1])


class Metric(NamedTuple):
    """Describe a metric of probabilities.

    Exactly one of `from_counts` and `per_row` is given; `evaluation.bootstrap` needs it for thousands of resamples.

    Attributes:
        label: name in text and plots.
        decimals: number of decimals that are shown.
        higher_is_better: direction.
        scikit_learn: name of the function in `sklearn.metrics`.
        from_counts: computes the metric from the numbers of true and predicted positives at falling thresholds.
        per_row: values of shape (rows,) whose mean is the metric, from targets and probabilities (float64).
    """

    label: str
    decimals: int
    higher_is_better: bool
    scikit_learn: str
    from_counts: Callable[[Counts, Counts], float] | None = None
    per_row: Callable[[Outcome, Probability], Column] | None = None


METRICS: Mapping[str, Metric] = {
    "roc_auc": Metric("ROC AUC", 3, True, "roc_auc_score", from_counts=_roc_auc_from_counts),
    "average_precision": Metric(
        "average precision", 3, True, "average_precision_score", from_counts=_average_precision_from_counts
    ),
    "log_loss": Metric("log loss", 3, False, "log_loss", per_row=log_loss_per_row),
}
