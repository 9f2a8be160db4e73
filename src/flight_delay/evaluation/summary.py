"""The one collection of numbers that the report, the README and MLflow show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flight_delay.evaluation.comparison import in_words, ladder, money
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.scoring import all_metrics, confusion, probability_metrics
from flight_delay.model.predictions import Predictions


def summarize(
    model: Mapping[str, Predictions],
    baselines: Mapping[str, Predictions],
    backtest: Mapping[str, float],
    decided: Mapping[str, Any],
    payoffs: Payoffs,
) -> dict[str, Any]:
    """Judge a model and its rivals.

    Args:
        model: predictions of the model by window: 'train', 'validation', 'test'.
        baselines: predictions of each baseline for the test window, the lowest rung first.
        backtest: mean metrics of the backtest.
        decided: on the backtest, as in reports/decide/metrics.json. Baselines call late from the threshold that is best
            for calibrated probabilities, since none was chosen for them.
        payoffs: per flight.

    Returns:
        Metrics by window; of each baseline by window; of the backtest; the confusion matrix, threshold and mean prediction on test;
        the ladder and what is earned, with intervals over days; the verdict in words.
    """
    test = model["test"]
    rungs = {**baselines, "model": test}
    thresholds = {**dict.fromkeys(baselines, decided["bayes_threshold"]), "model": decided["threshold"]}
    steps = ladder(rungs)
    return {
        **{window: all_metrics(of.target, of.probability, thresholds["model"]) for window, of in model.items()},
        "baselines": {
            name: {"test": all_metrics(of.target, of.probability, thresholds[name])} for name, of in baselines.items()
        },
        "backtest": {**backtest, "expected_profit": decided["expected_profit"]},
        "confusion": {"test": confusion(test.target, test.probability, thresholds["model"])},
        "threshold": thresholds["model"],
        "mean_prediction": {"test": round(float(test.probability.mean(dtype=np.float64)), 6)},
        "ladder": steps,
        "money": money(rungs, thresholds, payoffs),
        "verdict": in_words(steps["model_over_logistic"], "logistic regression"),
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
        rows.append({"month": month, "judged": windows[month], **probability_metrics(of.target, of.probability)})
    return rows
