"""evaluation.learning_curves and curve_models: points of curves, and what is concluded from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn import metrics

from flight_delay.core.errors import UserError
from flight_delay.core.months import months_between
from flight_delay.evaluation.curve_models import CurveParameters
from flight_delay.evaluation.learning_curves import (
    CurveModel,
    Point,
    compare_log_loss,
    interpret_depth,
    interpret_fit,
    interpret_months,
    interpret_rounds,
    last_months,
    measure,
)
from flight_delay.model.predictions import Predictions

MONTHS = months_between("2013-01", "2013-09")
ROWS, DAYS = 600, 20
TARGET = np.random.default_rng(7).random(ROWS) < 0.25
POINT = Point(1000, 50, 0.5, 0.45, 0.12, 0.08, 0.75, 0.69)


def predict(skill: float, seed: int = 0, target: np.ndarray = TARGET) -> Predictions:
    """Predictions that are better with more skill; those of one seed have the same noise."""
    noise = np.random.default_rng(seed).normal(0, 0.05, len(target))
    probability = np.clip(0.25 + skill * (target - 0.25) + noise, 0.01, 0.99)
    dates = np.datetime64("2013-10-01") + np.arange(len(target)) % DAYS
    return Predictions(np.arange(len(target)).astype(str).astype(object), dates, target, probability.astype(np.float32))


def model(skill: float, seed: int = 0) -> CurveModel:
    return CurveModel(POINT, predict(skill, seed))


def conclusion(sentence: str) -> str:
    """The part before the numbers."""
    return sentence.partition(": ")[0]


def test_months_are_the_last_ones_and_more_than_there_are_are_refused() -> None:
    assert last_months(MONTHS, [1, 3, 9]) == {1: ["2013-09"], 3: ["2013-07", "2013-08", "2013-09"], 9: MONTHS}
    with pytest.raises(UserError, match=r"learning_curves\.training_months: 10 .* 9 .*splits\.train"):
        last_months(MONTHS, [1, 10])


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


@pytest.mark.parametrize("skills", [(0.1, 0.2, 0.5), (0.1, 0.5, 0.2), (0.1, 0.3, 0.3)])
def test_months_are_interpreted_by_the_last_two_points(skills: tuple[float, ...]) -> None:
    by_months = {months: model(skill) for months, skill in zip((1, 2, 9), skills, strict=True)}
    comparison = compare_log_loss(predict(skills[2]), predict(skills[1]))
    sentence = interpret_months(by_months, "2013-10")
    assert f" {abs(comparison.difference):.4f} " in sentence
    assert sentence.endswith("2 to 9 months.")
    first_two = interpret_months({2: model(0.2), 9: model(0.5)}, "2013-10")
    assert (conclusion(sentence) == conclusion(first_two)) == (comparison.verdict == "better")


def test_bias_and_variance_are_told_apart_by_the_generalization_ratio() -> None:
    def interpret(train: float, validation: float) -> str:
        last_model = CurveModel(POINT._replace(train_roc_auc=train, validation_roc_auc=validation), predict(0))
        sentence = interpret_fit({1: model(0), 9: last_model}, "2013-10")
        assert [number in sentence for number in ("9", f"{train:.3f}", f"{validation:.3f}")] == [True] * 3
        return conclusion(sentence)

    # Nine tenths of what is above one half in training.
    assert interpret(0.70, 0.69) == interpret(0.70, 0.681)
    assert interpret(0.70, 0.679) == interpret(0.8, 0.7) != interpret(0.70, 0.69)


@pytest.mark.parametrize(
    ("losses", "num_boost_round", "numbers"),
    [
        ([0.6, 0.5, 0.42, 0.4, 0.41], 100, [" 4 ", "0.4000", " 2,", " 1 "]),
        ([0.6, 0.5, 0.4], 3, [" 3 ", "0.4000", "train_model.num_boost_round"]),
        ([0.4, 0.5], 100, [" 1 ", "0.4000", " 1,"]),
    ],
)
def test_rounds_are_interpreted_by_the_training_curve(
    losses: list[float], num_boost_round: int, numbers: list[str]
) -> None:
    sentence = interpret_rounds(losses, num_boost_round, "2013-10")
    assert [number in sentence for number in numbers] == [True] * len(numbers)


@pytest.mark.parametrize(
    ("skills", "best"),
    [
        ({2: 0.1, 4: 0.5, 8: 0.2}, 4),
        ({2: 0.5, 4: 0.1, 8: 0.2}, 2),
        ({2: 0.1, 4: 0.2, 8: 0.5}, 8),
        ({2: 0.3, 4: 0.3, 8: 0.3}, 4),
    ],
)
def test_depths_are_compared_with_the_used_one_which_wins_ties(skills: dict[int, float], best: int) -> None:
    sentence = interpret_depth(4, {depth: model(skill) for depth, skill in skills.items()}, "2013-10")
    assert sentence.startswith("Depth 4") if best == 4 else f" to {best} " in sentence


def test_a_depth_that_is_insignificantly_better_is_not_said_to_help() -> None:
    by_depth = {4: model(0.3, seed=1), 8: model(0.3, seed=2)}
    comparison = compare_log_loss(by_depth[8].validation, by_depth[4].validation)
    used, best = (4, 8) if comparison.difference < 0 else (8, 4)
    assert comparison.verdict == "not_significant"
    helps = interpret_depth(used, {used: model(0.1), best: model(0.5)}, "2013-10")
    assert conclusion(interpret_depth(used, by_depth, "2013-10")) != conclusion(helps)


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
