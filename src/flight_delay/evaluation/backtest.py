"""Rolling-origin backtest: which months a model of its time would have learnt from, stopped on, and predicted.

The method is Tashman's (2000), https://doi.org/10.1016/S0169-2070(00)00065-0: the origin moves on by a month, the
training window grows, and no model sees a month that it is judged on or a later one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flight_delay.core.errors import UserError


class Origin(NamedTuple):
    """One step of a backtest."""

    train_months: list[str]
    validation_month: str
    test_months: list[str]


def origins(months: Sequence[str], first_test_month: str, test_months: int) -> list[Origin]:
    """The steps of a backtest.

    The model of the first step predicts all months after it, so that it shows how a model ages that nobody retrains.

    Args:
        months: that there are, in order, from the first of training to the last before the test window.
        first_test_month: the first month to predict; it leaves at least one month to train on and one to stop on.
        test_months: how many months each other model predicts, as far as there are so many.

    Raises:
        UserError: `first_test_month` is too early, or not one of the months.
    """
    possible = list(months[2:])
    if first_test_month not in possible:
        choice = (
            f"one of the months that there are in {possible[0]} … {possible[-1]}"
            if possible
            else "impossible, there are too few months"
        )
        raise UserError(
            f"params.yaml: backtest.first_test_month is {first_test_month}; it must be {choice} (a month to train on and "
            "one to stop on come before it, windows.test after it)"
        )
    start = months.index(first_test_month)
    steps = [
        Origin(list(months[: at - 1]), months[at - 1], list(months[at : at + test_months]))
        for at in range(start, len(months))
    ]
    return [steps[0]._replace(test_months=list(months[start:])), *steps[1:]]
