"""explain.global_.sign_changes: directions of effects by month, and changes of their sign."""

from __future__ import annotations

import numpy as np
import pytest
from explanations import explanation_of

from flight_delay.explain.global_.sign_changes import Direction, MonthEffects, find_sign_changes, month_effects


def record(month: int, sign: float, noise: float = 0.0, share: float = 1.0, rows: int = 400) -> MonthEffects:
    random = np.random.default_rng(month)
    values = random.normal(size=rows).astype(np.float32)
    carrier = np.array(["AA", "B6"], object)[np.arange(rows) % 2]
    effects = {
        "x": (share * sign * values + noise * random.normal(size=rows)).astype(np.float32),
        "carrier": np.where(carrier == "AA", sign * share * 0.1, 0.04),
        "rest": np.full(rows, 1.0),
    }
    features = {"x": values, "carrier": carrier, "rest": np.zeros(rows)}
    return month_effects(explanation_of(effects, features), {name: name for name in features})


def test_a_summary_has_directions_of_numbers_and_of_categories() -> None:
    values = np.array([1, 2, np.nan, 4], np.float32)
    features = {"x": values, "carrier": np.array(["B6", None, "AA", "B6"], object)}
    shap = {"x": np.array([3.0, 2.0, 9.0, 1.0]), "carrier": np.array([0.1, 0.5, -0.2, 0.3])}
    directions = month_effects(explanation_of(shap, features), {"x": "x", "carrier": "carrier"}).directions
    assert list(directions) == [("x", None), ("carrier", "AA"), ("carrier", "B6")]
    assert directions["x", None] == Direction(pytest.approx(-1), 3)
    assert directions["carrier", "AA"] == Direction(pytest.approx(-0.2), 1)
    assert directions["carrier", "B6"] == Direction(pytest.approx(0.2), 2)


def test_a_mirrored_effect_changes_sign_twice() -> None:
    changes = find_sign_changes({"2013-10": record(1, 1), "2013-11": record(2, -1), "2013-12": record(3, 1)})
    assert [(change.feature, change.category, change.from_month, change.to_month) for change in changes] == [
        ("x", None, "2013-10", "2013-11"),
        ("x", None, "2013-11", "2013-12"),
        ("carrier", "AA", "2013-10", "2013-11"),
        ("carrier", "AA", "2013-11", "2013-12"),
    ]
    assert (changes[0].before, changes[0].after) == (1, -1)
    assert (changes[2].before, changes[2].after) == (pytest.approx(0.1), pytest.approx(-0.1))


def test_months_without_a_clear_direction_are_skipped() -> None:
    changes = find_sign_changes({"2013-10": record(1, 1), "2013-11": record(2, 0, noise=1), "2013-12": record(3, -1)})
    (change,) = (change for change in changes if change.feature == "x")
    assert (change.from_month, change.to_month) == ("2013-10", "2013-12")


@pytest.mark.parametrize("seed", range(3))
def test_noise_around_zero_is_not_reported(seed: int) -> None:
    months = {f"2013-{month:02d}": record(100 * seed + month, 0, noise=1) for month in range(1, 13)}
    assert find_sign_changes(months) == []


@pytest.mark.parametrize(
    ("share", "rows", "warned"), [(1, 400, True), (0.03, 400, True), (0.015, 400, False), (1, 99, False)]
)
def test_only_important_features_with_enough_rows_are_reported(share: float, rows: int, warned: bool) -> None:
    months = {f"2013-{month}": record(month, 12 - month or -1, share=share, rows=rows) for month in (11, 12)}
    assert any(change.feature == "x" for change in find_sign_changes(months)) == warned


@pytest.mark.parametrize(
    ("category", "clear", "size", "warned"),
    [(None, 0.9, 0.3, True), (None, 0.9, 0.29, False), ("AA", 0.2, 0.05, True), ("AA", 0.2, 0.049, False)],
)
def test_both_directions_must_be_clear(category: str | None, clear: float, size: float, warned: bool) -> None:
    def month(size: float) -> MonthEffects:
        return MonthEffects({"feature": {"x": 0.1}}, {("x", category): Direction(size, 100)})

    assert bool(find_sign_changes({"1": month(clear), "2": month(-size)})) == warned
    assert bool(find_sign_changes({"1": month(-size), "2": month(clear)})) == warned
    assert find_sign_changes({"1": month(clear), "2": month(size)}) == []


def test_a_constrained_feature_and_a_category_of_one_month_are_not_reported() -> None:
    months = {"2013-11": record(1, 1), "2013-12": record(2, -1)}
    assert {change.feature for change in find_sign_changes(months, constrained=["x"])} == {"carrier"}
    del months["2013-12"].directions["carrier", "AA"]  # type: ignore[attr-defined]
    assert {change.feature for change in find_sign_changes(months)} == {"x"}
