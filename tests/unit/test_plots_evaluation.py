"""report.plots.evaluation and report.plots.training: numbers in, the same PNG every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flight_delay.report.plots.training import training_curve

from flight_delay.evaluation.curves import calibration, precision_recall, roc
from flight_delay.report.plots import evaluation as plots

LATE = np.arange(300) % 3 == 0
MODELS = {name: np.random.default_rng(seed).random(300) for seed, name in enumerate(("model", "logistic"))}
CURVES: dict[str, dict[str, Any]] = {
    "roc": {name: roc(LATE, probability) for name, probability in MODELS.items()},
    "precision_recall": {name: precision_recall(LATE, probability) for name, probability in MODELS.items()},
    "calibration": {name: calibration(LATE, probability, 10) for name, probability in MODELS.items()},
}
COUNTS = {"true_positive": 40, "false_negative": 60, "false_positive": 30, "true_negative": 170}
MONTHLY = [
    {"month": "2013-10", "judged": "backtest", "roc_auc": 0.61},
    {"month": "2013-10", "judged": "validation", "roc_auc": 0.66},
    {"month": "2013-11", "judged": "test", "roc_auc": 0.63},
]
METRICS = {
    "test": {"roc_auc": 0.63, "average_precision": 0.31, "base_rate": 0.33},
    "baselines": {"logistic": {"test": {"roc_auc": 0.6, "average_precision": 0.3}}},
    "mean_prediction": {"test": 0.3},
    "confusion": {"test": COUNTS},
    "threshold": 0.25,
}
TRAINING = pd.DataFrame(
    {"round": [1, 2, 3], "train_logloss": [0.6, 0.5, 0.4], "validation_logloss": [0.62, 0.55, 0.57]}
)

DRAWN: dict[str, Callable[[], bytes]] = {
    "roc": lambda: plots.roc(CURVES["roc"], {"model": 0.63, "logistic": 0.6}),
    "precision_recall": lambda: plots.precision_recall(
        CURVES["precision_recall"], {"model": 0.31, "logistic": 0.3}, 0.33
    ),
    "calibration": lambda: plots.calibration(CURVES["calibration"], 0.3, 0.33),
    "confusion": lambda: plots.confusion(COUNTS, 0.25),
    "metric_by_month": lambda: plots.metric_by_month(MONTHLY),
    "training_curve": lambda: training_curve(TRAINING),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(
    draw: Callable[[], bytes], draw_twice: Callable[[Callable[[], bytes]], None]
) -> None:
    draw_twice(draw)


def test_every_picture_of_an_evaluation_is_drawn_from_its_own_numbers() -> None:
    drawn = plots.draw_all(METRICS, CURVES, MONTHLY)
    assert drawn == {name: DRAWN[name]() for name in drawn}
    assert set(drawn) == set(DRAWN) - {"training_curve"}


def test_other_numbers_give_another_picture() -> None:
    assert plots.confusion({**COUNTS, "true_positive": 41}, 0.25) != DRAWN["confusion"]()
    assert plots.metric_by_month(MONTHLY[:2]) != DRAWN["metric_by_month"]()
    assert training_curve(TRAINING[:2]) != DRAWN["training_curve"]()
