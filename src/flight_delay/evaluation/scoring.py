"""Compute metrics of predicted probabilities, and of the decisions that a threshold makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

from flight_delay.core.files import round_values
from flight_delay.evaluation.metrics import METRICS
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability


def probability_metrics(late: Outcome, probability: Probability) -> dict[str, float]:
    """Compute how well probabilities rank flights and how well they say how many are late.

    Args:
        late: outcomes, shape (rows,), of both classes.
        probability: predicted probability of being late, shape (rows,).

    Returns:
        `METRICS`, then brier, base_rate (share of late flights) and rows; as scikit-learn defines them, to six digits.
    """
    exact = probability.astype(np.float64)
    return round_values(
        {
            **{name: getattr(metrics, metric.scikit_learn)(late, exact) for name, metric in METRICS.items()},
            "brier": metrics.brier_score_loss(late, exact),
            "base_rate": late.mean(),
            "rows": len(late),
        }
    )


def decision_metrics(late: Outcome, probability: Probability, threshold: float) -> dict[str, float]:
    """How good it is to call flights late from a threshold on.

    Args:
        late: outcomes, shape (rows,).
        probability: predicted probability of being late, shape (rows,).
        threshold: a flight is called late where its probability is at least this.

    Returns:
        accuracy, precision, recall, f1, with late as the positive class; precision is 0 where no flight is called late.
    """
    called_late = probability >= threshold
    return round_values(
        {
            "accuracy": metrics.accuracy_score(late, called_late),
            "precision": metrics.precision_score(late, called_late, zero_division=0.0),
            "recall": metrics.recall_score(late, called_late),
            "f1": metrics.f1_score(late, called_late),
        }
    )


def all_metrics(late: Outcome, probability: Probability, threshold: float) -> dict[str, float]:
    """Metrics of probabilities and of decisions together."""
    return {**probability_metrics(late, probability), **decision_metrics(late, probability, threshold)}


def confusion(late: Outcome, probability: Probability, threshold: float) -> dict[str, int]:
    """Counts of flights by what they were and what they were called, late being positive."""
    called_late = probability >= threshold
    return {
        "true_positive": int((late & called_late).sum()),
        "false_negative": int((late & ~called_late).sum()),
        "false_positive": int((~late & called_late).sum()),
        "true_negative": int((~late & ~called_late).sum()),
    }


def mean_metrics(by_month: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Mean over months of every metric, each month counting the same; rows are added up."""
    names = next(iter(by_month.values()))
    means = {name: float(np.mean([month[name] for month in by_month.values()])) for name in names if name != "rows"}
    return {
        **round_values(means),
        "rows": sum(int(month["rows"]) for month in by_month.values()),
        "months": len(by_month),
    }
