"""Compare the model with its baselines by metrics and by profit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from flight_delay.core.files import round_values
from flight_delay.evaluation.bootstrap import (
    bootstrap,
    bootstrap_mean,
    compare_draws,
    compare_models,
    interval,
    point_estimates,
)
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.metrics import METRICS
from flight_delay.evaluation.scoring import confusion_counts
from flight_delay.evaluation.threshold import (
    break_even,
    constant_strategies,
    profit_per_row,
    thresholds_by_false_negative_cost,
)
from flight_delay.model.predictions import Predictions

FALSE_NEGATIVE_COST_FACTORS = (0.5, 1.0, 2.0, 4.0)


def require_same_rows(models: Mapping[str, Predictions]) -> None:
    """Check that predictions of models are for the same rows in the same order.

    Raises:
        ValueError: they are not.
    """
    first = next(iter(models.values())).require_ids()
    for name, predictions in models.items():
        if not np.array_equal(predictions.require_ids(), first):
            raise ValueError(f"{name} predicts other rows")


def compare_baselines(models: Mapping[str, Predictions]) -> dict[str, Any]:
    """Compare each model with the one before it, and 'model' with 'logistic'.

    Args:
        models: predictions of the same rows by name, from the simplest baseline to 'model'; 'logistic' is among them.

    Returns:
        intervals: low and high end by model and metric. step_comparisons: by model, the name of the model before it
        (compared_with), and a `Comparison` by metric. vs_logistic: a `Comparison` by metric.
    """
    model = models["model"]
    probabilities = {name: predictions.probability for name, predictions in models.items()}
    draws = bootstrap(model.target, probabilities, model.date)
    estimates = point_estimates(model.target, probabilities)

    def step(name: str, reference: str) -> dict[str, Any]:
        comparisons = compare_models(draws, estimates, name, reference)
        return {metric: comparison._asdict() for metric, comparison in comparisons.items()}

    return {
        "intervals": {
            name: {metric: _ends(*interval(values)) for metric, values in by_metric.items()}
            for name, by_metric in draws.items()
        },
        "step_comparisons": {
            name: {"compared_with": reference, **step(name, reference)} for reference, name in pairwise(models)
        },
        "vs_logistic": step("model", "logistic"),
    }


def profit_summary(
    models: Mapping[str, Predictions], thresholds: Mapping[str, float], payoffs: Payoffs
) -> dict[str, Any]:
    """Compare the profit of the model with baselines and constant predictions.

    Args:
        models: predictions of the same rows by name, 'model' among them.
        thresholds: decision threshold by model.
        payoffs: per row.

    Returns:
        mean_profit: mean profit by model and constant prediction. interval: of the mean profit of 'model'. differences:
        a `Comparison` by baseline and constant prediction. break_even and threshold_by_false_negative_cost: see
        `threshold`.
    """
    model = models["model"]
    predicted_positive = {name: models[name].probability >= thresholds[name] for name in models}
    predicted_positive |= {"always_negative": np.zeros(len(model), bool), "always_positive": np.ones(len(model), bool)}
    profit = {name: profit_per_row(model.target, positive, payoffs) for name, positive in predicted_positive.items()}
    draws = bootstrap_mean(profit, model.date)
    counts = confusion_counts(model.target, model.probability, thresholds["model"])
    ranges = break_even(counts, payoffs)
    return {
        "mean_profit": {
            **round_values({name: float(values.mean()) for name, values in profit.items()}, 4),
            "perfect": round(constant_strategies(model.target, payoffs).perfect, 4),
        },
        "interval": _ends(*interval(draws["model"])),
        "differences": {
            name: compare_draws(
                draws["model"], draws[name], float(profit["model"].mean() - profit[name].mean())
            )._asdict()
            for name in profit
            if name != "model"
        },
        "break_even": {name: bounds._asdict() if bounds else None for name, bounds in ranges.items()},
        "threshold_by_false_negative_cost": {
            f"{factor:g}": threshold
            for factor, threshold in thresholds_by_false_negative_cost(payoffs, FALSE_NEGATIVE_COST_FACTORS).items()
        },
    }


def verdict_sentence(comparison: Mapping[str, Mapping[str, Any]], reference: str) -> str:
    """Write a sentence on the metrics in which the model is better or worse."""
    phrases = {
        "better": "better than {} in",
        "worse": "worse than {} in",
        "not_significant": "not significantly different from {} in",
    }
    parts = []
    for verdict, phrase in phrases.items():
        labels = [METRICS[name].label for name, metric in comparison.items() if metric["verdict"] == verdict]
        if labels:
            parts.append(f"{phrase.format(reference)} {_join(labels)}")
    return f"The model is {'; it is '.join(parts)}."


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _ends(low: float, high: float) -> dict[str, float]:
    return {"low": round(low, 6) + 0.0, "high": round(high, 6) + 0.0}
