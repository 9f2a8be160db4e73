"""Shifted months of a retraining: splits keep order and lengths, and the backtest follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.months import months_later, shift_month
from flight_delay.core.params import flatten, read_params
from flight_delay.review.retraining import retrain_experiment

REPOSITORY = Path(__file__).resolve().parents[2]


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Sections of params.yaml with splits that follow one another, perhaps with months between them."""
    splits, month = {}, "1999-11"
    for name in ("train", "validation", "test"):
        first = shift_month(month, draw(st.integers(0, 2)) if splits else 0)
        last = shift_month(first, draw(st.integers(0, 29)))
        splits[name] = {"first": first, "last": last}
        month = shift_month(last, 1)
    return {
        "fetch_raw": {"last_month": splits["test"]["last"], "allow_gaps": False},
        "splits": splits,
        "backtest": {"first_test_month": shift_month("1999-11", draw(st.integers(2, 40)))},
    }


@given(parameters(), st.integers(1, 40))
def test_splits_keep_order_and_lengths_and_end_with_the_month(params: dict[str, Any], number: int) -> None:
    month = shift_month(params["splits"]["test"]["last"], number)
    before, changes = flatten(params), retrain_experiment(params, month).parameters
    assert changes["splits.test.last"] == changes["fetch_raw.last_month"] == month
    shifted = {name for name in before if name.startswith(("splits.", "backtest."))}
    assert {*changes} == {*shifted, "fetch_raw.last_month"}
    assert {months_later(before[name], changes[name]) for name in shifted} == {number}


@pytest.mark.parametrize("number", [1, 2, 13])
def test_the_parameters_of_this_project_are_shifted(number: int) -> None:
    params = read_params(REPOSITORY / "params.yaml")
    assert isinstance(params["splits"], dict)
    month = shift_month(params["splits"]["test"]["last"], number)
    experiment = retrain_experiment(params, month)
    assert month in experiment.name
    assert f"fetch_raw.last_month={month}" in experiment.settings
    assert len(experiment.parameters) == 8


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
