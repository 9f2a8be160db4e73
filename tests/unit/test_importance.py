"""explain.global_.importance: sums by day in, the most important first out."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from explanations import explanation_of
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.importance import Importance, compute_importance, daily_sums

TOPIC = {"a": "twins", "b": "twins", "c": "c"}
GROUP = {"a": "one", "b": "one", "c": "other"}
DAYS = [0, 0, 1, 1]
EFFECTS = {"a": [1.0, -1.0, 3.0, 1.0], "b": [-1.0, 1.0, 1.0, 1.0], "c": [0.5, 0.5, -0.5, -0.5]}


def explained(effects: dict[str, list[float]], days: list[int]) -> Explanation:
    return explanation_of(effects, flight_date=np.datetime64("2013-11-30") + np.array(days))


def measured(effects: dict[str, list[float]], days: list[int]) -> dict:
    rows = compute_importance([daily_sums(explained(effects, days), TOPIC, GROUP)])
    return {(row.level, row.name): row for row in rows}


# Of at least two days, with effects of a few sizes.
FLIGHTS = st.lists(
    st.tuples(st.integers(0, 4), *(st.floats(-2, 2, width=32) for _ in "abc")), min_size=2, max_size=30
).filter(lambda flights: len({flight[0] for flight in flights}) > 1)


def explanation(flights: list[tuple]) -> Explanation:
    days, *effects = zip(*flights, strict=True)
    return explained(dict(zip("abc", effects, strict=True)), list(days))


def test_effects_are_summed_by_topic_and_group_before_the_mean() -> None:
    rows = measured(EFFECTS, DAYS)
    means = {key: row.mean_abs_shap for key, row in rows.items()}
    assert means == {
        ("feature", "a"): 1.5, ("feature", "b"): 1.0, ("feature", "c"): 0.5,
        ("topic", "twins"): 1.5, ("topic", "c"): 0.5, ("group", "one"): 1.5, ("group", "other"): 0.5,
    }  # fmt: skip
    shares = {key: row.share for key, row in rows.items()}
    assert shares["feature", "a"] == 0.5
    assert shares["feature", "c"] == pytest.approx(1 / 6, abs=1e-6)
    assert shares["topic", "twins"] == shares["group", "one"] == 0.75


def test_the_most_important_come_first_and_equal_ones_by_name() -> None:
    effects = {"c": [1.0, 1.0], "a": [-1.0, 1.0], "b": [2.0, 2.0]}
    rows = compute_importance([daily_sums(explained(effects, [0, 1]), TOPIC, GROUP)])
    assert [(row.level, row.name) for row in rows] == [
        ("feature", "b"), ("feature", "a"), ("feature", "c"),
        ("topic", "twins"), ("topic", "c"), ("group", "one"), ("group", "other"),
    ]  # fmt: skip


def test_an_interval_is_over_days_and_not_over_flights() -> None:
    rows = measured({"a": [1, 3] * 50, "b": [1] * 50 + [3] * 50, "c": [1] * 100}, [0] * 50 + [1] * 50)
    assert [rows["feature", name].low for name in "abc"] == [2, 1, 1]
    assert [rows["feature", name].high for name in "abc"] == [2, 3, 1]


def test_flights_of_one_day_have_no_interval() -> None:
    with pytest.raises(UserError, match=r" 2 days, there are 1;"):
        measured(EFFECTS, [0, 0, 0, 0])


@given(FLIGHTS, st.lists(st.integers(0, 2), min_size=30, max_size=30), st.randoms(use_true_random=False))
def test_parts_in_any_order_have_what_the_whole_has(flights: list[tuple], part_of: list[int], random: Any) -> None:
    whole = explanation(flights)
    random.shuffle(flights)
    part = np.array(part_of[: len(flights)])
    parts = [
        daily_sums(explanation(flights).take(np.flatnonzero(part == one)), TOPIC, GROUP) for one in np.unique(part)
    ]
    _same(compute_importance(parts, draws=50), compute_importance([daily_sums(whole, TOPIC, GROUP)], draws=50))


def _same(one: list[Importance], other: list[Importance]) -> None:
    """But for the last digits, which depend on the order of a sum, and so may the order of rows that they decide."""
    rows = {row[:2]: row for row in other}
    assert {row[:2] for row in one} == set(rows)
    for row in one:
        known = [(a, b) for a, b in zip(row[2:6], rows[row[:2]][2:6], strict=True)]
        assert all(abs(a - b) < 3e-6 for a, b in known)


@given(FLIGHTS)
def test_importance_has_its_invariants(flights: list[tuple]) -> None:
    rows = compute_importance([daily_sums(explanation(flights), TOPIC, GROUP)], draws=50)
    by_key = {(row.level, row.name): row for row in rows}
    for upper, within in (("topic", TOPIC), ("group", GROUP)):
        for name in set(within.values()):
            added = sum(by_key["feature", feature].mean_abs_shap for feature in within if within[feature] == name)
            assert by_key[upper, name].mean_abs_shap <= added + 3e-6
    for level in ("feature", "topic", "group"):
        of_level = [row for row in rows if row.level == level]
        assert all(a.mean_abs_shap >= b.mean_abs_shap for a, b in pairwise(of_level))
        has_effect = any(row.share for row in of_level)
        assert sum(row.share for row in of_level) == pytest.approx(float(has_effect), abs=3e-6)
    for row in rows:
        assert 0 <= row.low <= row.high
        assert all(value is None or value == round(value, 6) for value in row[2:])


@given(st.integers(0, 10_000))
def test_an_interval_of_many_days_holds_its_estimate_and_is_as_wide_as_days_differ(seed: int) -> None:
    random = np.random.default_rng(seed)
    days = np.repeat(np.arange(60), 10)
    effects = random.gamma(4.0, 0.25, 60)[days]
    row = compute_importance([daily_sums(explained({"a": effects.tolist()}, days.tolist()), TOPIC, GROUP)], draws=400)[
        0
    ]
    error = effects.std() / math.sqrt(60)
    assert row.low < row.mean_abs_shap < row.high
    assert 2.8 * error < row.high - row.low < 5.2 * error
