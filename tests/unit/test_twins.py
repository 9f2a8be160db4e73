"""explain.overall.twins: features of different topics that may stand in for one another."""

from __future__ import annotations

import numpy as np

from flight_delay.explain.overall.twins import across_topics

ROWS = 500
RANDOM = np.random.default_rng(0)
MINUTES = RANDOM.uniform(300, 1400, ROWS)
FEATURES = {
    "minutes": MINUTES,
    "so_far": (MINUTES / 4 + RANDOM.normal(0, 20, ROWS)).round(),
    "left": -MINUTES,
    "other": RANDOM.normal(size=ROWS),
    "carrier": np.array(["AA", "UA"], object)[RANDOM.integers(0, 2, ROWS)],
}
ALONE = {name: name for name in FEATURES}
EFFECTS = {name: np.ones(ROWS) for name in FEATURES}


def pairs(topic_of=ALONE, effects=EFFECTS, features=FEATURES) -> list[tuple[str, str]]:
    return [(of.first, of.second) for of in across_topics(features, effects, topic_of)]


def test_what_goes_together_in_either_direction_is_found_the_closest_first() -> None:
    assert pairs() == [("minutes", "left"), ("minutes", "so_far"), ("so_far", "left")]


def test_features_of_one_topic_may_go_together() -> None:
    assert pairs({**ALONE, "minutes": "time", "so_far": "time", "left": "time"}) == []
    assert pairs({**ALONE, "minutes": "time", "so_far": "time"}) == [("minutes", "left"), ("so_far", "left")]


def test_a_feature_without_effect_does_no_harm() -> None:
    assert pairs(effects={**EFFECTS, "minutes": np.zeros(ROWS)}) == [("so_far", "left")]


def test_missing_values_and_constants_are_no_twins() -> None:
    some = np.where(np.arange(ROWS) % 3 == 0, np.nan, MINUTES)
    assert pairs(features={**FEATURES, "left": some})[0] == ("minutes", "left")
    assert pairs(features={**FEATURES, "left": np.full(ROWS, 3.0), "so_far": np.full(ROWS, np.nan)}) == []


def test_words_name_both_and_how_close_they_are() -> None:
    (found,) = across_topics(
        {name: FEATURES[name] for name in ("minutes", "left")}, {name: EFFECTS[name] for name in ("minutes", "left")},
        ALONE, {"minutes": "time of day"},
    )  # fmt: skip
    assert found.correlation == -1.0
    assert found.words.startswith("Time of day and ")
    assert " -1.00)" in found.words
