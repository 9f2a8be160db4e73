"""review.diff.model: settings, features, trees, splits and leaves of two models."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from flight_delay.review.diff.content_difference import ContentDifference
from flight_delay.review.diff.files import Tolerance, compare_files
from flight_delay.review.diff.model import Model, compare_models, parse_model, read_model

RANDOM = np.random.default_rng(5)
FEATURES = RANDOM.random((500, 3)).astype(np.float32)
FEATURES[:, 2] = RANDOM.integers(5, size=500)
LATE = FEATURES[:, 0] + 0.1 * (FEATURES[:, 2] == 3) + RANDOM.normal(0, 0.3, 500) > 0.6


def train(rounds: int = 3, names: str = "abc", kinds: tuple[str, ...] = ("q", "q", "c"), **changes: Any) -> xgb.Booster:
    matrix = xgb.DMatrix(FEATURES, LATE, feature_names=list(names), feature_types=kinds, enable_categorical=True)
    parameters = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "nthread": 1, **changes}
    return xgb.train(parameters, matrix, rounds)


def parse(booster: xgb.Booster) -> Model:
    return parse_model(bytes(booster.save_raw("json")))


@pytest.fixture(scope="module")
def model() -> Model:
    return parse(train())


def compare_changed(model: Model, tree: int, field: str, by: float, *, leaf: bool = False) -> ContentDifference:
    """Compare the model with a copy that has one node changed."""
    trees = copy.deepcopy(model.trees)
    nodes = enumerate(trees[tree]["left_children"])
    node = next(at for at, left in nodes if (left < 0) == leaf and not trees[tree]["split_type"][at])
    trees[tree][field][node] += by
    return compare_models(model, model._replace(trees=trees))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"rounds": 4}, "3 -> 4 "),
        ({"eta": 0.3}, "3 of 3 "),
        ({"names": "abd"}, "feature_names.2 'c' -> 'd'"),
        ({"kinds": ("q", "int", "c")}, "feature_types.1 'q' -> 'int'"),
        ({"base_score": 0.4}, "learner_model_param.base_score.0 "),
        ({"objective": "reg:logistic"}, "objective.name 'binary:logistic' -> 'reg:logistic'"),
        ({"scale_pos_weight": 2}, "objective.reg_loss_param.scale_pos_weight '1' -> '2'"),
    ],
)
def test_another_model_matters(model: Model, changes: dict[str, Any], shown: str) -> None:
    finding = compare_models(model, parse(train(**changes)))
    assert finding.matters
    assert shown in finding.summary


def test_settings_of_the_machine_are_not_part_of_a_model(model: Model) -> None:
    assert compare_models(model, parse(train(nthread=2, eval_metric="auc"))) == compare_models(model, model)


@pytest.mark.parametrize(("by", "matters"), [(9e-7, False), (1e-5, True), (float("nan"), True)])
def test_leaves_may_differ_by_a_millionth(model: Model, by: float, matters: bool) -> None:
    finding = compare_changed(model, 1, "split_conditions", by, leaf=True)
    assert finding.matters == matters
    assert finding.summary.startswith("1 of 3 ")


@pytest.mark.parametrize(("field", "by"), [("split_conditions", 6e-7), ("split_indices", 1), ("default_left", 1)])
def test_any_other_split_matters(model: Model, field: str, by: float) -> None:
    finding = compare_changed(model, 2, field, by)
    assert finding.matters
    assert finding.summary.startswith("1 of 3 ")


def test_other_categories_of_a_split_matter(model: Model) -> None:
    trees = copy.deepcopy(model.trees)
    split = next(tree for tree in trees if tree["categories"])
    split["categories"][0] += 1
    assert compare_models(model, model._replace(trees=trees)).matters


def test_statistics_of_training_do_not_matter(model: Model) -> None:
    assert not compare_changed(model, 0, "loss_changes", 1).matters


@pytest.mark.parametrize(("by", "matters"), [(9e-7, False), (1e-5, True)])
def test_a_base_score_may_differ_by_a_millionth(model: Model, by: float, matters: bool) -> None:
    settings = copy.deepcopy(model.settings)
    settings["learner_model_param"]["base_score"][0] += by
    assert compare_models(model, model._replace(settings=settings)).matters == matters


def test_a_model_is_read_from_its_bytes(model: Model) -> None:
    assert read_model(bytes(train().save_raw("ubj"))) == model


def test_a_model_that_cannot_be_read_is_described_by_its_size() -> None:
    content = bytes(train().save_raw("ubj"))
    (difference,) = compare_files({"model.ubj": content}, {"model.ubj": content[:-200]}, Tolerance())
    assert difference.matters
    assert f"{len(content):,} -> {len(content) - 200:,} bytes" in difference.summary


def test_a_model_without_trees_is_refused() -> None:
    with pytest.raises(KeyError):
        parse(train(booster="gblinear", kinds=("q", "q", "q")))
