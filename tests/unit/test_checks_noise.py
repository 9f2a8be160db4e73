"""checks.noise: features no better than random columns are found, and helpful ones are not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from flight_delay.checks.noise import SMALL, ProbeImportances, no_better_than_noise, noise_probe_importance
from flight_delay.features.feature import Feature
from flight_delay.model.examples import Examples

HELPFUL = Feature(name="helpful", kind="quantitative", group="history", effect="increasing")
FEATURES = (
    HELPFUL,
    Feature(name="idle", kind="quantitative", group="weather"),
    Feature(name="carrier", kind="categorical", group="schedule"),
    Feature(name="tail", kind="categorical", group="schedule"),
)
NAMES = [feature.name for feature in FEATURES]

FEW_ROUNDS = SMALL.model_copy(update={"num_boost_round": 20})


def invent(rows: int, seed: int) -> Examples:
    """Flights that are late by one number and by one of two categorical columns; the others are chance."""
    random = np.random.default_rng(seed)
    helpful, idle = random.normal(size=(2, rows)).astype(np.float32)
    carrier = np.array(["AA", "B6", "DL", None], object)[random.integers(0, 4, rows)]
    tail = np.array([f"N{n}" for n in range(80)], object)[random.integers(0, 80, rows)]
    log_odds = 1.5 * helpful + 1.5 * (carrier == "B6") - 1
    late = random.random(rows) < 1 / (1 + np.exp(-log_odds))
    columns = {"helpful": helpful, "idle": idle, "carrier": carrier, "tail": tail}
    return Examples(np.arange(rows), np.full(rows, "2013-01-01", "datetime64[D]"), columns, late)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine the threads of small models wait for one another a hundred times as long as they work."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="module")
def flights() -> tuple[Examples, Examples]:
    return invent(6_000, 3), invent(3_000, 4)


@pytest.fixture(scope="module")
def importances(flights: tuple[Examples, Examples]) -> ProbeImportances:
    return noise_probe_importance(*flights, FEATURES, parameters=FEW_ROUNDS)


def test_random_features_are_found_and_informative_ones_are_not(importances: ProbeImportances) -> None:
    findings = no_better_than_noise(importances)
    assert {finding.columns for finding in findings} == {("idle",), ("tail",)}
    assert {finding.check for finding in findings} == {"noise"}
    assert min(importances.features["helpful"], importances.features["carrier"]) > 0.01 > importances.threshold


def test_over_many_samples_random_features_are_mostly_found_and_informative_ones_never() -> None:
    named = []
    for seed in range(6):
        draw = invent(6_000, 2 * seed + 1), invent(3_000, 2 * seed + 2)
        findings = no_better_than_noise(noise_probe_importance(*draw, FEATURES, parameters=FEW_ROUNDS))
        named += [name for finding in findings for name in finding.columns]
    assert set(named) == {"idle", "tail"}
    # Of four random columns, the feature has the highest importance one time in four.
    assert min(named.count("idle"), named.count("tail")) > 3


def test_random_columns_of_both_kinds_are_added(importances: ProbeImportances) -> None:
    assert list(importances.features) == NAMES
    assert list(importances.random) == [
        f"random_{kind}_{number}" for kind in ("number", "label") for number in (1, 2, 3)
    ]
    assert all(value == round(value, 6) for value in (*importances.features.values(), *importances.random.values()))


def test_the_same_rows_give_the_same_importances_and_are_not_modified(
    flights: tuple[Examples, Examples], importances: ProbeImportances
) -> None:
    assert noise_probe_importance(*flights, FEATURES, parameters=FEW_ROUNDS) == importances
    assert list(flights[0].features) == NAMES


def test_without_categorical_features_there_is_no_random_label(flights: tuple[Examples, Examples]) -> None:
    only = noise_probe_importance(*flights, [HELPFUL], parameters=FEW_ROUNDS, repeats=1)
    assert list(only.random) == ["random_number_1", "random_number_2", "random_number_3"]
    assert no_better_than_noise(only) == []


def test_a_feature_against_its_declared_effect_does_not_help(flights: tuple[Examples, Examples]) -> None:
    against = HELPFUL.model_copy(update={"effect": "decreasing"})
    measured = noise_probe_importance(*flights, (against, *FEATURES[1:]), parameters=FEW_ROUNDS, repeats=1)
    assert measured.features["helpful"] < 0.001 < measured.features["carrier"]


def test_the_threshold_is_at_least_zero_and_a_feature_that_equals_it_is_found() -> None:
    assert ProbeImportances({"x": 0.001}, {"random_number": -0.2}).threshold == 0
    named = no_better_than_noise(
        ProbeImportances({"a": 0.001, "b": 0.002, "c": 0.0, "d": -0.1}, {"random_number": 0.001})
    )
    assert [finding.columns for finding in named] == [("a",), ("c",), ("d",)]
    assert re.findall(r"[+-][\d.]+\d", named[2].message) == ["-0.100000", "+0.001000"]
