"""review.difference.models and trees: what is stored of a model, and what its trees tell of how they were grown."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from flight_delay.review.difference.files import Tolerance, differences
from flight_delay.review.difference.models import Model, compare_models, model_of, read_model
from flight_delay.review.difference.read_model import held_in
from flight_delay.review.difference.trees import depth, grown_with
from flight_delay.review.difference.wording import Said

RANDOM = np.random.default_rng(5)
FEATURES = RANDOM.random((2000, 3)).astype(np.float32)
FEATURES[:, 2] = RANDOM.integers(5, size=2000)
LATE = FEATURES[:, 0] + 0.1 * (FEATURES[:, 2] == 3) + RANDOM.normal(0, 0.3, 2000) > 0.6
BASE = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "lambda": 2, "nthread": 1}


def trained(rounds: int = 3, names: str = "abc", kinds: tuple[str, ...] = ("q", "q", "c"), **changes: Any) -> bytes:
    matrix = xgb.DMatrix(FEATURES, LATE, feature_names=list(names), feature_types=kinds, enable_categorical=True)
    return bytes(xgb.train({**BASE, **changes}, matrix, rounds).save_raw("ubj"))


def model(content: bytes) -> Model:
    return model_of(content, held_in(content))


THEN = trained()


def compared(now: bytes) -> Said:
    return compare_models(model(THEN), model(now))


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The model with something changed in its JSON."""
    held = copy.deepcopy(held_in(THEN)["model"])
    change(held["learner"])
    return bytes(xgb.Booster(model_file=bytearray(json.dumps(held).encode())).save_raw("ubj"))


def trees(learner: dict[str, Any]) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = learner["gradient_booster"]["model"]["trees"]
    return stored


def node(tree: dict[str, Any], leaf: bool) -> int:
    return next(
        at for at, left in enumerate(tree["left_children"]) if (left < 0) == leaf and not tree["split_type"][at]
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"eta": 0.3}, "rate 0.1 -> 0.3"),
        ({"lambda": 5}, "lambda 2 -> 5"),
        ({"lambda": 0}, "lambda 2 -> 0"),
        ({"max_depth": 2}, "tree 3 -> 2"),
        ({"min_child_weight": 100}, "hessian "),
        ({"max_depth": 1}, "tree 3 -> 1, lambda 2 -> "),
        ({"base_score": 0.4}, "learner_model_param.base_score "),
        ({"objective": "reg:logistic"}, "learner_train_param.objective 'binary:logistic' -> 'reg:logistic'"),
        ({"scale_pos_weight": 2}, "objective.reg_loss_param.scale_pos_weight '1' -> '2'"),
        ({"rounds": 4}, "3 -> 4 "),
        ({"names": "abd"}, " 2 'c (c)' -> 'd (c)'"),
        ({"kinds": ("q", "int", "c")}, " 1 'b (q)' -> 'b (int)'"),
    ],
)
def test_a_changed_parameter_is_named_and_matters(changes: dict[str, Any], words: str) -> None:
    said = compared(trained(**changes))
    assert words in said.words
    assert said.matters
    assert said.words.isprintable()


def test_rounds_alone_say_nothing_else() -> None:
    words = compared(trained(rounds=4)).words
    assert words.startswith("3 -> 4 ")
    assert ";" not in words


def test_a_setting_that_is_not_stored_changes_nothing() -> None:
    said = compared(trained(nthread=2, device="cpu", eval_metric="auc"))
    assert said == compare_models(model(THEN), model(THEN))
    assert not said.matters


def test_leaves_within_a_millionth_do_not_matter() -> None:
    def by(distance: float) -> Said:
        def change(learner: dict[str, Any]) -> None:
            tree = trees(learner)[1]
            tree["split_conditions"][node(tree, leaf=True)] += distance

        return compared(changed(change))

    assert by(9e-7).words.startswith("tree 1, node ")
    assert by(9e-7).words.endswith(" 1e-06")
    assert not by(9e-7).matters
    assert " leaf " in by(1e-5).words
    assert by(1e-5).matters
    assert not by(1e-5).words.endswith(" 1e-06")


def test_what_is_read_off_trees_matters_no_more_than_the_trees() -> None:
    def change(learner: dict[str, Any]) -> None:
        for tree in trees(learner):
            tree["split_conditions"][node(tree, leaf=True)] += 5e-7
            tree["sum_hessian"] = [2 * of for of in tree["sum_hessian"]]

    said = compared(changed(change))
    assert " hessian " in said.words
    assert not said.matters


def test_any_other_split_matters_and_is_shown_before_small_leaves() -> None:
    def change(learner: dict[str, Any]) -> None:
        first, _, last = trees(learner)
        first["split_conditions"][node(first, leaf=True)] += 5e-7
        last["split_conditions"][node(last, leaf=False)] += 6e-7

    said = compared(changed(change))
    assert said.words.startswith("tree 2, node 0: split a < ")
    assert "; one of 2 " in said.words
    assert said.matters


@pytest.mark.parametrize(
    ("field", "words"), [("split_indices", "split b <"), ("default_left", "missing ")], ids=["feature", "missing"]
)
def test_a_split_on_another_feature_or_another_way_for_missing_values_matters(field: str, words: str) -> None:
    def change(learner: dict[str, Any]) -> None:
        tree = trees(learner)[0]
        tree[field][0] = 1 - tree[field][0]

    said = compared(changed(change))
    assert said.words.startswith("tree 0, node 0: split a ")
    assert words in said.words.partition(" -> ")[2]
    assert said.matters


def test_other_categories_of_a_split_matter() -> None:
    def change(learner: dict[str, Any]) -> None:
        tree = next(tree for tree in trees(learner) if tree["categories"])
        tree["categories"][0] = (tree["categories"][0] + 1) % 5

    said = compared(changed(change))
    assert "split c in [" in said.words
    assert said.matters


def test_gains_and_other_statistics_of_nodes_do_not_matter() -> None:
    def change(learner: dict[str, Any]) -> None:
        trees(learner)[0]["loss_changes"][0] += 1

    assert not compared(changed(change)).matters


@pytest.mark.parametrize(("by", "matters"), [("3.9800005E-1", False), ("3.99E-1", True)])
def test_a_base_score_within_a_millionth_does_not_matter(by: str, matters: bool) -> None:
    settings = model(THEN).settings
    then, now = (model(THEN)._replace(settings={**settings, "base_score": f"[{score}]"}) for score in ("3.98E-1", by))
    assert compare_models(then, now) == Said(f"base_score '[3.98E-1]' -> '[{by}]'", matters)


def test_of_many_settings_the_first_are_named() -> None:
    then = model(THEN)
    now = then._replace(settings={**then.settings, **{f"attributes.{at}": "x" for at in range(7)}})
    said = compare_models(then, now)
    *named, rest = said.words.split("; ")
    assert [words.split()[0] for words in named] == [f"attributes.{at}" for at in range(5)]
    assert rest.startswith("2 ")
    assert said.matters


def test_features_more_or_less_are_counted() -> None:
    then = model(THEN)
    said = compare_models(then, then._replace(features=then.features[:2]))
    assert said.matters
    assert said.words.startswith("3 -> 2 ")
    assert " 2 'c (c)' -> " in said.words


def test_the_version_that_wrote_a_model_is_read_from_its_bytes() -> None:
    assert model(THEN).writer == xgb.__version__
    older = THEN[:-4] + b"\x01" + THEN[-3:]
    said = compared(older)
    assert not said.matters
    assert said.words.endswith(f" {xgb.__version__} -> 3.1.0")


def test_depth_is_the_number_of_splits_on_the_longest_way() -> None:
    assert depth({"left_children": [-1], "right_children": [-1]}) == 0
    assert depth({"left_children": [1, -1, 3, -1, -1], "right_children": [2, -1, 4, -1, -1]}) == 2


def test_nothing_can_be_read_off_no_trees() -> None:
    assert set(grown_with([]).values()) == {0.0, None}


def test_one_node_is_too_few_to_tell_lambda() -> None:
    told = grown_with(model(trained(rounds=1, max_depth=2)).trees)
    assert (told["lambda"], told["learning rate"]) == (None, None)


def test_a_model_is_read_in_another_process() -> None:
    assert read_model(THEN) == model(THEN)


def test_a_damaged_model_is_compared_by_bytes() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        read_model(THEN[:-200])
    (found,) = differences({"model.ubj": THEN}, {"model.ubj": THEN[:-200]}, Tolerance())
    assert f"{len(THEN):,} -> {len(THEN) - 200:,} bytes" in found.says
    assert found.matters


def test_a_model_that_is_not_of_trees_is_compared_by_bytes() -> None:
    linear = trained(booster="gblinear", kinds=("q", "q", "q"))
    with pytest.raises(KeyError):
        model(linear)
