"""Compute metrics of probabilities and class predictions with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

from flight_delay.core.files import round_values
from flight_delay.evaluation.metrics import METRICS
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability


def probability_metrics(target: Outcome, probability: Probability) -> dict[str, float]:
    """Compute `METRICS`, brier, base_rate and rows, to six digits.

    Args:
        target: observed target, shape (rows,), with both classes.
        probability: predicted probability of the positive class, shape (rows,).
    """
    exact = probability.astype(np.float64)
    return round_values(
        {
            **{name: getattr(metrics, metric.scikit_learn)(target, exact) for name, metric in METRICS.items()},
            "brier": metrics.brier_score_loss(target, exact),
            "base_rate": target.mean(),
            "rows": len(target),
        }
    )


def decision_metrics(target: Outcome, probability: Probability, threshold: float) -> dict[str, float]:
    """Compute accuracy, precision, recall and f1 at a threshold, to six digits.

    Rows are predicted positive where the probability is at least `threshold`; without such rows, precision is 0.
    """
    predicted_positive = probability >= threshold
    return round_values(
        {
            "accuracy": metrics.accuracy_score(target, predicted_positive),
            "precision": metrics.precision_score(target, predicted_positive, zero_division=0.0),
            "recall": metrics.recall_score(target, predicted_positive),
            "f1": metrics.f1_score(target, predicted_positive),
        }
    )


def all_metrics(target: Outcome, probability: Probability, threshold: float) -> dict[str, float]:
    """Compute the metrics of probabilities and of class predictions."""
    return {**probability_metrics(target, probability), **decision_metrics(target, probability, threshold)}


def confusion_counts(target: Outcome, probability: Probability, threshold: float) -> dict[str, int]:
    """Count the cells of the confusion matrix at a threshold."""
    predicted_positive = probability >= threshold
    return {
        "true_positive": int((target & predicted_positive).sum()),
        "false_negative": int((target & ~predicted_positive).sum()),
        "false_positive": int((~target & predicted_positive).sum()),
        "true_negative": int((~target & ~predicted_positive).sum()),
    }


def mean_metrics(by_month: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Average metrics over months with equal weights; add up rows."""
    names = next(iter(by_month.values()))
    means = {name: float(np.mean([month[name] for month in by_month.values()])) for name in names if name != "rows"}
    return {
        **round_values(means),
        "rows": sum(int(month["rows"]) for month in by_month.values()),
        "months": len(by_month),
    }
