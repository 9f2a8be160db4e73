"""features.target: what counts as late."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.target import is_late


def test_a_flight_is_late_from_the_limit_on() -> None:
    delays = [-30, 0, 14, 15, 16, 600]
    for column in (np.array(delays, np.int32), np.array(delays, np.float64)):  # whole numbers: every flight arrived
        assert is_late(column, 15).tolist() == [False, False, False, True, True, True]


@given(st.lists(st.one_of(st.integers(-100, 1500), st.just(np.nan)), min_size=1), st.integers(1, 120))
def test_a_later_limit_makes_no_flight_late_that_was_not(delays: list[float], limit: int) -> None:
    column = np.array(delays, float)
    strict, lenient = is_late(column, limit), is_late(column, limit + 10)
    assert all(before is True for before, after in zip(strict, lenient, strict=True) if after is True)
    assert [before is None for before in strict] == [after is None for after in lenient] == np.isnan(column).tolist()
