"""simulation.game: points and profit of a season."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.evaluation.costs import Payoffs
from flight_delay.simulation.game import score

PAYOFFS = Payoffs(true_positive=100, false_negative=-500, false_positive=-100, true_negative=100)
ANSWER = st.sampled_from([True, False, None])


def test_points_and_profit_of_a_small_season() -> None:
    is_late = [True, True, False, False, False, None, None]
    predicted = [True, False, False, True, None, True, None]
    result = score(is_late, predicted, PAYOFFS)
    assert result._asdict() == {
        "flights": 5, "points": 1, "always_on_time": 3, "unanswered": 1, "mean_profit": pytest.approx(-100.0),
    }  # fmt: skip


@given(pairs=st.lists(st.tuples(ANSWER, ANSWER)))
def test_nobody_is_better_than_who_knows_and_worse_than_who_does_not_answer(
    pairs: list[tuple[bool | None, bool | None]],
) -> None:
    is_late = [late for late, _ in pairs]
    result = score(is_late, [answer for _, answer in pairs], PAYOFFS)
    assert -result.flights <= result.points <= result.flights
    assert score(is_late, is_late, PAYOFFS).points == result.flights
    assert score(is_late, [None] * len(is_late), PAYOFFS).points == -result.flights
    assert score(is_late, [False] * len(is_late), PAYOFFS).points == result.always_on_time
    assert (result.mean_profit is None) == (result.unanswered == result.flights)
