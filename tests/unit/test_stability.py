"""explain.global_.stability: ranks by month and seed, from numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.explain.global_.stability import (
    MeanEffects,
    Rank,
    kendall_tau,
    mean_effects,
    rank_effects,
    rank_table,
)

MONTHS: dict[str, MeanEffects] = {
    "2013-11": {"feature": {"a": 0.3, "b": 0.2, "c": 0.1, "none": 0.0}, "topic": {"t": 0.4, "u": 0.1}},
    "2013-12": {"feature": {"a": 0.1, "b": 0.3, "c": 0.2, "none": 0.0}, "topic": {"t": 0.5, "u": 0.2}},
}
ROWS = rank_effects(MONTHS, "month")


def test_mean_effects_of_topics_add_up_effects_flight_by_flight_first() -> None:
    shap = {"a": np.array([1.0, -2.0]), "b": np.array([-1.0, -1.0]), "c": np.array([0.0, 4.0])}
    found = mean_effects(shap, {"a": "t", "b": "t", "c": "u"})
    assert found == {"feature": {"a": 1.5, "b": 1.0, "c": 2.0}, "topic": {"t": 1.5, "u": 2.0}}


def test_rows_are_ranked_in_each_month_and_equals_share_the_better_rank() -> None:
    assert ROWS[0] == Rank("a", "feature", "month", "2013-11", 0.3, 1)
    assert [(row.name, row.rank) for row in ROWS[6:10]] == [("b", 1), ("c", 2), ("a", 3), ("none", 4)]
    equal = rank_effects({"1": {"feature": {"b": 0.2, "a": 0.2, "d": 0.2, "c": 0.1}}}, "seed")
    assert [(row.name, row.rank) for row in equal] == [("a", 1), ("b", 1), ("d", 1), ("c", 4)]
    assert {row.source for row in equal} == {"seed"}


def test_agreement_is_the_mean_of_kendalls_tau_over_pairs_without_names_that_matter_nowhere() -> None:
    # a, b, c against b, c, a: of three pairs one is in the same order: (1 - 2) / 3.
    assert kendall_tau(ROWS, "feature", "month") == round(-1 / 3, 6)
    assert kendall_tau(ROWS, "topic", "month") == 1
    third = rank_effects({**MONTHS, "2014-01": MONTHS["2013-11"]}, "month")
    assert kendall_tau(third, "feature", "month") == round((-1 / 3 + 1 - 1 / 3) / 3, 6)


def test_where_there_is_nothing_to_compare_there_is_no_agreement() -> None:
    assert kendall_tau(ROWS, "feature", "seed") is None
    assert kendall_tau(rank_effects({"2013-11": MONTHS["2013-11"]}, "month"), "feature", "month") is None
    nothing: MeanEffects = {"feature": {"a": 0.0, "b": 0.0}}
    assert kendall_tau(rank_effects({"1": nothing, "2": nothing}, "seed"), "feature", "seed") is None
    alike: MeanEffects = {"feature": {"a": 0.1, "b": 0.1}}
    assert kendall_tau(rank_effects({"1": alike, "2": alike}, "seed"), "feature", "seed") is None


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=8, unique_by=lambda size: round(size, 5)))
def test_the_same_order_agrees_fully_and_the_reverse_not_at_all(drawn: list[float]) -> None:
    of = {f"f{place}": round(size, 5) for place, size in enumerate(drawn)}
    other = {name: 2 * size for name, size in of.items()}
    back = {name: 3 - size for name, size in of.items()}
    assert kendall_tau(rank_effects({"1": {"feature": of}, "2": {"feature": other}}, "seed"), "feature", "seed") == 1
    assert kendall_tau(rank_effects({"1": {"feature": of}, "2": {"feature": back}}, "seed"), "feature", "seed") == -1


def test_a_table_has_a_column_per_month_and_no_names_without_effect() -> None:
    table = rank_table(ROWS, "feature", "month")
    assert table.columns.tolist() == ["2013-11", "2013-12"]
    assert table.index.tolist() == ["a", "b", "c"]
    assert rank_table(ROWS, "feature", "seed").empty
