"""report.sections: rows of the page's tables, and payoffs and knowledge in words."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.report import sections
from flight_delay.report.plots.labels import words

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
        ("model", words("xgboost_defaults")),
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
    ("between", "ends"),
    [
        ({"low": -644.18, "high": -242.3}, ["−644", "−242"]),
        ({"low": None, "high": 1234.4}, ["1,234"]),
        ({"low": -2.125, "high": None}, ["−2.12"]),
        ({"low": None, "high": None}, []),
        (None, []),
    ],
)
def test_a_range_has_the_ends_that_there_are(between: dict[str, float | None] | None, ends: list[str]) -> None:
    (said,) = sections.ranges({"late_called_on_time": between}, {"late_called_on_time": -500.0})
    assert re.findall(r"−?\d[\d,.]*\d", said) == ["−500", *ends]


def test_ranges_with_one_end_the_other_or_none_are_told_apart() -> None:
    between = ({"low": 9.0, "high": None}, {"low": None, "high": 9.0}, {"low": None, "high": None}, None)
    said = {sections.ranges({"late_called_on_time": of}, {"late_called_on_time": -500.0})[0] for of in between}
    assert len(said) == 4


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
    assert found[0].features == [("b", "b is"), ("c", "c is")]
    assert [len(of.features) for of in found] == [2, 1, 1, 1]
    assert sections.dropped({"dropped": []}) == []


GROUPS = ("schedule", "density", "history", "weather")
ALWAYS_UNKNOWN = sections.unknown({"features": [{"group": group} for group in GROUPS]})


@pytest.mark.parametrize("group", GROUPS[1:])
def test_what_is_known_of_a_group_is_unknown_without_it(group: str) -> None:
    timetable = sections.known({"features": [{"group": "schedule"}]})
    known = sections.known({"features": [{"group": "schedule"}, {"group": group}, {"group": group}]})
    added = known.removeprefix(f"{timetable} and ")
    assert added != known
    lacking = sections.unknown({"features": [{"group": of} for of in GROUPS if of != group]})
    assert added in lacking
    assert added not in ALWAYS_UNKNOWN
    assert timetable not in lacking


COLUMNS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["quantitative", "categorical", "indicator"]), "group": st.sampled_from(GROUPS)}
    ),
)


@given(columns=COLUMNS)
def test_every_column_of_the_model_is_counted_once(columns: list[dict[str, str]]) -> None:
    counts = sections.feature_counts({"features": columns})
    assert sum(counts.values()) == len(columns)
    *groups, last = counts
    assert last not in GROUPS
    assert counts[last] == len([of for of in columns if of["kind"] == "indicator"])
    assert groups == [group for group in GROUPS if group in groups]
    assert 0 not in [counts[group] for group in groups]


def test_features_are_counted_by_group_and_categories_by_feature() -> None:
    columns = [
        {"name": "day_of_week", "kind": "categorical", "group": "schedule", "categories": ["Mon", "Tue", "Wed"]},
        {"name": "late_rate_all_3d", "kind": "quantitative", "group": "history", "categories": []},
        {"name": "distance_miles", "kind": "quantitative", "group": "schedule", "categories": []},
        {"name": "distance_miles_is_missing", "kind": "indicator", "group": "schedule", "categories": []},
    ]
    assert list(sections.feature_counts({"features": columns}).items())[:2] == [("schedule", 2), ("history", 1)]
    assert list(sections.feature_counts({"features": columns}).values()) == [2, 1, 1]
    assert sections.vocabularies({"features": columns}) == {"day of week": 3}
