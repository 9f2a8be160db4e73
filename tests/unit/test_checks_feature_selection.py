"""checks.feature_selection: features are dropped by rule with a reason, and the others are unchanged."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.checks.feature_selection import exclude_features, select_features
from flight_delay.checks.findings import CHECKS, Finding
from flight_delay.core.errors import UserError
from flight_delay.features.feature import Feature
from flight_delay.model.selection import DroppedFeature

NAMES = ("carrier", "late_rate_all_3d", "late_rate_all_7d", "cancellation_rate_all_3d", "cancellation_rate_route_3d")
FEATURES = [Feature(name=name, kind="quantitative", group="history", effect="increasing") for name in NAMES]


def finding(check: Any, *columns: str, message: str = "") -> Finding:
    return Finding(check, columns, 1.0, message or f"{check} {', '.join(columns)}")


def names(features: Any) -> list[str]:
    return [feature.name for feature in features]


@pytest.mark.parametrize(
    ("patterns", "excluded"),
    [
        ([], []),
        (["carrier"], ["carrier"]),
        (["cancellation_rate_*"], ["cancellation_rate_all_3d", "cancellation_rate_route_3d"]),
        (["*_all_?d"], ["late_rate_all_3d", "late_rate_all_7d", "cancellation_rate_all_3d"]),
        (["*_[37]d"], list(NAMES[1:])),
        (["*_7d", "carrier"], ["carrier", "late_rate_all_7d"]),
    ],
)
def test_a_pattern_leaves_out_the_features_whose_whole_names_match(patterns: list[str], excluded: list[str]) -> None:
    stay, dropped = exclude_features(FEATURES, patterns)
    assert [entry.feature for entry in dropped] == excluded
    assert stay == [feature for feature in FEATURES if feature.name not in excluded]
    assert {entry.rule for entry in dropped} <= {"excluded"}


@pytest.mark.parametrize("pattern", ["rate", "Carrier", "carrier ", "late_rate_all", "weather_*", ""])
def test_a_pattern_that_matches_nothing_is_named(pattern: str) -> None:
    with pytest.raises(UserError, match=rf" matches {re.escape(pattern)};"):
        exclude_features(FEATURES, ["carrier", pattern])


def test_a_pattern_may_match_what_there_is_with_other_data_only() -> None:
    weather = Feature(name="observed_visibility", kind="quantitative", group="weather")
    stay, dropped = exclude_features(FEATURES, ["observed_*", "carrier"], [*FEATURES, weather])
    assert names(stay) == list(NAMES[1:])
    assert [entry.feature for entry in dropped] == ["carrier"]
    with pytest.raises(UserError, match=r" clouds_\*;"):
        exclude_features(FEATURES, ["observed_*", "clouds_*"], [weather])


@pytest.mark.parametrize("rule", ["constant", "noise"])
def test_a_feature_with_a_finding_is_dropped_with_the_reason(rule: Any) -> None:
    selection = select_features(FEATURES, [finding(rule, "late_rate_all_7d", message="It is so.")])
    assert names(selection.features) == [name for name in NAMES if name != "late_rate_all_7d"]
    assert selection.dropped == (DroppedFeature(feature="late_rate_all_7d", rule=rule, reason="It is so."),)


def test_of_duplicates_the_first_in_order_stays_whatever_the_order_of_names() -> None:
    group = ("cancellation_rate_all_3d", "carrier", "late_rate_all_3d")
    assert group == tuple(sorted(group))  # as findings have them
    assert [entry.feature for entry in select_features(FEATURES, [finding("duplicated", *group)]).dropped] == [
        "late_rate_all_3d", "cancellation_rate_all_3d",
    ]  # fmt: skip
    backwards = select_features(FEATURES[::-1], [finding("duplicated", *group)])
    assert names(backwards.features)[1] == "cancellation_rate_all_3d"
    assert [entry.feature for entry in backwards.dropped] == ["late_rate_all_3d", "carrier"]


def test_columns_that_are_no_features_are_not_dropped_and_drop_nobody() -> None:
    findings = [
        finding("duplicated", "airline", "carrier"),
        finding("constant", "year"),
        finding("duplicated", "airline", "late_rate_all_3d", "late_rate_all_7d"),
    ]
    assert [entry.feature for entry in select_features(FEATURES, findings).dropped] == ["late_rate_all_7d"]


def test_what_is_dropped_is_listed_once_in_order_under_the_first_rule_after_what_was_excluded() -> None:
    stay, excluded = exclude_features(FEATURES, ["cancellation_rate_route_3d"])
    findings = [
        finding("noise", "late_rate_all_7d"),
        finding("noise", "carrier"),
        finding("duplicated", "late_rate_all_3d", "late_rate_all_7d"),
        finding("constant", "carrier"),
        finding("duplicated", "cancellation_rate_all_3d", "carrier"),
    ]
    selection = select_features(stay, findings, excluded)
    assert [(entry.feature, entry.rule) for entry in selection.dropped] == [
        ("cancellation_rate_route_3d", "excluded"), ("carrier", "constant"), ("late_rate_all_7d", "duplicated"),
        ("cancellation_rate_all_3d", "duplicated"),
    ]  # fmt: skip
    assert names(selection.features) == ["late_rate_all_3d"]


FINDINGS = st.lists(
    st.builds(
        lambda check, columns: finding(check, *sorted(columns)),
        st.sampled_from(sorted(CHECKS)),
        st.sets(st.sampled_from([*NAMES[1:], "airline", "year"]), min_size=1),
    )
)


@given(FINDINGS)
def test_every_feature_is_in_the_selection_exactly_once(findings: list[Finding]) -> None:
    selection = select_features(FEATURES, findings)
    stay, dropped = names(selection.features), [entry.feature for entry in selection.dropped]
    assert sorted(stay + dropped) == sorted(NAMES)
    assert stay == [name for name in NAMES if name in stay]
    assert dropped == [name for name in NAMES if name in dropped]
    assert {feature.name: feature for feature in FEATURES if feature.name in stay} == {
        feature.name: feature for feature in selection.features
    }
    assert select_features(FEATURES, reversed(findings)).features == selection.features
    assert {entry.rule for entry in selection.dropped} <= {"constant", "duplicated", "noise"}
