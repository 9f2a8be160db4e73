"""tuning.space: which search spaces are valid, and their distributions in Optuna."""

from __future__ import annotations

from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.model.booster import BoosterParameters
from flight_delay.tuning.space import Tune, distributions, require_valid_space

PARAMETERS = BoosterParameters(
    num_boost_round=1000, early_stopping_rounds=25, learning_rate=0.05, max_depth=4, min_child_weight=1000,
    subsample=0.8, colsample_bytree=0.3, reg_lambda=5.0, max_bin=256, monotone_constraints=True, seed=2013,
    external_memory=False, sharded=False,
)  # fmt: skip


def tune(**space: Any) -> Tune:
    return Tune.model_validate({"metric": "log_loss", "seed": 1, "space": space})


@pytest.mark.parametrize(
    ("space", "values"),
    [
        ({"max_dept": {"low": 1, "high": 2}}, ["num_boost_round, early_stopping_rounds"]),
        ({"seed": {"low": 1, "high": 2}}, ["num_boost_round"]),
        ({"sharded": {"choices": [True, False]}}, ["num_boost_round"]),
        ({"max_depth": {"low": 5, "high": 4}}, ["low=5", "high=4"]),
        ({"max_depth": {"low": 1.0, "high": 8}}, ["1.0", "valid integer"]),
        ({"max_depth": {"low": 1, "high": 33}}, ["33", "32"]),
        ({"max_depth": {"low": 2, "high": 8, "step": 4}}, ["step=4", "[2, 8]"]),
        ({"max_depth": {"low": 2, "high": 8, "step": 2.5}}, ["4.5"]),
        ({"max_depth": {"choices": [4, "four"]}}, ["four"]),
        ({"max_depth": {"choices": [True, 4]}}, ["True"]),
        ({"max_depth": {"choices": [6, 8]}}, [" 4,"]),
        ({"max_depth": {"low": 5, "high": 8}}, [" 4,"]),
        ({"monotone_constraints": {"low": 0, "high": 1}}, [" 0 ", "boolean"]),
        ({"reg_lambda": {"low": 0, "high": 9, "log": True}}, ["low=0", "high=9"]),
        ({"reg_lambda": {"low": 1, "high": 9, "log": True, "step": 1}}, ["`step`"]),
    ],
)
def test_an_invalid_space_is_one_line_that_names_the_parameter(space: dict[str, Any], values: list[str]) -> None:
    with pytest.raises(UserError) as error:
        require_valid_space(tune(**space).space, PARAMETERS)
    message = str(error.value)
    assert message.startswith(f"params.yaml: 'tune.space.{next(iter(space))}': ")
    assert [value for value in values if value not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize(
    "search_range",
    [{}, {"low": 3}, {"low": None, "high": 3}, {"low": 1, "choices": [2, 4]}, {"choices": [2]},
     {"low": 1, "high": 2, "lgo": True}],
)  # fmt: skip
def test_a_range_has_one_form(search_range: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"space\.max_depth"):
        tune(max_depth=search_range)


@pytest.mark.parametrize(("key", "value"), [("metric", "brier"), ("seed", -1), ("seed", 1.0), ("space", {})])
def test_metric_seed_and_space_are_strict(key: str, value: Any) -> None:
    section = {"metric": "log_loss", "seed": 1, "space": {"max_depth": {"low": 2, "high": 4}}}
    with pytest.raises(ValueError, match=rf"1 validation error for Tune\n{key}\n"):
        Tune.model_validate({**section, key: value})


def test_distributions_have_the_type_of_the_parameter() -> None:
    space = tune(
        max_depth={"low": 2, "high": 8, "step": 2}, reg_lambda={"low": 1, "high": 100, "log": True},
        monotone_constraints={"choices": [True, False]},
    ).space  # fmt: skip
    assert distributions(space) == {
        "max_depth": IntDistribution(2, 8, step=2),
        "reg_lambda": FloatDistribution(1, 100, log=True),
        "monotone_constraints": CategoricalDistribution((True, False)),
    }


def test_the_committed_space_is_valid() -> None:
    require_valid_space(load_params("tune", Tune).space, load_params("train_model", BoosterParameters))
