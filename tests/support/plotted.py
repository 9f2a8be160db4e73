"""Invented numbers of the stages evaluate, learning_curves and interpret, and the plots of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from explanations import explanation_of

from flight_delay.evaluation.curves import calibration_curve, precision_recall_curve, roc_curve
from flight_delay.evaluation.learning_curves import CurveModel, Point
from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.interactions import InteractionPair, Interactions
from flight_delay.explain.global_.measures import Measures
from flight_delay.explain.global_.stability import rank_effects
from flight_delay.model.baselines import BASELINES
from flight_delay.report.plots import comparison, dependence, evaluation, importance
from flight_delay.report.plots.learning_curves import plot_learning_curve, plot_validation_curve
from flight_delay.report.plots.plot import Plot

LATE = np.arange(300) % 3 == 0
PROBABILITY = {name: np.random.default_rng(seed).random(300) for seed, name in enumerate(("model", "logistic"))}
COUNTS = {"true_positive": 40, "false_negative": 60, "false_positive": 30, "true_negative": 170}
TEST = {
    name: {
        "roc_auc": 0.5 + 0.03 * n,
        "average_precision": 0.25 + 0.02 * n,
        "log_loss": 0.6 - 0.02 * n,
        "base_rate": 0.33,
    }
    for n, name in enumerate((*BASELINES, "model"))
}
INTERVALS = {
    name: {metric: {"low": value - 0.03, "high": value + 0.02} for metric, value in row.items()}
    for name, row in TEST.items()
}
EVALUATION: Any = SimpleNamespace(
    curves={
        "roc": {name: roc_curve(LATE, values) for name, values in PROBABILITY.items()},
        "precision_recall": {name: precision_recall_curve(LATE, values) for name, values in PROBABILITY.items()},
        "calibration": {name: calibration_curve(LATE, values, 10) for name, values in PROBABILITY.items()},
    },
    metrics={
        "test": TEST["model"],
        "baselines": {name: {"test": TEST[name]} for name in BASELINES},
        "mean_prediction": {"test": 0.3},
        "baseline_comparison": {"intervals": INTERVALS},
    },
)
MONTHS: list[dict[str, Any]] = [
    {"month": month, "evaluated_on": period, "roc_auc": auc, "predicted": predicted, "observed": observed}
    for month, period, auc, predicted, observed in (
        ("2013-09", "backtest", 0.61, 0.27, 0.14),
        ("2013-10", "backtest", 0.60, 0.21, 0.18),
        ("2013-10", "validation", 0.66, 0.19, 0.18),
        ("2013-11", "test", 0.63, 0.21, 0.31),
    )
]
TRAINING = {"round": [1, 2, 3], "train_log_loss": [0.6, 0.5, 0.4], "validation_log_loss": [0.62, 0.55, 0.57]}
SLICES: list[dict[str, Any]] = [
    {"by": by, "label": label, "rows": flights, "mean_profit": profit, "low": low, "high": high}
    for by, label, flights, profit, low, high in (
        ("carrier", "UA", 600, -30.0, -50.0, -10.0),
        ("carrier", "AA", 390, 10.0, -5.0, 20.0),
        ("carrier", "others (2 labels)", 10, -80.0, None, None),
        ("day_of_week", "Tue", 1000, -14.8, -40.0, 5.0),
    )
]
AGING: list[dict[str, Any]] = [
    {"last_training_month": last, "age_months": age, "month": month, "roc_auc": auc}
    for last, age, month, auc in (
        ("2013-01", 1, "2013-03", 0.7),
        ("2013-01", 2, "2013-04", 0.66),
        ("2013-01", 3, "2013-05", 0.64),
        ("2013-02", 1, "2013-04", 0.69),
        ("2013-02", 2, "2013-05", 0.1),
        ("2013-03", 1, "2013-05", 0.68),
    )
]
BACKTEST_PROFIT = {"threshold": [0.0, 0.25, 0.5, 1.0], "mean_profit": [-50.0, -3.0, -20.0, -40.0]}
PROFIT = {"threshold": [0.0, 0.25, 0.5, 1.0], "mean_profit": [-48.0, -22.0, -10.0, -55.0]}
POINT = Point(1000, 50, 0.5, 0.45, 0.12, 0.08, 0.75, 0.69)
CURVE: Any = {
    1: CurveModel(POINT, None),
    9: CurveModel(POINT._replace(validation_log_loss=0.44, validation_roc_auc=0.7), None),
}  # type: ignore[arg-type]

ROWS = 400
RANDOM = np.random.default_rng(0)
FEATURES = {
    "carrier": np.array([None if row % 9 == 0 else "ABCDE"[row % 5] for row in range(ROWS)], object),
    "destination": np.array([f"D{row % 20:02d}" for row in range(ROWS)], object),  # more than are drawn
    "departure_minutes": (np.arange(ROWS) * 7 % 1440).astype(np.float32),
    "block_minutes": np.where(np.arange(ROWS) % 7 == 0, np.nan, RANDOM.normal(size=ROWS)).astype(np.float32),
    "rate": RANDOM.random(ROWS),
    "constant": np.full(ROWS, 3.0),
    "unknown": np.full(ROWS, np.nan),
}
EXPLANATION = explanation_of(dict.fromkeys(FEATURES, FEATURES["departure_minutes"] / 1440 - 0.5), FEATURES)
LABELS = {name: name.replace("_", " ") for name in FEATURES} | {"departure_minutes": "departure"}
UNITS = {"departure_minutes": "minutes after midnight", "block_minutes": "minutes", "rate": "share"}
PARTNERS: dict[str, str | None] = {
    "carrier": "departure_minutes", "destination": None, "departure_minutes": "carrier", "block_minutes": "destination",
    "rate": "block_minutes", "constant": "unknown", "unknown": "constant",
}  # fmt: skip
NAMES = LABELS | {"a": "time of day", "b": "busy day", "c": "airline", "history": "the days before"}

IMPORTANCES = [
    Importance("feature", "rate", 0.2, 0.18, 0.24, 0.6),
    Importance("feature", "carrier", 0.1, 0.09, 0.12, 0.4),
    Importance("feature", "constant", 0.0, 0.0, 0.0, 0.0),
    Importance("group", "history", 0.3, 0.27, 0.36, 1.0),
]
GROUPS = {"rate": "history", "carrier": "schedule", "constant": "schedule"}
MEASURES = [
    Measures("rate", "t", 1, 2, 1, 0.2, -0.01, -0.02, 0.01, 0.03, 900.0),
    Measures("carrier", "t", 2, 1, 2, 0.1, 0.02, 0.01, 0.03, 0.03, 100.0),
]
INTERACTIONS = Interactions((InteractionPair("topic", "a", "b", 0.4, 0.3, 0.5),), {"feature": 0.0, "topic": 0.25}, 10)
RANKS = rank_effects({"11": {"topic": {"a": 2.0, "b": 1.0}}, "12": {"topic": {"a": 1.0, "b": 2.0}}}, "month")
MANY = rank_effects({"1": {"topic": {f"t{place}": 1.0 + place for place in range(15)}}}, "seed")

PLOTS: dict[str, Callable[[], Plot]] = {
    "training_curve": lambda: evaluation.plot_training_curve(TRAINING),
    "roc": lambda: evaluation.plot_roc(EVALUATION),
    "precision_recall": lambda: evaluation.plot_precision_recall(EVALUATION),
    "metric_by_month": lambda: evaluation.plot_metric_by_month(MONTHS),
    "calibration": lambda: evaluation.plot_calibration(EVALUATION),
    "calibration_by_month": lambda: evaluation.plot_calibration_by_month(MONTHS),
    "confusion": lambda: evaluation.plot_confusion(COUNTS, 0.25),
    "baseline_comparison": lambda: comparison.plot_baselines(EVALUATION.metrics),
    "model_staleness": lambda: comparison.plot_staleness(AGING),
    "profit": lambda: comparison.plot_profit(BACKTEST_PROFIT, PROFIT, 0.25),
    "slices": lambda: comparison.plot_slices(SLICES),
    "learning_curve": lambda: plot_learning_curve(CURVE, "2013-10"),
    "validation_curve": lambda: plot_validation_curve(CURVE, 1, "2013-10"),
    "beeswarm": lambda: dependence.plot_beeswarm(EXPLANATION, LABELS),
    "importance": lambda: importance.plot_importance(IMPORTANCES, GROUPS, NAMES),
    "importance, none": lambda: importance.plot_importance(IMPORTANCES[2:3], GROUPS, NAMES),
    "measures": lambda: importance.plot_importance_measures(MEASURES, NAMES),
    "measures, none": lambda: importance.plot_importance_measures([], {}),
    "interactions": lambda: importance.plot_interactions(INTERACTIONS, NAMES),
    "interactions, none": lambda: importance.plot_interactions(Interactions((), {"topic": 0.0}, 10), {}),
    "stability": lambda: importance.plot_rank_stability(RANKS, NAMES),
    "stability, many": lambda: importance.plot_rank_stability(MANY, {f"t{place}": "x" for place in range(15)}),
    "stability, none": lambda: importance.plot_rank_stability([], {}),
}


@cache
def drawn(name: str) -> Plot:
    """One of `PLOTS`, drawn once in a process."""
    return PLOTS[name]()
