"""review.diff.model: settings, features and trees of two models."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from flight_delay.review.diff.model import compare_model_dumps, parse_model, read_model

RANDOM = np.random.default_rng(5)
FEATURES = RANDOM.random((500, 3)).astype(np.float32)
FEATURES[:, 2] = RANDOM.integers(5, size=500)
TARGET = FEATURES[:, 0] + 0.1 * (FEATURES[:, 2] == 3) + RANDOM.normal(0, 0.3, 500) > 0.6


def train(rounds: int = 3, names: str = "abc", kinds: tuple[str, ...] = ("q", "q", "c"), **changes: Any) -> xgb.Booster:
    matrix = xgb.DMatrix(FEATURES, TARGET, feature_names=list(names), feature_types=kinds, enable_categorical=True)
    parameters = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "nthread": 1, **changes}
    return xgb.train(parameters, matrix, rounds)


def parse(booster: xgb.Booster) -> dict[str, Any]:
    return parse_model(bytes(booster.save_raw("json")))


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return parse(train())


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"rounds": 4}, "3 -> 4 trees; "),
        ({"eta": 0.3}, "tree."),
        ({"names": "abd"}, "feature_names.2 'c' -> 'd'"),
        ({"kinds": ("q", "int", "c")}, "feature_types.1 'q' -> 'int'"),
        ({"base_score": 0.4}, "learner_model_param.boost_from_average "),
        ({"objective": "reg:logistic"}, "objective.name 'binary:logistic' -> 'reg:logistic'"),
        ({"scale_pos_weight": 2}, "objective.reg_loss_param.scale_pos_weight '1' -> '2'"),
    ],
)
def test_another_model_matters(model: dict[str, Any], changes: dict[str, Any], shown: str) -> None:
    difference = compare_model_dumps(model, parse(train(**changes)))
    assert difference.matters
    assert shown in difference.summary


def test_settings_of_the_machine_are_not_part_of_a_model(model: dict[str, Any]) -> None:
    same = compare_model_dumps(model, parse(train(nthread=2, eval_metric="auc")))
    assert same == compare_model_dumps(model, model)
    assert not same.matters


@pytest.mark.parametrize(
    ("field", "by", "matters"),
    [
        ("split_conditions", 9e-7, False),
        ("split_conditions", 1e-5, True),
        ("split_conditions", float("nan"), True),
        ("split_indices", 1, True),
        ("default_left", 1, True),
        ("base_score", 9e-7, False),
        ("base_score", 1e-5, True),
    ],
)
def test_numbers_may_differ_by_a_millionth(model: dict[str, Any], field: str, by: float, *, matters: bool) -> None:
    changed = copy.deepcopy(model)
    values = changed["learner_model_param"] if field == "base_score" else changed["tree"][1]
    values[field][0] += by
    assert compare_model_dumps(model, changed).matters == matters


def test_other_categories_of_a_split_matter(model: dict[str, Any]) -> None:
    changed = copy.deepcopy(model)
    next(tree for tree in changed["tree"] if tree["categories"])["categories"][0] += 1
    assert compare_model_dumps(model, changed).matters


def test_a_model_is_read_from_its_bytes_without_statistics_of_training(model: dict[str, Any]) -> None:
    assert read_model(bytes(train().save_raw("ubj"))) == model
    assert {"split_conditions", "left_children"} <= set(model["tree"][0])
    assert not {"base_weights", "loss_changes", "sum_hessian"} & set(model["tree"][0])


def test_a_model_without_trees_is_refused() -> None:
    with pytest.raises(KeyError):
        parse(train(booster="gblinear", kinds=("q", "q", "q")))
