"""explain.overall.stability and explain.overall.turns: order of importance, and effects that turn, from numbers that can be checked by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.stability import Move, Sizes, Standing, agreement, movers, sizes, standings
from flight_delay.explain.overall.turns import Direction, MonthRecord, month_record, turns

MONTHS: dict[str, Sizes] = {
    "2013-11": {"feature": {"a": 0.3, "b": 0.2, "c": 0.1, "none": 0.0}, "topic": {"t": 0.4, "u": 0.1}},
    "2013-12": {"feature": {"a": 0.1, "b": 0.3, "c": 0.2, "none": 0.0}, "topic": {"t": 0.5, "u": 0.2}},
}
ROWS = standings(MONTHS, "month")


def explained(features: dict[str, np.ndarray], shap: dict[str, np.ndarray]) -> Explanation:
    rows = len(next(iter(features.values())))
    keys = (np.arange(rows), np.full(rows, "2013-01-01", "datetime64[D]"), np.zeros(rows, bool), np.zeros(rows))
    return Explanation(*keys, expected=np.zeros(rows), features=features, shap=shap)


def record(month: int, sign: float, noise: float = 0.0, share: float = 1.0, rows: int = 400) -> MonthRecord:
    random = np.random.default_rng(month)
    values = random.normal(size=rows).astype(np.float32)
    carrier = np.array(["AA", "B6"], object)[np.arange(rows) % 2]
    effects = {
        "x": (share * sign * values + noise * random.normal(size=rows)).astype(np.float32),
        "carrier": np.where(carrier == "AA", sign * share * 0.1, 0.04),
        "rest": np.full(rows, 1.0),
    }
    features = {"x": values, "carrier": carrier, "rest": np.zeros(rows)}
    return month_record(explained(features, effects), {name: name for name in features})


def test_sizes_of_topics_add_up_effects_flight_by_flight_first() -> None:
    shap = {"a": np.array([1.0, -2.0]), "b": np.array([-1.0, -1.0]), "c": np.array([0.0, 4.0])}
    found = sizes(shap, {"a": "t", "b": "t", "c": "u"})
    assert found == {"feature": {"a": 1.5, "b": 1.0, "c": 2.0}, "topic": {"t": 1.5, "u": 2.0}}


def test_rows_are_ranked_in_each_month_and_equals_share_the_better_rank() -> None:
    assert ROWS[0] == Standing("a", "feature", "month", "2013-11", 0.3, 1)
    assert [(row.name, row.rank) for row in ROWS[6:10]] == [("b", 1), ("c", 2), ("a", 3), ("none", 4)]
    equal = standings({"1": {"feature": {"b": 0.2, "a": 0.2, "d": 0.2, "c": 0.1}}}, "seed")
    assert [(row.name, row.rank) for row in equal] == [("a", 1), ("b", 1), ("d", 1), ("c", 4)]
    assert {row.source for row in equal} == {"seed"}


def test_agreement_is_the_mean_of_kendalls_tau_over_pairs_without_names_that_matter_nowhere() -> None:
    # a, b, c against b, c, a: of three pairs one is in the same order: (1 - 2) / 3.
    assert agreement(ROWS, "feature", "month") == round(-1 / 3, 6)
    assert agreement(ROWS, "topic", "month") == 1
    third = standings({**MONTHS, "2014-01": MONTHS["2013-11"]}, "month")
    assert agreement(third, "feature", "month") == round((-1 / 3 + 1 - 1 / 3) / 3, 6)


def test_where_there_is_nothing_to_compare_there_is_no_agreement() -> None:
    assert agreement(ROWS, "feature", "seed") is None
    assert agreement(standings({"2013-11": MONTHS["2013-11"]}, "month"), "feature", "month") is None
    nothing: Sizes = {"feature": {"a": 0.0, "b": 0.0}}
    assert agreement(standings({"1": nothing, "2": nothing}, "seed"), "feature", "seed") is None
    alike: Sizes = {"feature": {"a": 0.1, "b": 0.1}}
    assert agreement(standings({"1": alike, "2": alike}, "seed"), "feature", "seed") is None


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=8, unique_by=lambda size: round(size, 5)))
def test_the_same_order_agrees_fully_and_the_reverse_not_at_all(drawn: list[float]) -> None:
    of = {f"f{place}": round(size, 5) for place, size in enumerate(drawn)}
    other = {name: 2 * size for name, size in of.items()}
    back = {name: 3 - size for name, size in of.items()}
    assert agreement(standings({"1": {"feature": of}, "2": {"feature": other}}, "seed"), "feature", "seed") == 1
    assert agreement(standings({"1": {"feature": of}, "2": {"feature": back}}, "seed"), "feature", "seed") == -1


def test_the_farthest_mover_comes_first_and_who_stays_is_left_out() -> None:
    expected = [Move("a", 1, "2013-11", 3, "2013-12"), Move("b", 1, "2013-12", 2, "2013-11")]
    assert movers(ROWS, "feature", "month")[:2] == expected
    assert [of.name for of in movers(ROWS, "feature", "month")] == ["a", "b", "c"]
    assert [of.name for of in movers(ROWS, "feature", "month", among=1)] == ["b"]
    assert movers(ROWS, "topic", "month") == []
    assert movers(ROWS, "feature", "seed") == []


def test_a_record_holds_directions_of_numbers_and_of_categories() -> None:
    values = np.array([1, 2, np.nan, 4], np.float32)
    features = {"x": values, "carrier": np.array(["B6", None, "AA", "B6"], object)}
    shap = {"x": np.array([3.0, 2.0, 9.0, 1.0]), "carrier": np.array([0.1, 0.5, -0.2, 0.3])}
    found = month_record(explained(features, shap), {"x": "x", "carrier": "carrier"}).directions
    assert list(found) == [("x", None), ("carrier", "AA"), ("carrier", "B6")]
    assert found["x", None] == Direction(pytest.approx(-1), 3)
    assert found["carrier", "AA"] == Direction(-0.2, 1)
    assert found["carrier", "B6"] == Direction(pytest.approx(0.2), 2)


def test_an_effect_that_is_mirrored_in_a_month_is_found_there_and_back() -> None:
    found = turns({"2013-10": record(1, 1), "2013-11": record(2, -1), "2013-12": record(3, 1)})
    assert [(of.feature, of.category, of.from_month, of.to_month) for of in found] == [
        ("x", None, "2013-10", "2013-11"),
        ("x", None, "2013-11", "2013-12"),
        ("carrier", "AA", "2013-10", "2013-11"),
        ("carrier", "AA", "2013-11", "2013-12"),
    ]
    assert (found[0].before, found[0].after) == (1, -1)
    assert re.findall(r"[+-]\d\.\d+", found[0].words) == ["+1.00", "-1.00"]
    assert " carrier AA " in f" {found[2].words}"
    assert re.findall(r"[+-]\d\.\d+", found[2].words) == ["+0.10", "-0.10"]


def test_months_without_a_clear_direction_are_passed_over() -> None:
    found = turns({"2013-10": record(1, 1), "2013-11": record(2, 0, noise=1), "2013-12": record(3, -1)})
    assert [(of.from_month, of.to_month) for of in found if of.feature == "x"] == [("2013-10", "2013-12")]


@pytest.mark.parametrize("seed", range(10))
def test_noise_around_zero_does_not_warn(seed: int) -> None:
    months = {f"2013-{month:02d}": record(100 * seed + month, 0, noise=1) for month in range(1, 13)}
    assert turns(months) == []


@pytest.mark.parametrize(
    ("share", "rows", "warned"), [(1, 400, True), (0.03, 400, True), (0.015, 400, False), (1, 99, False)]
)
def test_only_features_that_matter_on_enough_flights_warn(share: float, rows: int, warned: bool) -> None:
    months = {f"2013-{month}": record(month, 12 - month or -1, share=share, rows=rows) for month in (11, 12)}
    assert any(of.feature == "x" for of in turns(months)) == warned


@pytest.mark.parametrize(("size", "warned"), [(0.3, True), (0.29, False)])
def test_both_directions_must_be_clear(size: float, warned: bool) -> None:
    def month(of: float) -> MonthRecord:
        return MonthRecord({"feature": {"x": 0.1}}, {("x", None): Direction(of, 100)})

    assert bool(turns({"1": month(0.9), "2": month(-size)})) == warned
    assert bool(turns({"1": month(-size), "2": month(0.9)})) == warned
    assert turns({"1": month(0.9), "2": month(size)}) == []


@pytest.mark.parametrize(("size", "warned"), [(0.05, True), (0.049, False)])
def test_categories_have_a_bound_of_their_own(size: float, warned: bool) -> None:
    def month(of: float) -> MonthRecord:
        return MonthRecord({"feature": {"x": 0.1}}, {("x", "AA"): Direction(of, 100)})

    assert bool(turns({"1": month(0.2), "2": month(-size)})) == warned


def test_a_constrained_feature_and_a_category_of_one_month_never_warn() -> None:
    months = {"2013-11": record(1, 1), "2013-12": record(2, -1)}
    assert {of.feature for of in turns(months, constrained=["x"])} == {"carrier"}
    del months["2013-12"].directions["carrier", "AA"]  # type: ignore[attr-defined]
    assert {of.feature for of in turns(months)} == {"x"}
