"""report.plots of the stages evaluate and learning_curves: numbers in, a plot of the report out."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from plots import check_plot

from flight_delay.evaluation.curves import calibration_curve, precision_recall_curve, roc_curve
from flight_delay.evaluation.learning_curves import CurveModel, Point
from flight_delay.model.baselines import BASELINES
from flight_delay.report.plots import comparison, evaluation
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
}
drawn = cache(lambda name: PLOTS[name]())
NUMBER = re.compile(r"2013-\d\d|[-+]?\d[\d.]*%?")


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_deterministic_and_names_its_place(name: str) -> None:
    assert check_plot(PLOTS[name], drawn(name)).name == name


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (
            "training_curve",
            lambda: evaluation.plot_training_curve({key: losses[:2] for key, losses in TRAINING.items()}),
        ),
        ("metric_by_month", lambda: evaluation.plot_metric_by_month(MONTHS[1:])),
        ("calibration_by_month", lambda: evaluation.plot_calibration_by_month(MONTHS[1:])),
        ("confusion", lambda: evaluation.plot_confusion(COUNTS | {"true_positive": 41}, 0.25)),
        ("model_staleness", lambda: comparison.plot_staleness([*AGING[:-1], {**AGING[-1], "roc_auc": 0.65}])),
        ("profit", lambda: comparison.plot_profit(PROFIT, PROFIT, 0.25)),
        ("slices", lambda: comparison.plot_slices(SLICES[:2])),
        ("validation_curve", lambda: plot_validation_curve(CURVE, 9, "2013-10")),
    ],
)
def test_other_numbers_give_another_plot(name: str, other: Callable[[], Plot]) -> None:
    assert other().content != drawn(name).content


@pytest.mark.parametrize(
    ("plot", "numbers"),
    [
        (lambda: drawn("roc"), [f"{TEST['model']['roc_auc']:.3f}"]),
        (lambda: drawn("training_curve"), ["2", "0.5500"]),
        (lambda: drawn("calibration_by_month"), ["2013-09", "27.0%", "14.0%"]),
        (lambda: drawn("confusion"), ["25%", "40%"]),
        # A small slice is not drawn but counts in the mean.
        (lambda: drawn("slices"), ["-30", "-15"]),
        # Only models of age 1 are retrained.
        (lambda: drawn("model_staleness"), ["-0.035"]),
        (lambda: comparison.plot_staleness(AGING[:1]), ["+0.000"]),
        (lambda: drawn("profit"), ["25%", "-22.0", "-10.0"]),
        (lambda: comparison.plot_profit(BACKTEST_PROFIT, PROFIT, 0.26), ["26%", "-22.0", "-10.0"]),
        (lambda: drawn("learning_curve"), ["1", "0.690", "2013-10", "9", "0.700"]),
        (lambda: drawn("validation_curve"), ["0.4500", "1", "0.4400", "9"]),
    ],
)
def test_the_title_has_the_main_numbers(plot: Callable[[], Plot], numbers: list[str]) -> None:
    assert NUMBER.findall(plot().title) == numbers
