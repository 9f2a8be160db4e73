"""evaluation.threshold: what holds for any flights and any payoffs, counted in hundredths of the currency."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flight_delay.evaluation.costs import CELLS, Payoffs
from flight_delay.evaluation.scoring import confusion_counts
from flight_delay.evaluation.threshold import (
    BreakEvenRange,
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
def test_the_best_threshold_earns_at_least_what_a_constant_answer_does(flights: Flights, cell_cents: Cents) -> None:
    late, probability = arrays(flights)
    probability = probability.clip(0.01, 0.985)  # so that the ends of the grid are those answers
    best = confusion_counts(late, probability, best_threshold(late, probability, payoffs(cell_cents)))
    without = constant_strategies(late, payoffs(cell_cents))
    earned = float(exact(best, cell_cents) / 100) / len(late)
    assert max(without.always_positive, without.always_negative) - 1e-6 <= earned <= without.perfect + 1e-6


@given(FLIGHTS, cents(), st.integers(1, 1000), st.integers(-100_000, 100_000), st.integers(-100_000, 100_000))
def test_neither_the_currency_nor_what_no_call_changes_moves_the_threshold(
    flights: Flights, cell_cents: Cents, factor: int, with_late: int, with_on_time: int
) -> None:
    late, probability = arrays(flights)
    other = [
        value * factor + shift for value, shift in zip(cell_cents, [with_late] * 2 + [with_on_time] * 2, strict=True)
    ]
    assert bayes_threshold(payoffs(other)) == bayes_threshold(payoffs(cell_cents))
    assert best_threshold(late, probability, payoffs(other)) == best_threshold(late, probability, payoffs(cell_cents))


@given(FLIGHTS, cents(), st.randoms())
def test_the_order_of_flights_does_not_matter(flights: Flights, cell_cents: Cents, random: object) -> None:
    shuffled = flights.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert best_threshold(*arrays(shuffled), payoffs(cell_cents)) == best_threshold(
        *arrays(flights), payoffs(cell_cents)
    )


@given(FLIGHTS, cents())
def test_every_point_of_the_profit_curve_is_what_its_threshold_gives(flights: Flights, cell_cents: Cents) -> None:
    late, probability = arrays(flights)
    for threshold, profit, share in profit_curve(late, probability, payoffs(cell_cents)).rows:
        predicted_late = probability >= threshold
        assert profit == pytest.approx(profit_per_row(late, predicted_late, payoffs(cell_cents)).mean(), abs=1e-6)
        assert share == predicted_late.mean()


@pytest.mark.parametrize(
    "cell_cents", [(100, -500, -100, 100), (100, 0, 0, 100), (0, -900, -100, 0), (100, 0, -500, 0), (0, -10, -200, 0)]
)
def test_where_probabilities_are_calibrated_the_best_threshold_is_that_of_theory(cell_cents: Cents) -> None:
    random = np.random.default_rng(7)
    probability = random.random(200_000).astype(np.float32)
    late = random.random(200_000) < probability
    assert best_threshold(late, probability, payoffs(cell_cents)) == pytest.approx(
        bayes_threshold(payoffs(cell_cents)), abs=0.04
    )


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


@given(COUNTS, cents(most=20_000))
def test_the_payoffs_are_in_all_ranges_or_in_none(of_each: tuple[int, int, int, int], cell_cents: Cents) -> None:
    ranges = break_even(dict(zip(CELLS, of_each, strict=True)), payoffs(cell_cents))

    def within(name: str, interval: BreakEvenRange | None) -> bool:
        value = getattr(payoffs(cell_cents), name)
        return (
            interval is not None
            and (interval.low is None or interval.low <= value)
            and (interval.high is None or value <= interval.high)
        )

    assert len({within(name, interval) for name, interval in ranges.items()}) == 1
