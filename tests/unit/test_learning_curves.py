"""evaluation.learning_curves and its stage's parameters: points of curves, and what they are read to say."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn import metrics

from flight_delay.core.errors import UserError
from flight_delay.core.months import months_between
from flight_delay.evaluation.curve_models import CurveParameters
from flight_delay.evaluation.learning_curves import (
    Learnt,
    Point,
    compare_log_loss,
    last_months,
    measure,
    read_depth,
    read_fit,
    read_months,
    read_rounds,
)
from flight_delay.model.predictions import Predictions

MONTHS = months_between("2013-01", "2013-09")
ROWS, DAYS = 600, 20
LATE = np.random.default_rng(7).random(ROWS) < 0.25
POINT = Point(1000, 50, 0.5, 0.45, 0.12, 0.08, 0.75, 0.69)


def says(skill: float, seed: int = 0, late: np.ndarray = LATE) -> Predictions:
    """Predictions that are better, the more skill they have; those of one seed move together."""
    noise = np.random.default_rng(seed).normal(0, 0.05, len(late))
    probability = np.clip(0.25 + skill * (late - 0.25) + noise, 0.01, 0.99)
    dates = np.datetime64("2013-10-01") + np.arange(len(late)) % DAYS
    return Predictions(np.arange(len(late)).astype(str).astype(object), dates, late, probability.astype(np.float32))


def learnt(skill: float, seed: int = 0) -> Learnt:
    return Learnt(POINT, says(skill, seed))


def test_months_are_the_last_ones() -> None:
    assert last_months(MONTHS, [1, 3, 9]) == {1: ["2013-09"], 3: ["2013-07", "2013-08", "2013-09"], 9: MONTHS}


def test_more_months_than_there_are_are_refused_by_the_name_of_the_key() -> None:
    with pytest.raises(UserError, match=r"learning_curves\.training_months: 10 .* 9, .*windows\.train"):
        last_months(MONTHS, [1, 10])


def test_a_point_has_the_metrics_of_scikit_learn() -> None:
    train, validation = says(0.5, 1, LATE[:400]), says(0.3, 2, ~LATE)
    found = measure(17, train, validation)
    assert found.validation is validation
    assert (found.point.rows, found.point.rounds) == (400, 17)
    for window, of in (("train", train), ("validation", validation)):
        exact = of.probability.astype(np.float64)
        log_loss = metrics.log_loss(of.late, exact)
        base = metrics.log_loss(of.late, np.full(len(of), of.late.mean()))
        assert getattr(found.point, f"{window}_logloss") == pytest.approx(log_loss, abs=1e-6)
        assert getattr(found.point, f"{window}_roc_auc") == pytest.approx(
            metrics.roc_auc_score(of.late, exact), abs=1e-6
        )
        assert getattr(found.point, f"{window}_skill") == pytest.approx(1 - log_loss / base, abs=1e-6)


def test_saying_the_share_of_late_flights_is_no_skill() -> None:
    share = says(0)
    constant = Predictions(share.flight_id, share.flight_date, LATE, np.full(ROWS, LATE.mean(), np.float32))
    found = measure(1, constant, constant).point
    assert (found.train_skill, found.validation_skill) == pytest.approx((0, 0), abs=1e-6)


def test_log_loss_is_compared_as_scikit_learn_measures_it_and_less_is_better() -> None:
    good, bad = says(0.5), says(0.1)
    found = compare_log_loss(good, bad)
    expected = [metrics.log_loss(LATE, of.probability.astype(np.float64)) for of in (good, bad)]
    assert found.difference == pytest.approx(expected[0] - expected[1], abs=1e-6)
    assert found.low <= found.difference <= found.high < 0
    assert found.verdict == "better"
    assert compare_log_loss(bad, good).verdict == "worse"
    assert compare_log_loss(good, good) == (0, 0, 0, "undecided")


def test_certain_mistakes_do_not_cost_infinitely_much() -> None:
    of = says(0)
    certain = Predictions(of.flight_id, of.flight_date, LATE, (~LATE).astype(np.float32))
    assert np.isfinite(compare_log_loss(certain, of)[:3]).all()


def opening(found: str) -> str:
    """What is concluded, before the numbers."""
    return found.partition(": ")[0]


@pytest.mark.parametrize("skills", [(0.1, 0.2, 0.5), (0.1, 0.5, 0.2), (0.1, 0.3, 0.3)])
def test_months_are_read_from_the_last_two_points(skills: tuple[float, ...]) -> None:
    found = read_months({months: learnt(skill) for months, skill in zip((1, 2, 9), skills, strict=True)}, "2013-10")
    moved = compare_log_loss(says(skills[2]), says(skills[1])).difference
    assert f" {abs(moved):.4f} " in found
    assert re.findall(r"\b\d\b(?!\.)", found)[-2:] == ["2", "9"]
    assert "2013-10" in found


def test_better_worse_and_undecided_are_read_differently() -> None:
    pairs = ((0.2, 0.5), (0.5, 0.2), (0.3, 0.3))
    assert len({opening(read_months({1: learnt(a), 2: learnt(b)}, "2013-10")) for a, b in pairs}) == 3
    more, less = ((0.2, 0.6), (0.3, 0.5)), ((0.6, 0.2), (0.5, 0.3))
    for alike in (more, less):
        assert len({opening(read_months({1: learnt(a), 2: learnt(b)}, "2013-10")) for a, b in alike}) == 1


def test_the_interval_stands_in_the_direction_of_the_difference() -> None:
    fell = read_months({1: learnt(0.1), 2: learnt(0.5)}, "2013-10")
    rose = read_months({1: learnt(0.5), 2: learnt(0.1)}, "2013-10")
    numbers = [re.findall(r"−?\d\.\d{4}", of) for of in (fell, rose)]
    assert numbers[0] == numbers[1]
    _, low, high = (float(of.replace("−", "-")) for of in numbers[0])
    assert 0 < low < high


def test_bias_and_variance_are_told_apart_by_what_carries_over() -> None:
    def read(train: float, validation: float) -> str:
        of = Learnt(POINT._replace(train_roc_auc=train, validation_roc_auc=validation), says(0))
        numbers, _, lacks = read_fit({1: learnt(0), 9: of}, "2013-10").partition(": ")
        assert " 9 " in numbers
        assert re.findall(r"\d\.\d{3}", numbers) == [f"{train:.3f}", f"{validation:.3f}"]
        return lacks

    # Nine tenths of what is above one half in training must be found again.
    assert read(0.70, 0.69) == read(0.70, 0.681)
    assert read(0.70, 0.679) == read(0.8, 0.7) != read(0.70, 0.69)


@pytest.mark.parametrize(
    ("losses", "max_rounds", "numbers"),
    [
        (
            [0.6, 0.5, 0.42, 0.4, 0.41],
            100,
            ["4", "0.4000", "2", "1"],
        ),
        (
            [0.6, 0.5, 0.4],
            3,
            ["3", "0.4000"],
        ),
        (
            [0.4, 0.5],
            100,
            ["1", "0.4000", "1", "1"],
        ),
    ],
)
def test_rounds_are_read_from_the_training_curve(losses: list[float], max_rounds: int, numbers: list[str]) -> None:
    found = read_rounds(losses, max_rounds, "2013-10")
    assert re.findall(r"\b\d\.\d+|\b\d\b", found) == numbers
    assert ("train_model.max_rounds" in found) == (len(losses) == max_rounds)


@pytest.mark.parametrize(
    ("skills", "depths"),
    [
        ({2: 0.1, 4: 0.5, 8: 0.2}, ["2", "4", "8", "4"]),
        ({2: 0.5, 4: 0.1, 8: 0.2}, ["4", "2", "2", "4", "8"]),
        ({2: 0.1, 4: 0.2, 8: 0.5}, ["4", "8", "2", "4", "8"]),
        ({2: 0.3, 4: 0.3, 8: 0.3}, ["2", "4", "8", "4"]),
    ],
)
def test_depth_is_read_against_the_one_that_is_used(skills: dict[int, float], depths: list[str]) -> None:
    found = read_depth(4, {depth: learnt(skill) for depth, skill in skills.items()}, "2013-10")
    assert depths_in(found) == depths


def depths_in(found: str) -> list[str]:
    """Depths that are named: of none better those that were tried and the one used, else used, best and tried."""
    return re.findall(r"\b[248]\b(?!\.\d)", found)


def test_a_depth_that_is_hardly_better_is_not_said_to_help() -> None:
    found = read_depth(4, {4: learnt(0.3, seed=1), 8: learnt(0.3, seed=2), 2: learnt(0)}, "2013-10")
    other = read_depth(8, {4: learnt(0.3, seed=1), 8: learnt(0.3, seed=2), 2: learnt(0)}, "2013-10")
    shown = next(of for of in (found, other) if len(depths_in(of)) == 5)
    used, best, *_ = map(int, depths_in(shown))
    helps = read_depth(used, {used: learnt(0.1), best: learnt(0.5)}, "2013-10")
    assert depths_in(helps)[:2] == depths_in(shown)[:2]
    assert opening(shown) != opening(helps)


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
def test_parameters_that_make_no_curve_are_refused(change: dict[str, Any], kind: str) -> None:
    fine = {"training_months": [1, 9], "max_depths": [4], "learning_rate": 0.2}
    CurveParameters(**fine)
    with pytest.raises(ValidationError) as refused:
        CurveParameters(**{**fine, **change})
    (error,) = refused.value.errors()
    assert (error["loc"][0], error["type"]) == (next(iter(change)), kind)
