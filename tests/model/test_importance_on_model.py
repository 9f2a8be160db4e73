"""explain.global_.importance and .permutation on a trained model: they find what the invented flights are late by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from explanations import bundle_of

from flight_delay.explain.explanation import Explanation, explain
from flight_delay.explain.global_.importance import Importance, compute_importance, daily_sums
from flight_delay.explain.global_.measures import compare_measures
from flight_delay.explain.global_.permutation import Drop, permutation_importance
from flight_delay.model.booster import Trained, booster_importances
from flight_delay.model.bundle import Bundle
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples

DAYS = 20


@pytest.fixture(scope="module")
def bundle(trained: Trained, encoding: Encoding) -> Bundle:
    return bundle_of(trained.booster, encoding)


@pytest.fixture(scope="module")
def explained(bundle: Bundle, months: dict[str, Examples]) -> dict[str, Explanation]:
    """All flights of the invented months, on days of their own."""
    return {
        month: replace(
            explain(bundle, examples), flight_date=np.datetime64(f"{month}-01") + np.arange(len(examples)) % DAYS
        )
        for month, examples in months.items()
    }


@pytest.fixture(scope="module")
def topic_of(encoding: Encoding) -> dict[str, str]:
    source = {feature.name: feature.source_feature or feature.name for feature in encoding}
    return {
        name: "length" if feature in ("block_minutes", "distance_miles") else feature
        for name, feature in source.items()
    }


@pytest.fixture(scope="module")
def group_of(encoding: Encoding) -> dict[str, str]:
    return {feature.name: feature.group for feature in encoding}


@pytest.fixture(scope="module")
def exact(explained: dict[str, Explanation], topic_of: dict[str, str], group_of: dict[str, str]) -> list[Importance]:
    return compute_importance(daily_sums(explanation, topic_of, group_of) for explanation in explained.values())


@pytest.fixture(scope="module")
def drops(bundle: Bundle, explained: dict[str, Explanation], topic_of: dict[str, str]) -> list[Drop]:
    return permutation_importance(bundle, explained["2013-04"], topic_of)


def test_both_measures_find_the_planted_causes(exact: list[Importance], drops: list[Drop]) -> None:
    for rows in (exact, drops):
        assert [row.name for row in rows if row.level == "topic"][:2] == ["departure_minutes", "carrier"]
    assert next(row.name for row in exact if row.level == "group") == "schedule"
    assert all(row.low > 0 for row in drops if row.name in ("departure_minutes", "carrier"))


def test_three_measures_agree_on_the_planted_causes(
    exact: list[Importance], drops: list[Drop], bundle: Bundle, encoding: Encoding, topic_of: dict[str, str]
) -> None:
    rows = compare_measures(exact, drops, booster_importances(bundle.booster, encoding), topic_of)
    assert {row.feature for row in rows[:2]} == {"departure_minutes", "carrier"}
    assert {row.feature for row in rows} == set(bundle.booster.get_score())
