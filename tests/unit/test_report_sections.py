"""report.sections: rows of the page's tables, and payoffs and knowledge in words."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.report import sections

BETTER = {"difference": 0.1, "low": 0.05, "high": 0.15, "verdict": "better"}
UNDECIDED = {"difference": 0.1, "low": -0.05, "high": 0.15, "verdict": "undecided"}
JUDGED = ("roc_auc", "average_precision", "log_loss")


def values(first: float) -> dict[str, float]:
    return {name: first + 0.01 * place for place, name in enumerate(JUDGED)}


def metrics(*baselines: str) -> dict[str, Any]:
    names = [*baselines, "model"]
    test = {name: values(0.1 * place) for place, name in enumerate(names)}
    return {
        "test": test["model"],
        "baselines": {name: {"test": test[name]} for name in baselines},
        "ladder": {
            "intervals": {name: {of: {"low": 0.0, "high": 1.0} for of in JUDGED} for name in names},
            "steps": {
                model: {"than": than, **dict.fromkeys(JUDGED, BETTER)} for than, model in itertools.pairwise(names)
            },
            "model_over_logistic": dict.fromkeys(JUDGED, UNDECIDED),
        },
    }


def test_rungs_have_values_and_intervals_from_the_lowest_to_the_model() -> None:
    rows = sections.rungs(metrics("base_rate", "logistic"))
    assert [row["name"] for row in rows] == ["base rate", "logistic regression", "model"]
    assert rows[1]["log_loss"] == {"value": 0.1 + 0.02, "low": 0.0, "high": 1.0}


def test_steps_end_with_the_model_over_logistic_regression_said_once() -> None:
    short = sections.steps(metrics("base_rate", "logistic"))
    assert [(step.name, step.than) for step in short] == [
        ("logistic regression", "base rate"),
        ("model", "logistic regression"),
    ]
    long = sections.steps(metrics("logistic", "xgboost_defaults"))
    assert [(step.name, step.than) for step in long][1:] == [
        ("model", "XGBoost as it comes"),
        ("model", "logistic regression"),
    ]
    assert long[-1].by["roc_auc"] == {**UNDECIDED, "verdict": "cannot tell"}
    assert long[0].by["log_loss"]["verdict"] == "better"


def test_earnings_begin_with_the_model_and_go_down() -> None:
    rows = sections.earnings(
        {
            "expected_profit": {"base_rate": -50, "logistic": -10, "model": -20, "always_late": -30, "perfect": 100},
            "model_over": {"base_rate": BETTER, "logistic": UNDECIDED, "always_late": BETTER},
        }
    )
    assert [(row["name"], row["profit"]) for row in rows] == [
        ("model", -20),
        ("logistic regression", -10),
        ("always late", -30),
        ("base rate", -50),
    ]
    assert rows[0]["more"] is None
    assert rows[1]["more"]["verdict"] == "cannot tell"


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


def test_the_spread_of_months() -> None:
    found = sections.spread({"2013-05": {"roc_auc": 0.7, "rows": 9}, "2013-06": {"roc_auc": 0.65, "rows": 1}})
    assert found["lowest"] == {"roc_auc": 0.65}
    assert found["highest"] == {"roc_auc": 0.7}
    assert found["spread"]["roc_auc"] == pytest.approx(0.05)


def test_parts_keep_their_order_within_what_divides_them() -> None:
    rows = [
        {"by": by, "label": label} for by, label in (("day_of_week", "Tue"), ("hour", "17"), ("day_of_week", "Sun"))
    ]
    found = sections.divisions(rows)
    assert {by: [row["label"] for row in of] for by, of in found.items()} == {
        "day of week": ["Tue", "Sun"],
        "hour": ["17"],
    }


def test_dropped_features_are_listed_by_rule_the_commonest_first() -> None:
    every = [("a", "left_out"), ("b", "noise"), ("c", "noise"), ("d", "constant"), ("e", "duplicated")]
    selection = {"dropped": [{"feature": name, "rule": rule, "because": f"{name} is"} for name, rule in every]}
    found = sections.dropped(selection)
    assert found[0] == ("no better than a random column", [("b", "b is"), ("c", "c is")])
    assert [len(of.features) for of in found] == [2, 1, 1, 1]
    assert sections.dropped({"dropped": []}) == []


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


GROUPS = ("schedule", "density", "history", "weather")
COLUMNS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["quantitative", "categorical", "indicator"]), "group": st.sampled_from(GROUPS)}
    ),
)


@given(columns=COLUMNS)
def test_every_column_of_the_model_is_counted_once(columns: list[dict[str, str]]) -> None:
    counts = sections.feature_counts({"features": columns})
    assert sum(counts.values()) == len(columns)
    assert counts["indicators of missing values"] == len([of for of in columns if of["kind"] == "indicator"])
    *groups, last = counts
    assert last == "indicators of missing values"
    assert groups == [group for group in GROUPS if group in groups]
    assert 0 not in [counts[group] for group in groups]


def test_features_are_counted_by_group_and_categories_by_feature() -> None:
    columns = [
        {"name": "day_of_week", "kind": "categorical", "group": "schedule", "categories": ["Mon", "Tue", "Wed"]},
        {"name": "late_rate_all_3d", "kind": "quantitative", "group": "history", "categories": []},
        {"name": "distance_miles", "kind": "quantitative", "group": "schedule", "categories": []},
        {"name": "distance_miles_is_missing", "kind": "indicator", "group": "schedule", "categories": []},
    ]
    assert sections.feature_counts({"features": columns}) == {
        "schedule": 2,
        "history": 1,
        "indicators of missing values": 1,
    }
    assert sections.vocabularies({"features": columns}) == {"day of week": 3}
