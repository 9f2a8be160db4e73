"""Rolling-origin backtest: which months a model of its time would have learnt from, stopped on, and predicted.

The method is Tashman's (2000), https://doi.org/10.1016/S0169-2070(00)00065-0: the origin moves on by a month, the
training window grows, and no model sees a month that it is judged on or a later one."""

from __future__ import annotations

from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.months import Windows, months_between, shift


class Origin(NamedTuple):
    """One step of a backtest."""

    train_months: list[str]
    validation_month: str
    test_month: str


def origins(windows: Windows, first_test_month: str) -> list[Origin]:
    """The steps of a backtest that ends before the test window.

    Args:
        windows: training starts where theirs does.
        first_test_month: the first month to predict; it leaves at least one month to train on and one to stop on.

    Raises:
        UserError: `first_test_month` is too early or not before the test window.
    """
    earliest, last = shift(windows.train.first, 2), shift(windows.test.first, -1)
    if not earliest <= first_test_month <= last:
        raise UserError(
            f"params.yaml: backtest.first_test_month is {first_test_month}; it must lie between {earliest} "
            f"(a month to train on and one to stop on come before it) and {last} (the last before windows.test)"
        )
    return [
        Origin(months_between(windows.train.first, shift(month, -2)), shift(month, -1), month)
        for month in months_between(first_test_month, last)
    ]
