"""features.target: what counts as late."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.target import is_late


def test_a_flight_is_late_from_the_limit_on() -> None:
    delays = np.array([-30.0, 0.0, 14.0, 15.0, 16.0, 600.0])
    assert is_late(delays, 15).tolist() == [False, False, False, True, True, True]


def test_a_flight_that_did_not_arrive_has_no_outcome() -> None:
    assert is_late(np.array([np.nan, 20.0, np.nan, 3.0]), 15).tolist() == [None, True, None, False]


@pytest.mark.parametrize("kind", [np.int32, np.float64])
def test_a_month_in_which_every_flight_arrived_may_come_as_whole_numbers(kind: type) -> None:
    assert is_late(np.array([3, 20], kind), 15).tolist() == [False, True]


@given(st.lists(st.one_of(st.integers(-100, 1500), st.just(np.nan)), min_size=1), st.integers(1, 120))
def test_a_later_limit_makes_no_flight_late_that_was_not(delays: list[float], limit: int) -> None:
    column = np.array(delays, float)
    strict, lenient = is_late(column, limit), is_late(column, limit + 10)
    assert all(before is True for before, after in zip(strict, lenient, strict=True) if after is True)
    assert [before is None for before in strict] == [after is None for after in lenient] == np.isnan(column).tolist()
