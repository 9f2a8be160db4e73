"""explain.overall.agreement: ranks beside each other, and a reason only where the numbers show it."""

from __future__ import annotations

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


def test_what_a_twin_says_too_is_said() -> None:
    twins = {**ALONE, "a": "pair", "e": "pair", "l": "pair"}
    of = {"shap": FALLING, "drop": moved("a", 3.2), "topic_of": twins}
    shared = rows_of(**of, topics={"pair": (20.0, 10.0, 30.0)}, labels={"e": "the fifth", "a": "first of all"})
    assert said(shared)["a"] == (
        "First of all moves predictions more than shuffling it costs (place 1 of 12 by SHAP, 9 by permutation): what it "
        "says, the fifth and l say too; shuffled together they cost 20.0000 of average precision, one at a time 12.2000 in sum."
    )
    for topic in ((18.2, 10.0, 30.0), (20.0, -0.1, 40.0)):  # not 1.5 times as much; perhaps nothing
        assert "say too" not in said(rows_of(**of, topics={"pair": topic}))["a"]
    assert "say too" in said(rows_of(**of, topics={"pair": (18.4, 10.0, 30.0)}))["a"]
    two = rows_of(
        drop=moved("a", 3.2), topic_of={**ALONE, "a": "pair", "e": "pair"}, topics={"pair": (30.0, 1.0, 60.0)}
    )
    assert ": what it says, e says too; shuffled" in said(two)["a"]


def test_a_feature_alone_in_its_topic_has_no_twin() -> None:
    assert "too" not in said(rows_of(drop=moved("a", 0.5), topics={"a": (20.0, 10.0, 30.0)}))["a"]


def test_whole_days_that_were_not_later_are_said() -> None:
    def words(**manner: Any) -> str:
        return said(rows_of(drop=moved("a", -1.0), manner={"a": manner}))["a"]

    assert words(between_days=0.97, with_late_days=0.05) == (
        "A moves predictions more than shuffling it costs (place 1 of 12 by SHAP, 12 by permutation): it moves all flights of "
        "a day together (97 % of its effect's variance lies between days), and these 61 days do not show that days that it "
        "raises are late more often (rank correlation 0.05)."
    )
    assert words(between_days=0.5, with_late_days=None).endswith("are late more often.")
    assert "of a day" not in words(between_days=0.49, with_late_days=0.05)
    # By chance two in forty of 61 days' correlations lie beyond 1.96 / sqrt(60) = 0.253.
    assert "of a day" in words(between_days=0.9, with_late_days=0.25)
    assert "of a day" not in words(between_days=0.9, with_late_days=0.26)
    assert "of a day" not in words(between_days=None, with_late_days=None)


def test_without_a_use_on_these_flights_nothing_more_is_claimed() -> None:
    none = said(rows_of(drop=moved("a", -0.2)))["a"]
    assert none.endswith(
        ": these flights are not surely ranked worse without it (average precision falls by -0.7000 to 0.3000)."
    )
    twins = {**ALONE, "a": "pair", "e": "pair"}
    both = said(rows_of(drop=moved("a", -0.2), topic_of=twins, topics={"pair": (0.1, -0.1, 0.3)}))["a"]
    assert both.endswith("without it, nor without e as well (average precision falls by -0.1000 to 0.3000).")
    unsure = rows_of(drop=moved("a", 3.2), topic_of=twins, topics={"pair": (0.1, -0.1, 0.3)})
    for rows in (unsure, rows_of(drop=moved("a", 3.2))):
        assert said(rows)["a"].endswith("the order of those that seem likeliest to be late.")


def test_a_drop_that_may_be_chance_is_said_to_be() -> None:
    rows = rows_of(drop=moved("l", 20.0), margin=20.0)
    assert said(rows) == {
        "l": "Shuffling l costs more than it moves predictions (place 12 of 12 by SHAP, 1 by permutation): this may be chance "
        "(average precision falls by 0.0000 to 40.0000)."
    }


def test_small_moves_of_the_right_days_and_far_moves_of_few_flights_are_said() -> None:
    def words(**manner: Any) -> str:
        return said(rows_of(drop=moved("l", 20.0), manner={"l": manner}))["l"]

    days = words(between_days=0.93, with_late_days=0.43, concentration=9.0)
    assert days.endswith("between days), and days that it raises were late more often (rank correlation 0.43).")
    assert words(between_days=0.93, with_late_days=0.2, concentration=1.5).endswith(
        "it moves few flights, but those far (root mean square 1.5 times the mean)."
    )
    assert words(between_days=0.4, with_late_days=0.43).endswith("but flights are ranked better for it.")
    assert words(concentration=1.49).endswith("but flights are ranked better for it.")


def test_gain_is_set_against_what_is_moved_on_these_flights() -> None:
    def words(name: str, gain: float, **manner: Any) -> str:
        return said(rows_of(gain=moved(name, gain), manner={name: manner}))[name]

    assert words("l", 20.0, concentration=3.0) == (
        "Splits by l gained more in training than it moves these predictions (place 12 of 12 by SHAP, 1 by gain): it moves few "
        "flights far (root mean square 3.0 times the mean), and gain grows with the square."
    )
    assert words("l", 20.0, concentration=1.4).endswith(
        "gain counts the flights that the model was trained on, SHAP these."
    )
    assert words("a", 0.5, concentration=1.05) == (
        "A moves these predictions more than splits by it gained in training (place 1 of 12 by SHAP, 12 by gain): it moves many "
        "flights about equally far (root mean square 1.1 times the mean), and gain grows with the square."
    )
    assert words("a", 0.5, concentration=1.2).endswith(
        ": gain counts the flights that the model was trained on, SHAP these."
    )


def test_two_disagreements_are_two_sentences() -> None:
    words = said(rows_of(drop=moved("a", 0.6), gain=moved("a", 0.5)))["a"]
    assert words.count("place 1 of 12") == 2
    assert words.count(". A moves these predictions") == 1


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
    assert (
        in_words("late_rate_all_7d", {"late_rate_all_7d": "late flights, last 7 days"}) == "late flights, last 7 days"
    )
