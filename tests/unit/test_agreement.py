"""explain.overall.agreement: ranks beside each other, and a reason only where the numbers show it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.explain.overall.agreement import Agreement, agreement, in_words
from flight_delay.explain.overall.importance import Importance
from flight_delay.explain.overall.permutation import Drop

NAMES = tuple("abcdefghijkl")
FALLING = {name: float(12 - place) for place, name in enumerate(NAMES)}
ALONE = {name: name for name in NAMES}


def rows_of(
    shap: dict[str, float] = FALLING,
    drop: dict[str, float] = FALLING,
    gain: dict[str, float] = FALLING,
    *,
    topic_of: dict[str, str] = ALONE,
    topics: dict[str, tuple[float, float, float]] | None = None,
    manner: dict[str, dict[str, Any]] | None = None,
    margin: float = 0.5,
    days: int = 61,
    labels: dict[str, str] | None = None,
) -> list[Agreement]:
    usual = {"between_days": 0.1, "with_late_days": 0.0, "concentration": 1.25}
    importances = [
        Importance("feature", name, value, value, value, 0.1, **{**usual, **(manner or {}).get(name, {})})
        for name, value in shap.items()
    ]
    drops = [Drop("feature", name, value, value - margin, value + margin) for name, value in drop.items()]
    for topic in set(topic_of.values()):
        of = drop.get(topic, 0.0)
        drops.append(Drop("topic", topic, *(topics or {}).get(topic, (of, of - margin, of + margin))))
    model = {name: {"total_gain": value, "gain": 0.0} for name, value in gain.items()}
    return agreement(importances, drops, model, topic_of, days=days, labels=labels)


def said(rows: list[Agreement]) -> dict[str, str]:
    return {row.feature: row.words for row in rows if row.words}


def moved(name: str, to: float, of: dict[str, float] = FALLING) -> dict[str, float]:
    return {**of, name: to}


def test_measures_that_agree_are_left_without_words() -> None:
    rows = rows_of()
    assert said(rows) == {}
    assert [row.feature for row in rows] == list(NAMES)
    assert [(row.shap_rank, row.permutation_rank, row.gain_rank) for row in rows] == [(i, i, i) for i in range(1, 13)]
    assert rows[2] == Agreement("c", "c", 3, 3, 3, 10, 10, 9.5, 10.5, 10, 10, "")


def test_ranks_are_those_of_each_measure_and_equal_values_go_by_name() -> None:
    rows = {row.feature: row for row in rows_of(drop=moved("b", 100), gain=moved("a", 9.0))}
    assert [rows["a"].permutation_rank, rows["b"].permutation_rank, rows["c"].permutation_rank] == [2, 1, 3]
    assert [rows["a"].gain_rank, rows["d"].gain_rank] == [3, 4]
    turned = {row.feature: row for row in rows_of(gain=dict(reversed(moved("a", 9.0).items())))}
    assert [turned["a"].gain_rank, turned["d"].gain_rank] == [3, 4]


def test_features_that_no_tree_uses_have_no_row_and_no_rank() -> None:
    rows = rows_of(shap=moved("a", 0), drop=moved("a", 0), gain=moved("a", 0))
    assert [row.feature for row in rows] == list(NAMES[1:])
    assert rows[0].shap_rank == rows[0].permutation_rank == rows[0].gain_rank == 1


@pytest.mark.parametrize(("to", "places"), [(7.5, 4), (6.5, 5)])
def test_measures_disagree_from_five_places_on(to: float, places: int) -> None:
    rows = {row.feature: row for row in rows_of(drop=moved("a", to))}
    assert rows["a"].permutation_rank - rows["a"].shap_rank == places
    assert bool(rows["a"].words) == (places == 5)


def test_what_no_measure_calls_important_may_lie_anywhere() -> None:
    small = {name: 100.0 if name in "ab" else 1 - place / 100 for place, name in enumerate(NAMES)}
    assert said(rows_of(small, moved("c", 0.001, small), small)) == {}
    assert set(said(rows_of(small, moved("a", 0.001, small), small))) == {"a"}
    # A negative drop is no share: the eleven others still have an average of one twelfth.
    assert set(said(rows_of(small, moved("a", -500.0, small), small))) == {"a"}


def measured(words: str) -> list[str]:
    """The numbers in the reason that is given, after the places."""
    return re.findall(r"-?\d+(?:\.\d+)?", words.partition("): ")[2])


def test_a_reason_stands_behind_the_places_that_disagree() -> None:
    words = said(rows_of(drop=moved("a", 3.2)))["a"]
    assert re.findall(r"\d+", words.partition("): ")[0]) == ["1", "12", "9"]
    assert words.startswith("A ")


def test_twins_are_a_reason_where_they_cost_much_more_together() -> None:
    twins = {**ALONE, "a": "pair", "e": "pair", "l": "pair"}
    of = {"shap": FALLING, "drop": moved("a", 3.2), "topic_of": twins}
    shared = rows_of(**of, topics={"pair": (20.0, 10.0, 30.0)}, labels={"e": "the fifth", "a": "first of all"})
    assert said(shared)["a"].startswith("First of all ")
    assert "the fifth and l " in said(shared)["a"]
    assert measured(said(shared)["a"]) == ["20.0000", "12.2000"]
    for topic in ((18.2, 10.0, 30.0), (20.0, -0.1, 40.0)):  # not 1.5 times as much; perhaps nothing
        assert measured(said(rows_of(**of, topics={"pair": topic}))["a"]) == []
    assert measured(said(rows_of(**of, topics={"pair": (18.4, 10.0, 30.0)}))["a"]) == ["18.4000", "12.2000"]
    two = rows_of(
        drop=moved("a", 3.2), topic_of={**ALONE, "a": "pair", "e": "pair"}, topics={"pair": (30.0, 1.0, 60.0)}
    )
    assert measured(said(two)["a"]) == ["30.0000", "11.2000"]


def test_a_feature_alone_in_its_topic_has_no_twin() -> None:
    alone = said(rows_of(drop=moved("a", 0.5), topics={"a": (20.0, 10.0, 30.0)}))["a"]
    assert measured(alone) == []


def test_whole_days_that_were_not_later_are_a_reason() -> None:
    def numbers(**manner: Any) -> list[str]:
        return measured(said(rows_of(drop=moved("a", -1.0), manner={"a": manner}))["a"])

    otherwise = ["-1.5000", "-0.5000"]
    assert numbers(between_days=0.97, with_late_days=0.05) == ["97", "61", "0.05"]
    assert numbers(between_days=0.5, with_late_days=None) == ["50", "61"]
    assert numbers(between_days=0.49, with_late_days=0.05) == otherwise
    # By chance two in forty of 61 days' correlations lie beyond 1.96 / sqrt(60) = 0.253.
    assert numbers(between_days=0.9, with_late_days=0.25) == ["90", "61", "0.25"]
    assert numbers(between_days=0.9, with_late_days=0.26) == otherwise
    assert numbers(between_days=None, with_late_days=None) == otherwise


def test_without_a_use_on_these_flights_nothing_more_is_claimed() -> None:
    none = said(rows_of(drop=moved("a", -0.2)))["a"]
    assert measured(none) == ["-0.7000", "0.3000"]
    twins = {**ALONE, "a": "pair", "e": "pair"}
    both = said(rows_of(drop=moved("a", -0.2), topic_of=twins, topics={"pair": (0.1, -0.1, 0.3)}))["a"]
    assert measured(both) == ["-0.1000", "0.3000"]
    assert " e " in both
    unsure = rows_of(drop=moved("a", 3.2), topic_of=twins, topics={"pair": (0.1, -0.1, 0.3)})
    for rows in (unsure, rows_of(drop=moved("a", 3.2))):
        assert measured(said(rows)["a"]) == []


def test_a_drop_may_be_chance() -> None:
    words = said(rows_of(drop=moved("l", 20.0), margin=20.0))
    assert set(words) == {"l"}
    assert re.findall(r"\d+", words["l"].partition("): ")[0]) == ["12", "12", "1"]
    assert measured(words["l"]) == ["0.0000", "40.0000"]


def test_small_moves_of_the_right_days_and_far_moves_of_few_flights_are_reasons() -> None:
    def numbers(**manner: Any) -> list[str]:
        return measured(said(rows_of(drop=moved("l", 20.0), manner={"l": manner}))["l"])

    assert numbers(between_days=0.93, with_late_days=0.43, concentration=9.0) == ["93", "0.43"]
    assert numbers(between_days=0.93, with_late_days=0.2, concentration=1.5) == ["1.5"]
    assert numbers(between_days=0.4, with_late_days=0.43) == []
    assert numbers(concentration=1.49) == []


def test_gain_is_set_against_what_is_moved_on_these_flights() -> None:
    def numbers(name: str, gain: float, **manner: Any) -> list[str]:
        words = said(rows_of(gain=moved(name, gain), manner={name: manner}))[name]
        assert re.findall(r"\d+", words.partition("): ")[0]) == (
            ["12", "12", "1"] if name == "l" else ["1", "12", "12"]
        )
        return measured(words)

    assert numbers("l", 20.0, concentration=3.0) == ["3.0"]
    assert numbers("l", 20.0, concentration=1.4) == []
    assert numbers("a", 0.5, concentration=1.05) == ["1.1"]
    assert numbers("a", 0.5, concentration=1.2) == []


def test_two_disagreements_are_two_sentences() -> None:
    words = said(rows_of(drop=moved("a", 0.6), gain=moved("a", 0.5)))["a"]
    assert words.count(" 1 of 12 ") == 2
    assert words.count(". A ") == 1


@given(st.integers(0, 10_000))
def test_words_stand_where_ranks_are_far_apart_and_nowhere_else(seed: int) -> None:
    random = np.random.default_rng(seed)
    shap, drop, gain = (
        {name: float(value) for name, value in zip(NAMES, random.gamma(0.5, size=12), strict=True)} for _ in range(3)
    )
    drop = {name: value - 0.2 for name, value in drop.items()}
    rows = rows_of(shap, drop, gain)
    for rank in ("shap_rank", "permutation_rank", "gain_rank"):
        assert sorted(getattr(row, rank) for row in rows) == list(range(1, 13))
    mean_shap, mean_gain, mean_drop = (sum(max(v, 0) for v in of.values()) / 12 for of in (shap, gain, drop))
    for row in rows:
        important = row.mean_abs_shap >= mean_shap
        apart = abs(row.shap_rank - row.permutation_rank) >= 5 and (important or row.drop >= mean_drop)
        also = abs(row.shap_rank - row.gain_rank) >= 5 and (important or row.total_gain >= mean_gain - 1e-5)
        assert row.words.count("by permutation)") == apart
        assert row.words.count("by gain)") == also
        assert row.words == "" or (row.words[0].isupper() and row.words.endswith("."))


def test_a_label_is_used_where_there_is_one() -> None:
    assert in_words("late_rate_all_7d", {}) == "late rate all 7d"
    assert in_words("late_rate_all_7d", {"late_rate_all_7d": "late flights"}) == "late flights"
