"""The wording of report.sections: ranges of payoffs, what the model knows, and rules by which features are dropped."""

from __future__ import annotations

import pytest

from flight_delay.report import sections


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ({"low": -644.18, "high": -242.3}, "A missed delay earns −500: it may earn −644 to −242."),
        ({"low": None, "high": 1234.4}, "A missed delay earns −500: it may earn 1,234 or less."),
        ({"low": -2.125, "high": None}, "A missed delay earns −500: it may earn −2.12 or more."),
        ({"low": None, "high": None}, "A missed delay earns −500: it may earn anything."),
        (None, "A missed delay earns −500: one call for all flights earns more, whatever this amount is."),
    ],
)
def test_ranges_in_words(between: dict[str, float | None] | None, said: str) -> None:
    assert sections.ranges({"late_called_on_time": between}, {"late_called_on_time": -500.0}) == [said]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["schedule"], "the timetable"),
        (["weather", "schedule"], "the timetable and the weather at the origin at the time of the prediction"),
        (
            ["schedule", "history", "density", "history"],
            "the timetable, how full the schedule is and late rates until the day before the prediction",
        ),
    ],
)
def test_what_the_model_knows_are_the_groups_of_its_features(groups: list[str], said: str) -> None:
    assert sections.known({"features": [{"group": group} for group in groups]}) == said


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["schedule", "density", "history", "weather"], "the aircraft nor what happens after it has spoken"),
        (
            ["history", "schedule", "density"],
            "the aircraft, the weather at the origin at the time of the prediction nor what happens after it has spoken",
        ),
        (
            ["schedule", "weather"],
            "the aircraft, how full the schedule is, late rates until the day before the prediction nor what happens after it has spoken",
        ),
    ],
)
def test_what_the_model_does_not_know_are_the_groups_it_has_no_feature_of(groups: list[str], said: str) -> None:
    assert sections.unknown({"features": [{"group": group} for group in groups]}) == said


def test_a_rule_by_which_a_feature_was_dropped_is_said() -> None:
    (found,) = sections.dropped({"dropped": [{"feature": "a", "rule": "noise", "because": "it is"}]})
    assert found.rule == "no better than a random column"


def test_columns_that_say_that_another_is_missing_have_a_name() -> None:
    columns = [{"name": "a_is_missing", "kind": "indicator", "group": "schedule", "categories": []}]
    assert sections.feature_counts({"features": columns}) == {"indicators of missing values": 1}
