"""explain.overall.dependence: parts, directions and what a partner changes, from numbers that can be checked by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import spearmanr

from flight_delay.explain.overall.dependence import Change, change, direction, frequent, parts, points_per_tenth
from flight_delay.model.calibration import Calibration


def test_few_distinct_values_are_a_part_each_with_quartiles_of_their_effects() -> None:
    values = np.array([0, 1, 1, np.nan, 0, 1, 1, 1], np.float32)
    effects = np.array([-1, 1, 2, 99, -3, 3, 4, 5], np.float32)
    zero, one = parts(values, effects)
    assert (zero.value, zero.rows.tolist()) == (0, [0, 4])
    assert (one.value, one.rows.tolist()) == (1, [1, 2, 5, 6, 7])
    assert (one.lower, one.median, one.upper) == (2, 3, 4)


@given(arrays.arrays(np.float32, st.integers(1, 200), elements=st.sampled_from([np.nan, *range(40)])))
def test_every_known_value_is_in_one_part_and_parts_ascend(values: np.ndarray) -> None:
    found = parts(values, np.zeros(len(values)))
    rows = [row for part in found for row in part.rows.tolist()]
    assert sorted(rows) == np.flatnonzero(~np.isnan(values)).tolist()
    assert all(values[a.rows].max() < values[b.rows].min() for a, b in pairwise(found))
    assert len(found) <= 15


def test_many_values_are_divided_into_fifteen_parts_of_as_many_flights() -> None:
    found = parts(np.arange(1500.0)[::-1], np.zeros(1500))
    assert [len(part.rows) for part in found] == [100] * 15
    assert found[0].value == 49.5


def test_categories_are_the_twelve_most_frequent_in_order_of_their_mean_effect() -> None:
    values = np.array([f"C{place:02d}" for place in range(14) for _ in range(place + 1)] + [None], object)
    effects = np.array([float(name[1:]) * -1 if name else 99.0 for name in values])
    assert [part.value for part in parts(values, effects)] == [f"C{place:02d}" for place in range(13, 1, -1)]


def test_categories_as_frequent_as_one_another_go_by_name() -> None:
    assert frequent(np.array(["b", "a", None, "c", "c", None, None], object), 2) == ["c", "a"]


@given(st.integers(0, 999), st.integers(3, 60))
def test_direction_is_spearmans_correlation(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    values, effects = random.integers(0, 6, rows).astype(float), random.integers(0, 6, rows).astype(float)
    expected = spearmanr(values, effects).statistic if np.ptp(values) and np.ptp(effects) else 0.0
    assert direction(values, effects) == pytest.approx(expected, abs=1e-12)
    gone = np.append(values, np.nan), np.append(effects, 1e9)
    assert direction(*gone) == direction(values, effects)


def test_nothing_known_has_no_direction() -> None:
    assert direction(np.full(3, np.nan), np.arange(3.0)) == 0


def test_the_change_is_where_sides_of_the_partner_are_farthest_apart() -> None:
    values = np.repeat([0.0, 1.0], 40)
    partner = np.tile([1.0, 2.0], 40)
    effects = np.where(values == 1, partner * 0.5, partner * -0.1)
    found = parts(values, effects)
    assert change(found, effects, partner) == Change(1.0, True, "low", 0.5, "high", 1.0)
    names = np.where(partner == 1, "JFK", "LGA").astype(object)
    assert change(found, effects, names) == Change(1.0, False, "JFK", 0.5, "LGA", 1.0)
    partner[-21 * 2 :: 2] = np.nan  # 19 flights on the low side of 1 are known no more
    assert change(found, effects, partner) != change(found, effects, names)


def test_values_at_the_median_of_the_partner_are_on_its_low_side() -> None:
    partner = np.repeat([1.0, 2.0, 3.0], 20)
    found = parts(np.zeros(60), partner)
    assert change(found, partner, partner) == Change(0.0, True, "low", 1.5, "high", 3.0)


def test_sides_of_few_flights_do_not_count() -> None:
    values, partner = np.repeat([0.0, 1.0], 39), np.arange(78) % 2.0
    assert change(parts(values, values), values, partner) is None
    assert change(parts(values, values), values, np.full(78, np.nan)) is None


def test_a_tenth_of_log_odds_is_worth_most_where_late_and_on_time_are_as_likely() -> None:
    none = Calibration(method="none")
    assert points_per_tenth(0.0, none) == pytest.approx(2.5, abs=1e-3)
    assert points_per_tenth(-1.1007, none) == pytest.approx(1.8735, abs=1e-3)
    steeper = Calibration(method="sigmoid", slope=2.0, intercept=0.0)
    assert points_per_tenth(0.0, steeper) == pytest.approx(5.0, abs=5e-3)
