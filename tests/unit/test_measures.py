"""explain.global_.measures: ranks by three measures side by side."""

from __future__ import annotations

from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.measures import Measures, compare_measures
from flight_delay.explain.global_.permutation import Drop

FALLING = {"a": 3.0, "b": 2.0, "c": 1.0}


def compared(shap: dict = FALLING, drop: dict = FALLING, gain: dict = FALLING) -> dict[str, Measures]:
    importances = [Importance("feature", name, value, value, value, 0.1) for name, value in shap.items()]
    drops = [Drop("feature", name, value, value - 0.5, value + 0.5) for name, value in drop.items()]
    gains = {name: {"total_gain": value, "gain": 0.0} for name, value in gain.items()}
    rows = compare_measures(importances, [*drops, Drop("topic", "t", 9.0, 8.0, 10.0)], gains, dict.fromkeys(shap, "t"))
    return {row.feature: row for row in rows}


def test_rows_have_rank_and_value_by_every_measure() -> None:
    rows = compared(drop={"a": 0.5, "b": 2.0, "c": 1.0})
    assert list(rows) == ["a", "b", "c"]
    assert rows["a"] == Measures("a", "t", 1, 3, 1, 3.0, 0.5, 0.0, 1.0, 9.0, 3.0)
    assert [row.permutation_rank for row in rows.values()] == [3, 1, 2]


def test_ties_are_broken_by_name() -> None:
    rows = compared(gain={"c": 2.0, "b": 2.0, "a": 1.0})
    assert [rows[name].gain_rank for name in "abc"] == [3, 1, 2]


def test_features_that_no_tree_uses_have_no_row_and_no_rank() -> None:
    rows = compared(gain={"a": 0.0, "b": 2.0, "c": 1.0})
    assert list(rows) == ["b", "c"]
    assert rows["b"][2:5] == (1, 1, 1)
