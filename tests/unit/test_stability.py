"""explain.global_.stability: ranks by month and seed, from numbers that can be checked by hand."""

from __future__ import annotations

import numpy as np

from flight_delay.explain.global_.stability import (
    MeanEffects,
    Rank,
    mean_effects,
    rank_effects,
    rank_table,
)

MONTHS: dict[str, MeanEffects] = {
    "2013-11": {"feature": {"a": 0.3, "b": 0.2, "c": 0.1, "none": 0.0}, "topic": {"t": 0.4, "u": 0.1}},
    "2013-12": {"feature": {"a": 0.1, "b": 0.3, "c": 0.2, "none": 0.0}, "topic": {"t": 0.5, "u": 0.2}},
}
ROWS = rank_effects(MONTHS, "month")


def test_effects_of_topics_are_summed_before_the_mean() -> None:
    shap = {"a": np.array([1.0, -2.0]), "b": np.array([-1.0, -1.0]), "c": np.array([0.0, 4.0])}
    effects = mean_effects(shap, {"a": "t", "b": "t", "c": "u"})
    assert effects == {"feature": {"a": 1.5, "b": 1.0, "c": 2.0}, "topic": {"t": 1.5, "u": 2.0}}


def test_rows_are_ranked_in_each_month_and_equals_share_the_better_rank() -> None:
    assert ROWS[0] == Rank("a", "feature", "month", "2013-11", 0.3, 1)
    assert [(row.name, row.rank) for row in ROWS[6:10]] == [("b", 1), ("c", 2), ("a", 3), ("none", 4)]
    equal = rank_effects({"1": {"feature": {"b": 0.2, "a": 0.2, "d": 0.2, "c": 0.1}}}, "seed")
    assert [(row.name, row.rank) for row in equal] == [("a", 1), ("b", 1), ("d", 1), ("c", 4)]
    assert {row.source for row in equal} == {"seed"}


def test_a_table_has_a_column_per_month_and_no_names_without_effect() -> None:
    table = rank_table(ROWS, "feature", "month")
    assert table.columns.tolist() == ["2013-11", "2013-12"]
    assert table.index.tolist() == ["a", "b", "c"]
    assert rank_table(ROWS, "feature", "seed").empty
