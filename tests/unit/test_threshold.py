"""evaluation.threshold: against money counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import (
    ConstantStrategies,
    best_threshold,
    constant_strategies,
    profit_curve,
    profit_per_row,
    thresholds_by_false_negative_cost,
)

LATE = np.array([True, False, True, True, False])
PROBABILITY = np.array([0.9, 0.7, 0.3, 0.2, 0.1], np.float32)


def payoffs(right_late: float, missed: float, false_alarm: float, right_on_time: float) -> Payoffs:
    return Payoffs(
        true_positive=right_late,
        false_negative=missed,
        false_positive=false_alarm,
        true_negative=right_on_time,
    )


USUAL = payoffs(100, -500, -100, 100)


@pytest.mark.parametrize(
    ("cells", "right", "wrong"),
    [
        ((-500, -500, -100, 100), "true_positive", "false_negative"),
        ((-501, -500, -100, 100), "true_positive", "false_negative"),
        ((100, -500, 100, 100), "true_negative", "false_positive"),
        ((100, -500, 101, 100), "true_negative", "false_positive"),
    ],
)
def test_a_correct_call_must_earn_more_than_the_wrong_one(
    cells: tuple[float, float, float, float], right: str, wrong: str
) -> None:
    with pytest.raises(ValidationError, match=rf"{right} \(.*\) .* {wrong} \(.*\)") as refused:
        payoffs(*cells)
    assert refused.value.error_count() == 1
    assert len(refused.value.errors()[0]["msg"].splitlines()) == 1


def test_each_flight_earns_what_its_cell_says() -> None:
    late, predicted_late = np.array([True, True, False, False]), np.array([True, False, True, False])
    profit = profit_per_row(late, predicted_late, payoffs(1, -2, -3.5, 4))
    assert profit.tolist() == [1, -2, -3.5, 4]
    assert profit.dtype == np.float64


def test_the_best_threshold_separates_what_can_be_separated() -> None:
    # 0.3 is above 0.3 as a float32 has it, and the row is predicted positive, as in the metrics.
    late, probability = np.array([True, False]), np.array([0.3, 0.2901], np.float32)
    assert best_threshold(late, probability, USUAL) == 0.3
    assert best_threshold(np.array([True, False]), np.array([0.99, 0.985], np.float32), USUAL) == 0.99
    assert best_threshold(np.array([True, False]), np.array([0.015, 0.005], np.float32), USUAL) == 0.01


def test_the_profit_curve_goes_from_every_call_to_none() -> None:
    curve = profit_curve(LATE, PROBABILITY, USUAL)
    assert curve.header == ("threshold", "mean_profit", "predicted_positive_share")
    assert [row[0] for row in curve.rows] == [percent / 100 for percent in range(101)]
    assert curve.rows[0] == (0, (3 * 100 - 2 * 100) / 5, 1)
    assert curve.rows[30] == (0.3, (100 - 100 + 100 - 500 + 100) / 5, 0.6)
    assert curve.rows[-1] == (1, (3 * -500 + 2 * 100) / 5, 0)
    assert all(isinstance(value, float) for row in curve.rows for value in row)


def test_the_strategies_without_a_model_earn_what_is_worked_out_by_hand() -> None:
    assert constant_strategies(LATE, payoffs(1, -2, -3.5, 4)) == ConstantStrategies(
        always_negative=(-6 + 8) / 5, always_positive=(3 - 7) / 5, perfect=(3 + 8) / 5
    )
    assert constant_strategies(np.array([True, False, False]), payoffs(1, 0, 0, 1)) == (0.666667, 0.333333, 1.0)


def test_a_factor_with_which_no_threshold_makes_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="false_negative"):
        thresholds_by_false_negative_cost(USUAL, [1, -0.2])
