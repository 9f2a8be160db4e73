"""explain.global_.dependence: median effects and directions, from numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from flight_delay.explain.global_.dependence import frequent_categories, median_effects, rank_correlation


def test_few_distinct_values_have_a_median_each() -> None:
    values = np.array([0, 1, 1, np.nan, 0, 1, 1, 1], np.float32)
    effects = np.array([-1, 1, 2, 99, -3, 3, 4, 5], np.float32)
    assert median_effects(values, effects).to_dict() == {0: -2, 1: 3}
    assert median_effects(np.full(3, np.nan), np.ones(3)).empty


def test_many_values_are_divided_into_fifteen_quantile_bins() -> None:
    medians = median_effects(np.arange(1500.0)[::-1], np.arange(1500.0))
    assert len(medians) == 15
    assert medians.index.is_monotonic_increasing
    assert (medians.index[0], medians.iloc[0]) == (49.5, 1449.5)


def test_categories_are_in_ascending_order_of_their_median_effect() -> None:
    values = np.array(["b", "a", "b", "c", None], object)
    assert median_effects(values, np.array([1.0, 2.0, 3.0, -1.0, 5.0])).to_dict() == {
        "c": -1,
        "a": 2,
        "b": 2,
        "other": 5,
    }


def test_rare_and_missing_categories_are_replaced_and_ties_go_by_name() -> None:
    values = np.array(["b", "a", None, "c", "c"], object)
    assert frequent_categories(values, 2).tolist() == ["other", "a", "other", "c", "c"]


@given(st.integers(0, 999), st.integers(3, 60))
def test_rank_correlation_is_spearmans_where_a_value_is_known(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    values, effects = random.integers(0, 6, rows).astype(float), random.integers(0, 6, rows).astype(float)
    expected = spearmanr(values, effects).statistic if np.ptp(values) and np.ptp(effects) else 0.0
    assert rank_correlation(values, effects) == pytest.approx(expected, abs=1e-12)
    missing = np.append(values, np.nan), np.append(effects, 1e9)
    assert rank_correlation(*missing) == rank_correlation(values, effects)


def test_without_known_values_there_is_no_direction() -> None:
    assert rank_correlation(np.full(3, np.nan), np.arange(3.0)) == 0
