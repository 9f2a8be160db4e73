"""evaluation.threshold: against money counted by hand, and what holds for any flights and payoffs, in hundredths."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from flight_delay.evaluation.costs import CELLS, Payoffs
from flight_delay.evaluation.scoring import confusion_counts
from flight_delay.evaluation.threshold import (
    ConstantStrategies,
    bayes_threshold,
    best_threshold,
    break_even,
    constant_strategies,
    profit_curve,
    profit_per_row,
    thresholds_by_false_negative_cost,
)

Flights = list[tuple[bool, float]]
Cents = tuple[int, int, int, int]  # in the order of CELLS

# Few distinct probabilities, many of them on the grid, so that flights sit on thresholds and thresholds tie.
FLIGHTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 1000).map(lambda permille: permille / 1000) | st.floats(0, 1, width=32)),
    min_size=1,
    max_size=40,
)


@st.composite
def cents(draw: st.DrawFn, most: int = 100_000) -> Cents:
    missed, false_alarm = draw(st.integers(-most, most)), draw(st.integers(-most, most))
    gains = st.integers(1, most) | st.integers(1, 5)
    return missed + draw(gains), missed, false_alarm, false_alarm + draw(gains)


def payoffs(cell_cents: Sequence[int]) -> Payoffs:
    return Payoffs(**{name: value / 100 for name, value in zip(CELLS, cell_cents, strict=True)})


def arrays(flights: Flights) -> tuple[np.ndarray, np.ndarray]:
    late, probability = zip(*flights, strict=True)
    return np.array(late), np.array(probability, np.float32)


def exact(counts: dict[str, int], cell_values: Sequence[int | Fraction]) -> Fraction:
    return Fraction(sum(counts[cell] * value for cell, value in zip(CELLS, cell_values, strict=True)))


LATE = np.array([True, False, True, True, False])
PROBABILITY = np.array([0.9, 0.7, 0.3, 0.2, 0.1], np.float32)
USUAL = payoffs((10_000, -50_000, -10_000, 10_000))


@pytest.mark.parametrize(
    ("cells", "right", "wrong"),
    [
        ((-500, -500, -100, 100), "true_positive", "false_negative"),
        ((-501, -500, -100, 100), "true_positive", "false_negative"),
        ((100, -500, 100, 100), "true_negative", "false_positive"),
        ((100, -500, 101, 100), "true_negative", "false_positive"),
    ],
)
def test_a_correct_call_must_earn_more_than_the_wrong_one(cells: Cents, right: str, wrong: str) -> None:
    with pytest.raises(ValidationError, match=rf"{right} \(.*\) .* {wrong} \(.*\)") as refused:
        payoffs(cells)
    assert refused.value.error_count() == 1
    assert len(refused.value.errors()[0]["msg"].splitlines()) == 1


def test_each_flight_earns_what_its_cell_says() -> None:
    late, predicted_late = np.array([True, True, False, False]), np.array([True, False, True, False])
    profit = profit_per_row(late, predicted_late, payoffs((100, -200, -350, 400)))
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
    assert constant_strategies(LATE, payoffs((100, -200, -350, 400))) == ConstantStrategies(
        always_negative=(-6 + 8) / 5, always_positive=(3 - 7) / 5, perfect=(3 + 8) / 5
    )
    assert constant_strategies(np.array([True, False, False]), payoffs((100, 0, 0, 100))) == (0.666667, 0.333333, 1.0)


def test_a_factor_with_which_no_threshold_makes_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="false_negative"):
        thresholds_by_false_negative_cost(USUAL, [1, -0.2])


@given(FLIGHTS, cents(), st.floats(0, 1))
def test_the_profit_of_flights_is_that_of_their_counts(flights: Flights, cell_cents: Cents, threshold: float) -> None:
    late, probability = arrays(flights)
    counts = confusion_counts(late, probability, threshold)
    each = profit_per_row(late, probability >= threshold, payoffs(cell_cents))
    assert each.sum() == pytest.approx(float(exact(counts, cell_cents) / 100), abs=1e-6)


@given(FLIGHTS, cents())
def test_no_threshold_of_the_grid_earns_more_than_the_best_one(flights: Flights, cell_cents: Cents) -> None:
    late, probability = arrays(flights)
    best = best_threshold(late, probability, payoffs(cell_cents))
    grid = [percent / 100 for percent in range(1, 100)]
    earned = {threshold: exact(confusion_counts(late, probability, threshold), cell_cents) for threshold in grid}
    assert earned[best] == max(earned.values())
    theory = Fraction(cell_cents[3] - cell_cents[2], cell_cents[3] - cell_cents[2] + cell_cents[0] - cell_cents[1])
    distance = {at: abs(Fraction(round(at * 100), 100) - theory) for at in grid if earned[at] == earned[best]}
    assert next(at for at, away in distance.items() if away == min(distance.values())) == best


@given(FLIGHTS, cents())
def test_every_point_of_the_profit_curve_is_what_its_threshold_gives(flights: Flights, cell_cents: Cents) -> None:
    late, probability = arrays(flights)
    for threshold, profit, share in profit_curve(late, probability, payoffs(cell_cents)).rows:
        predicted_late = probability >= threshold
        assert profit == pytest.approx(profit_per_row(late, predicted_late, payoffs(cell_cents)).mean(), abs=1e-6)
        assert share == predicted_late.mean()


@given(cents())
def test_the_threshold_of_theory_is_where_both_calls_are_expected_to_earn_the_same(cell_cents: Cents) -> None:
    threshold = bayes_threshold(payoffs(cell_cents))
    assert 0 < threshold < 1
    predicted_late, predicted_on_time = (
        threshold * late + (1 - threshold) * on_time
        for late, on_time in zip(cell_cents[:2], cell_cents[2:], strict=True)
    )
    assert predicted_late == pytest.approx(predicted_on_time, abs=1e-6)


@given(cents(), st.integers(1, 40).map(lambda quarters: quarters / 4))
def test_the_threshold_with_a_factor_is_that_of_the_payoffs_with_it(cell_cents: Cents, factor: float) -> None:
    right, missed, *rest = cell_cents
    assume(missed * factor < right)
    thresholds = thresholds_by_false_negative_cost(payoffs(cell_cents), [factor])
    multiplied = payoffs((right, missed * factor, *rest))  # type: ignore[arg-type]
    assert thresholds == {factor: pytest.approx(bayes_threshold(multiplied), abs=1e-6)}


COUNTS = st.tuples(*[st.integers(0, 500) | st.integers(0, 2)] * 4).filter(any)
STEP = Fraction(1, 10**6)  # ranges have six digits


@given(COUNTS, cents(most=20_000), st.integers(-2 * 10**9, 2 * 10**9))
def test_within_the_range_the_calls_win_and_just_outside_they_do_not(
    of_each: tuple[int, int, int, int], cell_cents: Cents, anywhere: int
) -> None:
    counts = dict(zip(CELLS, of_each, strict=True))
    late, on_time = of_each[0] + of_each[1], of_each[2] + of_each[3]
    always_positive = dict(zip(CELLS, (late, 0, on_time, 0), strict=True))
    always_negative = dict(zip(CELLS, (0, late, 0, on_time), strict=True))
    ranges = break_even(counts, payoffs(cell_cents))
    assert list(ranges) == list(CELLS)
    for place, (name, interval) in enumerate(ranges.items()):

        def win(value: Fraction, place: int = place) -> bool:
            changed = [Fraction(cell, 100) for cell in cell_cents]
            changed[place] = value
            return exact(counts, changed) >= max(exact(always_positive, changed), exact(always_negative, changed))

        beyond = [Fraction(-(10**9)), Fraction(cell_cents[place], 100), anywhere * STEP, Fraction(10**9)]
        if interval is None:
            assert not any(map(win, beyond)), name
            continue
        low, high = (Fraction(str(end)) if end is not None else None for end in interval)
        for value in beyond:
            assert win(value) == ((low is None or value >= low) and (high is None or value <= high)), (name, value)
        for end, outwards in ((low, -STEP), (high, STEP)):
            assert end is None or (win(end) and not win(end + outwards)), (name, end)
