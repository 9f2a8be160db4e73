"""The one collection of numbers that the report, the README and MLflow show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flight_delay.evaluation.metrics import all_metrics, confusion, probability_metrics
from flight_delay.model.predictions import Predictions


def summarize(
    model: Mapping[str, Predictions],
    baselines: Mapping[str, Predictions],
    backtest: Mapping[str, float],
    threshold: float,
) -> dict[str, Any]:
    """Judge a model and its rivals.

    Args:
        model: predictions of the model by window: 'train', 'validation', 'test'.
        baselines: predictions of each baseline for the test window.
        backtest: mean metrics of the backtest.
        threshold: a flight is called late from this probability on.

    Returns:
        Metrics by window; of each baseline by window; of the backtest; the confusion matrix, threshold and mean prediction on test.
    """
    test = model["test"]
    return {
        **{window: all_metrics(of.late, of.probability, threshold) for window, of in model.items()},
        "baselines": {
            name: {"test": all_metrics(of.late, of.probability, threshold)} for name, of in baselines.items()
        },
        "backtest": dict(backtest),
        "confusion": {"test": confusion(test.late, test.probability, threshold)},
        "threshold": threshold,
        "mean_prediction": {"test": round(float(test.probability.mean(dtype=np.float64)), 6)},
    }


def summarize_months(
    model: Mapping[str, Predictions], windows: Mapping[str, str], backtest: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Metrics of probabilities month by month.

    Args:
        model: predictions of the model by month.
        windows: name of the window that a month is in.
        backtest: metrics by month, each of a model of its time.

    Returns:
        A row per month and way of judging: month, judged ('backtest', 'validation', 'test'), then the metrics.
    """
    rows = [{"month": month, "judged": "backtest", **metrics} for month, metrics in backtest.items()]
    for month, of in model.items():
        rows.append({"month": month, "judged": windows[month], **probability_metrics(of.late, of.probability)})
    return rows
