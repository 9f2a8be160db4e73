"""Shifted months of a retraining: splits keep order and lengths, and what depends on them follows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.months import Splits, months_between, months_later, shift_month
from flight_delay.core.params import flatten, load_params, read_params
from flight_delay.evaluation.backtest import BacktestParameters, backtest_months, rolling_origin_folds
from flight_delay.evaluation.curve_models import CurveParameters
from flight_delay.evaluation.learning_curves import last_months
from flight_delay.review.retraining import retrain_experiment, shift_parameters

REPOSITORY = Path(__file__).resolve().parents[2]


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Sections of params.yaml with splits that follow one another, perhaps with months between them."""
    start, splits, month = "1999-11", {}, "1999-11"
    for name, least in (("train", 2), ("validation", 1), ("test", 1)):
        first = shift_month(month, draw(st.integers(0, 2)) if splits else 0)
        last = shift_month(first, draw(st.integers(least, 30)) - 1)
        splits[name] = {"first": first, "last": last}
        month = shift_month(last, 1)
    training, before_test = (len(months_between(start, splits[name]["last"])) for name in ("train", "validation"))
    sizes = sorted(draw(st.sets(st.integers(1, training), min_size=2)))
    return {
        "fetch_raw": {"last_month": splits["test"]["last"], "allow_gaps": False},
        "splits": splits,
        "backtest": {"first_test_month": shift_month(start, draw(st.integers(2, max(2, before_test - 1))))},
        "learning_curves": {"training_months": sizes, "max_depths": [1, 2], "learning_rate": 0.2},
    }


def changed(params: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Apply changes by dotted name."""
    after = flatten(params) | changes
    sections: dict[str, Any] = {}
    for name, value in after.items():
        *sections_of_name, key = name.split(".")
        place = sections
        for section in sections_of_name:
            place = place.setdefault(section, {})
        place[key] = value
    return sections


def is_possible(params: Mapping[str, Any]) -> bool:
    """Whether the stages accept the months of the backtest."""
    months = backtest_months(Splits.model_validate(params["splits"]))
    possible = months_between(months.first, months.last)[2:]
    return params["backtest"]["first_test_month"] in possible


def check_stages_accept(params: Mapping[str, Any]) -> Splits:
    """Check months as the stages do when all data are there."""
    splits = Splits.model_validate(params["splits"])  # which checks order and overlap
    months = backtest_months(splits)
    assert rolling_origin_folds(
        months_between(months.first, months.last), params["backtest"]["first_test_month"], test_months=3, max_folds=12
    )
    sizes = CurveParameters.model_validate(params["learning_curves"]).training_months
    assert last_months(months_between(splits.train.first, splits.train.last), sizes)
    return splits


@given(parameters().filter(is_possible), st.integers(-40, 40))
def test_splits_keep_order_and_lengths_and_end_with_the_month(params: dict[str, Any], number: int) -> None:
    month = shift_month(params["splits"]["test"]["last"], number)
    after = changed(params, shift_parameters(params, month))
    before, splits = Splits.model_validate(params["splits"]), check_stages_accept(after)
    assert splits.test.last == after["fetch_raw"]["last_month"] == month
    for name, split in splits.by_name().items():
        given_split = before.by_name()[name]
        assert months_later(given_split.first, split.first) == months_later(given_split.last, split.last) == number
    folds = [section["backtest"]["first_test_month"] for section in (params, after)]
    assert months_later(*folds) == number
    assert after["learning_curves"] == params["learning_curves"]
    assert shift_parameters(after, month) == {}


@given(parameters().filter(is_possible), st.integers(-40, 0))
def test_no_split_begins_before_the_data(params: dict[str, Any], number: int) -> None:
    month, first = shift_month(params["splits"]["test"]["last"], number), params["splits"]["train"]["first"]
    try:
        changes = shift_parameters(params, month, first)
    except UserError:
        left = months_later(first, params["splits"]["train"]["last"]) + number
        gap = months_later(first, params["splits"]["validation"]["last"]) + number
        assert left < 1 or gap < 2  # not two months for training, or none for the backtest after two others
        return
    splits = check_stages_accept(changed(params, changes))
    assert splits.train.first == first
    assert splits.test.last == month


@pytest.mark.parametrize("number", [1, 2, 13])
def test_the_parameters_of_this_project_are_shifted(number: int) -> None:
    params = read_params(REPOSITORY / "params.yaml")
    assert isinstance(params["splits"], dict)
    month = shift_month(params["splits"]["test"]["last"], number)
    experiment = retrain_experiment(params, month)
    assert month in experiment.name
    assert f"fetch_raw.last_month={month}" in experiment.settings
    assert len(experiment.parameters) == 8
    assert load_params("backtest", BacktestParameters, REPOSITORY / "params.yaml")  # of which one key is shifted


@pytest.mark.parametrize("month", ["2013-12", "2013-11", "2014-13", "2014-1", "January", "2014-01\n", ""])
def test_a_month_that_is_not_later_is_refused(month: str) -> None:
    with pytest.raises(UserError):
        retrain_experiment(read_params(REPOSITORY / "params.yaml"), month)


def test_the_last_month_of_the_data_counts_also_if_the_test_split_ends_before() -> None:
    params: Any = read_params(REPOSITORY / "params.yaml")
    params["fetch_raw"]["last_month"] = "2014-02"
    with pytest.raises(UserError):
        retrain_experiment(params, "2014-02")
    assert retrain_experiment(params, "2014-03").parameters["splits.test.first"] == "2014-02"
