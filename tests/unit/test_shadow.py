"""monitoring.shadow: the comparison of `flight-delay compare`, of probabilities as the database has them."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from snapshots import IDS, PAYOFFS, TARGET, A, B, predictions

from flight_delay.monitoring.shadow import compare_shadow
from flight_delay.review.comparison.rows import compare_period, join_rows

DATES = np.array([row_id[:10] for row_id in IDS], "datetime64[D]")
# Some are no float32, and lie on the other side of the nearest one.
THRESHOLDS = st.sampled_from([0.26, 0.3, 0.5, 0.7])
PROBABILITIES = st.lists(st.sampled_from([0.1, 0.26, 0.3, 0.7, 0.9]), min_size=4, max_size=4)


def from_database(probability: list[float]) -> np.ndarray:
    return np.array(probability, np.float32).astype(np.float64)


@settings(max_examples=4)
@example([0.26] * 4, [0.1] * 4, 0.26, 0.26, [3, 1, 0, 2])
@given(PROBABILITIES, PROBABILITIES, THRESHOLDS, THRESHOLDS, st.permutations(range(4)))
def test_it_is_the_comparison_of_the_champion_with_the_shadow(champion, shadow, threshold, of_shadow, order) -> None:
    expected = compare_period(join_rows(predictions(shadow), predictions(champion)), (of_shadow, threshold), PAYOFFS)
    rows = list(order)
    target = np.array(TARGET, object)[rows]  # as labels are
    compared = compare_shadow(
        target, from_database(champion)[rows], from_database(shadow)[rows], DATES[rows], (threshold, of_shadow), PAYOFFS
    )
    assert astuple(compared) == astuple(expected)


def test_a_better_champion_is_better_and_has_the_smaller_log_loss() -> None:
    compared = compare_shadow(np.array(TARGET), np.array(B), np.array(A), DATES, (0.5, 0.5), PAYOFFS)
    (log_loss,) = [measure.b_over_a for measure in compared.measures if measure.name == "log_loss"]
    assert log_loss.low < log_loss.difference < log_loss.high < 0
    assert compared.verdict == "better"


@pytest.mark.parametrize("rows", [slice(0), slice(1), slice(2), slice(0, None, 2)])
def test_without_two_days_or_classes_there_is_a_reason(rows: slice) -> None:
    target = np.array(TARGET)[rows]
    compared = compare_shadow(target, np.array(B)[rows], np.array(A)[rows], DATES[rows], (0.5, 0.5), PAYOFFS)
    assert (compared.rows, compared.measures, compared.verdict) == (len(target), (), "none")
    assert compared.reason
