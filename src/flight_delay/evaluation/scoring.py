"""Compute metrics of predicted probabilities, and of the decisions that a threshold makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

from flight_delay.core.files import rounded
from flight_delay.evaluation.metrics import METRICS
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability


def probability_metrics(target: Outcome, probability: Probability) -> dict[str, float]:
    """Compute how well probabilities rank flights and how well they say how many are late.

    Args:
        late: outcomes, shape (rows,), of both classes.
        probability: predicted probability of being late, shape (rows,).

    Returns:
        `METRICS`, then brier, base_rate (share of late flights) and rows; as scikit-learn defines them, to six digits.
    """
    exact = probability.astype(np.float64)
    return rounded(
        {
            **{name: getattr(metrics, metric.scikit_learn)(target, exact) for name, metric in METRICS.items()},
            "brier": metrics.brier_score_loss(target, exact),
            "base_rate": target.mean(),
            "rows": len(target),
        }
    )


def decision_metrics(target: Outcome, probability: Probability, threshold: float) -> dict[str, float]:
    """How good it is to call flights late from a threshold on.

    Args:
        late: outcomes, shape (rows,).
        probability: predicted probability of being late, shape (rows,).
        threshold: a flight is called late where its probability is at least this.

    Returns:
        accuracy, precision, recall, f1, with late as the positive class; precision is 0 where no flight is called late.
    """
    predicted_positive = probability >= threshold
    return rounded(
        {
            "accuracy": metrics.accuracy_score(target, predicted_positive),
            "precision": metrics.precision_score(target, predicted_positive, zero_division=0.0),
            "recall": metrics.recall_score(target, predicted_positive),
            "f1": metrics.f1_score(target, predicted_positive),
        }
    )


def all_metrics(target: Outcome, probability: Probability, threshold: float) -> dict[str, float]:
    """Metrics of probabilities and of decisions together."""
    return {**probability_metrics(target, probability), **decision_metrics(target, probability, threshold)}


def confusion(target: Outcome, probability: Probability, threshold: float) -> dict[str, int]:
    """Counts of flights by what they were and what they were called, late being positive."""
    predicted_positive = probability >= threshold
    return {
        "true_positive": int((target & predicted_positive).sum()),
        "false_negative": int((target & ~predicted_positive).sum()),
        "false_positive": int((~target & predicted_positive).sum()),
        "true_negative": int((~target & ~predicted_positive).sum()),
    }


def mean_metrics(by_month: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Mean over months of every metric, each month counting the same; rows are added up."""
    names = next(iter(by_month.values()))
    means = {name: float(np.mean([month[name] for month in by_month.values()])) for name in names if name != "rows"}
    return {**rounded(means), "rows": sum(int(month["rows"]) for month in by_month.values()), "months": len(by_month)}
