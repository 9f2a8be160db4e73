"""Collect the numbers that the report, the README and MLflow show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flight_delay.evaluation.comparison import compare_baselines, profit_summary, verdict_sentence
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.scoring import all_metrics, confusion_counts, probability_metrics
from flight_delay.model.predictions import Predictions


def summarize(
    model: Mapping[str, Predictions],
    baselines: Mapping[str, Predictions],
    backtest: Mapping[str, float],
    decision: Mapping[str, Any],
    payoffs: Payoffs,
) -> dict[str, Any]:
    """Compute the content of reports/metrics.json.

    Args:
        model: predictions of the model by split: 'train', 'validation', 'test'.
        baselines: predictions of each baseline for the test split, the simplest first.
        backtest: mean metrics of the backtest.
        decision: content of reports/choose_threshold/metrics.json. Baselines use its bayes_threshold, since no
            threshold was chosen for them.
        payoffs: per row.
    """
    test = model["test"]
    models = {**baselines, "model": test}
    thresholds = {**dict.fromkeys(baselines, decision["bayes_threshold"]), "model": decision["threshold"]}
    comparisons = compare_baselines(models)

    def metrics(name: str, predictions: Predictions) -> dict[str, float]:
        return all_metrics(predictions.target, predictions.probability, thresholds[name])

    return {
        **{split: metrics("model", predictions) for split, predictions in model.items()},
        "baselines": {name: {"test": metrics(name, predictions)} for name, predictions in baselines.items()},
        "backtest": {**backtest, "mean_profit": decision["mean_profit"]},
        "confusion": {"test": confusion_counts(test.target, test.probability, thresholds["model"])},
        "threshold": thresholds["model"],
        "mean_prediction": {"test": round(float(test.probability.mean(dtype=np.float64)), 6)},
        "baseline_comparison": comparisons,
        "profit": profit_summary(models, thresholds, payoffs),
        "verdict": verdict_sentence(comparisons["vs_logistic"], "logistic regression"),
    }


def summarize_months(
    model: Mapping[str, Predictions], splits: Mapping[str, str], backtest: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Compute the metrics of probabilities by month.

    Args:
        model: predictions of the model by month.
        splits: name of the split by month.
        backtest: metrics of the backtest by month.

    Returns:
        A row per month and evaluation: month, evaluated_on ('backtest', 'validation', 'test'), then the metrics.
    """
    return [
        *({"month": month, "evaluated_on": "backtest", **metrics} for month, metrics in backtest.items()),
        *(
            {"month": month, "evaluated_on": splits[month], **probability_metrics(rows.target, rows.probability)}
            for month, rows in model.items()
        ),
    ]
