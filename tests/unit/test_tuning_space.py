"""tuning.space: what may be searched, and values as params.yaml would have them."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.params import load
from flight_delay.model.booster import BoosterParameters
from flight_delay.tuning.space import Searched, Tune, distributions, require_current, tried_values, with_values

CURRENT: dict[str, Any] = {
    "max_rounds": 1000, "early_stopping_rounds": 25, "learning_rate": 0.05, "max_depth": 4, "min_child_weight": 1000,
    "subsample": 0.8, "colsample_bytree": 0.3, "reg_lambda": 5.0, "max_bin": 256, "monotone": True, "seed": 2013,
}  # fmt: skip
PARAMETERS = BoosterParameters.model_validate(CURRENT)


def tune(**space: Any) -> Tune:
    return Tune.model_validate({"metric": "log_loss", "seed": 1, "space": space})


@pytest.mark.parametrize(
    ("space", "values"),
    [
        ({"max_dept": {"low": 1, "high": 2}}, ["max_dept ", "max_rounds, early_stopping_rounds"]),
        ({"seed": {"low": 1, "high": 2}}, ["seed ", "max_rounds"]),
        ({"max_depth": {"low": 3, "high": 3}}, ["'tune.space.max_depth'", "low (3)", "high (3)"]),
        ({"max_depth": {"low": 3}}, ["'tune.space.max_depth'", "low", "high", "choices"]),
        ({"max_depth": {}}, ["'tune.space.max_depth'", "low", "high", "choices"]),
        ({"max_depth": {"low": 1.0, "high": 2}}, ["max_depth: 1.0 ", "valid integer"]),
        ({"max_depth": {"low": 1, "high": 33}}, ["max_depth: 33 ", "32"]),
        ({"max_depth": {"low": 2, "high": 8, "lgo": True}}, ["'tune.space.max_depth.lgo'"]),
        ({"max_depth": {"low": 2, "high": 8, "step": 4}}, ["'tune.space.max_depth'", " 4 ", " 2 ", " 8"]),
        ({"max_depth": {"low": 2, "high": 8, "step": 2.0}}, ["max_depth ", "step"]),
        ({"max_depth": {"low": 2, "high": 8, "step": 0}}, [" 0 ", " 2 ", " 8"]),
        ({"max_depth": {"choices": [2, 4], "low": 1}}, ["choices", "low", "high", "step"]),
        ({"max_depth": {"choices": [2]}}, ["at least 2"]),
        ({"max_depth": {"choices": [2, 4, 2]}}, ["choice"]),
        ({"max_depth": {"choices": [2, "four"]}}, ["max_depth: four "]),
        ({"max_depth": {"choices": [True, 4]}}, ["max_depth: True "]),
        ({"monotone": {"low": 0, "high": 1}}, ["monotone ", "choices", "true, false"]),
        ({"reg_lambda": {"low": 0, "high": 9, "log": True}}, ["log ", "low", "0", "step"]),
        ({"reg_lambda": {"low": 1, "high": 9, "log": True, "step": 1}}, ["log ", "low", "0", "step"]),
        ({}, ["at least 1"]),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_in_one_line(space: dict[str, Any], values: list[str], tmp_path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"tune": {"metric": "log_loss", "seed": 1, "space": space}}))
    with pytest.raises(UserError) as refused:
        load("tune", Tune, path)
    said = str(refused.value).split("params.yaml: ")[1]
    assert [value for value in values if value not in said] == []
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("key", "value"), [("metric", "brier"), ("seed", -1), ("seed", 1.0), ("space", None)])
def test_metric_seed_and_space_are_strict(key: str, value: Any) -> None:
    section = {"metric": "log_loss", "seed": 1, "space": {"max_depth": {"low": 2, "high": 4}}}
    Tune.model_validate(section)
    with pytest.raises(ValueError, match=rf"1 validation error for Tune\n{key}\n"):
        Tune.model_validate({**section, key: value})


def test_distributions_have_the_type_of_the_parameter() -> None:
    space = tune(
        max_depth={"low": 2, "high": 8, "step": 2}, reg_lambda={"low": 1, "high": 100, "log": True},
        monotone={"choices": [True, False]}, max_bin={"low": 16, "high": 256, "log": True},
    ).space  # fmt: skip
    assert distributions(space) == {
        "max_depth": optuna.distributions.IntDistribution(2, 8, step=2),
        "reg_lambda": optuna.distributions.FloatDistribution(1, 100, log=True),
        "monotone": optuna.distributions.CategoricalDistribution((True, False)),
        "max_bin": optuna.distributions.IntDistribution(16, 256, log=True),
    }


@pytest.mark.parametrize(
    ("searched", "has", "has_not"),
    [
        ({"low": 2, "high": 8}, (2, 5, 8), (1, 9)),
        ({"low": 2, "high": 8, "step": 3}, (2, 5, 8), (3, 4, 11)),
        ({"low": 0.1, "high": 0.4, "step": 0.1}, (0.1, 0.2, 0.30000000000000004, 0.4), (0.15, 0.5)),
        ({"choices": [2, 4]}, (2, 4), (3,)),
        ({"choices": [True, False]}, (True, False), (1, 0)),
    ],
)
def test_a_space_has_the_values_that_it_may_try(searched: dict[str, Any], has: tuple, has_not: tuple) -> None:
    of = Searched.model_validate(searched)
    assert [value for value in has if not of.has(value)] == []
    assert [value for value in has_not if of.has(value)] == []


def test_current_parameters_outside_the_space_are_refused_by_name() -> None:
    space = tune(subsample={"low": 0.5, "high": 1.0}, max_depth={"low": 5, "high": 8}).space
    with pytest.raises(UserError, match=r"^params\.yaml: train_model\.max_depth .*\b4\b.* tune\.space\.max_depth "):
        require_current(CURRENT, space)
    require_current({**CURRENT, "max_depth": 5}, space)


@given(
    st.floats(1e-3, 1e3), st.floats(1.0001, 50), st.floats(0, 1), st.booleans(), st.sampled_from([5.0, 7])
)  # fmt: skip
def test_what_is_tried_is_short_and_within_the_space(low: float, times: float, at: float, log: bool, current) -> None:
    high = low * times
    space = tune(reg_lambda={"low": low, "high": high, "log": log}).space
    suggested = min(max(low + at * (high - low), low), high)
    (value,) = tried_values({"reg_lambda": suggested}, {"reg_lambda": current}, space).values()
    assert low <= value <= high
    assert value in {low, high} or (value == float(f"{value:.3g}") and value == pytest.approx(suggested, rel=0.005))
    assert isinstance(value, int) == (isinstance(current, int) and value == int(value))


def test_values_are_written_as_the_current_ones_are() -> None:
    space = tune(
        min_child_weight={"low": 100, "high": 3000, "log": True}, learning_rate={"low": 0.02, "high": 0.2},
        reg_lambda={"low": 1, "high": 10}, max_depth={"low": 2, "high": 8}, subsample={"low": 0.5, "high": 1.0, "step": 0.05},
    ).space  # fmt: skip
    suggested = {
        "max_depth": 6, "learning_rate": 0.048362, "reg_lambda": 7.0, "min_child_weight": 1234.5, "subsample": 0.6000000000000001,
    }  # fmt: skip
    tried = tried_values(suggested, CURRENT, space)
    assert [(name, repr(value)) for name, value in tried.items()] == [
        ("min_child_weight", "1230"), ("learning_rate", "0.0484"), ("reg_lambda", "7.0"), ("max_depth", "6"),
        ("subsample", "0.6"),
    ]  # fmt: skip
    assert repr(tried_values({**suggested, "min_child_weight": 1000.0}, CURRENT, space)["min_child_weight"]) == "1000"


def test_parameters_take_values_and_are_checked_again() -> None:
    changed = with_values(PARAMETERS, {"max_depth": 6, "min_child_weight": 1230})
    assert changed == BoosterParameters.model_validate({**CURRENT, "max_depth": 6, "min_child_weight": 1230})
    assert with_values(PARAMETERS, {"min_child_weight": 1000}) == PARAMETERS
    with pytest.raises(ValueError, match="max_depth"):
        with_values(PARAMETERS, {"max_depth": 0})


def test_the_committed_space_holds_the_committed_parameters() -> None:
    space = load("tune", Tune).space
    require_current(load("train_model", BoosterParameters).model_dump(), space)
