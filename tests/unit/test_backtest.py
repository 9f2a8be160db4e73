"""evaluation.backtest: no model sees the month that it is judged on, or a later one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.months import Window, Windows, months_between, shift
from flight_delay.evaluation.backtest import origins


def windows(train_months: int = 9, validation_months: int = 1, start: str = "2013-01") -> Windows:
    """Windows one after the other, the test window two months long."""
    validation, test = shift(start, train_months), shift(start, train_months + validation_months)
    return Windows(
        train=Window(first=start, through=shift(validation, -1)),
        validation=Window(first=validation, through=shift(test, -1)),
        test=Window(first=test, through=shift(test, 1)),
    )


def test_the_origin_moves_on_by_a_month_and_training_grows() -> None:
    assert origins(windows(), "2013-09") == [
        (["2013-01", "2013-02", "2013-03", "2013-04", "2013-05", "2013-06", "2013-07"], "2013-08", "2013-09"),
        (
            ["2013-01", "2013-02", "2013-03", "2013-04", "2013-05", "2013-06", "2013-07", "2013-08"],
            "2013-09",
            "2013-10",
        ),
    ]


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 40))
def test_no_origin_sees_its_month_or_a_later_one_and_none_sees_the_test_window(
    train_months: int, validation_months: int, skipped: int
) -> None:
    of = windows(train_months, validation_months, start="2011-11")
    first, last = shift(of.train.first, 2 + skipped), shift(of.test.first, -1)
    if first > last:
        with pytest.raises(UserError):
            origins(of, first)
        return
    steps = origins(of, first)
    assert [step.test_month for step in steps] == months_between(first, last)
    for step in steps:
        seen = [*step.train_months, step.validation_month]
        assert seen == months_between(of.train.first, shift(step.test_month, -1))
        assert step.train_months
        assert max(*seen, step.test_month) < of.test.first


@pytest.mark.parametrize("first", ["2012-12", "2013-01", "2013-02", "2013-11", "2013-12", "2014-05"])
def test_a_month_that_is_too_early_or_too_late_is_refused_with_the_range(first: str) -> None:
    with pytest.raises(UserError, match=rf"backtest\.first_test_month is {first}; .* between 2013-03 .* and 2013-10"):
        origins(windows(), first)


@pytest.mark.parametrize(("first", "steps"), [("2013-03", 8), ("2013-10", 1)])
def test_the_ends_of_the_range_are_in_it(first: str, steps: int) -> None:
    assert len(origins(windows(), first)) == steps
