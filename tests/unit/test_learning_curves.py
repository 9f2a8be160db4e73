"""evaluation.learning_curves and curve_models: points of curves; test_wording_evaluation has the conclusions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn import metrics

from flight_delay.core.months import months_between
from flight_delay.evaluation.curve_models import CurveParameters
from flight_delay.evaluation.learning_curves import (
    compare_log_loss,
    last_months,
    measure,
)
from flight_delay.model.predictions import Predictions

MONTHS = months_between("2013-01", "2013-09")
ROWS, DAYS = 600, 20
TARGET = np.random.default_rng(7).random(ROWS) < 0.25


def predict(skill: float, seed: int = 0, target: np.ndarray = TARGET) -> Predictions:
    """Predictions that are better with more skill; those of one seed have the same noise."""
    noise = np.random.default_rng(seed).normal(0, 0.05, len(target))
    probability = np.clip(0.25 + skill * (target - 0.25) + noise, 0.01, 0.99)
    dates = np.datetime64("2013-10-01") + np.arange(len(target)) % DAYS
    return Predictions(np.arange(len(target)).astype(str).astype(object), dates, target, probability.astype(np.float32))


def test_months_are_the_last_ones() -> None:
    assert last_months(MONTHS, [1, 3, 9]) == {1: ["2013-09"], 3: ["2013-07", "2013-08", "2013-09"], 9: MONTHS}


def test_a_point_has_the_metrics_of_scikit_learn() -> None:
    train, validation = predict(0.5, 1, TARGET[:400]), predict(0.3, 2, ~TARGET)
    measured = measure(17, train, validation)
    assert measured.validation is validation
    assert (measured.point.rows, measured.point.rounds) == (400, 17)
    for split, predictions in (("train", train), ("validation", validation)):
        exact = predictions.probability.astype(np.float64)
        log_loss = metrics.log_loss(predictions.target, exact)
        base = metrics.log_loss(predictions.target, np.full(len(predictions), predictions.target.mean()))
        area = metrics.roc_auc_score(predictions.target, exact)
        assert getattr(measured.point, f"{split}_log_loss") == pytest.approx(log_loss, abs=1e-6)
        assert getattr(measured.point, f"{split}_roc_auc") == pytest.approx(area, abs=1e-6)
        assert getattr(measured.point, f"{split}_skill") == pytest.approx(1 - log_loss / base, abs=1e-6)


def test_log_loss_is_compared_as_scikit_learn_measures_it_and_less_is_better() -> None:
    good, bad = predict(0.5), predict(0.1)
    comparison = compare_log_loss(good, bad)
    expected = [metrics.log_loss(TARGET, predictions.probability.astype(np.float64)) for predictions in (good, bad)]
    assert comparison.difference == pytest.approx(expected[0] - expected[1], abs=1e-6)
    assert comparison.low <= comparison.difference <= comparison.high < 0
    assert comparison.verdict == "better"
    assert compare_log_loss(bad, good).verdict == "worse"
    assert compare_log_loss(good, good) == (0, 0, 0, "not_significant")
    certain = good.with_probability((~TARGET).astype(np.float32))
    assert np.isfinite(compare_log_loss(certain, good)[:3]).all()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"training_months": [2, 1]}, "value_error"),
        ({"training_months": [1, 1]}, "value_error"),
        ({"training_months": [3]}, "too_short"),
        ({"training_months": [0, 3]}, "greater_than_equal"),
        ({"max_depths": []}, "too_short"),
        ({"max_depths": [4, 33]}, "less_than_equal"),
        ({"learning_rate": 0.0}, "greater_than"),
    ],
)
def test_invalid_parameters_are_refused(change: dict[str, Any], kind: str) -> None:
    valid = {"training_months": [1, 9], "max_depths": [4], "learning_rate": 0.2}
    CurveParameters(**valid)
    with pytest.raises(ValidationError) as refused:
        CurveParameters(**{**valid, **change})
    (error,) = refused.value.errors()
    assert (error["loc"][0], error["type"]) == (next(iter(change)), kind)
