"""model.baselines: they are fair rivals, and the same ones on every run."""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.model.baselines import (
    SMOOTHING_ROWS,
    XGBOOST_DEFAULTS,
    base_rate,
    group_rate,
    logistic_regression,
    xgboost_defaults,
)
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples

Features = tuple[Feature, ...]


@pytest.fixture(scope="module")
def train(invent: Any) -> Examples:
    return invent(3_000, seed=11)


@pytest.fixture(scope="module")
def later(invent: Any) -> Examples:
    return invent(1_000, seed=12)


def test_the_base_rate_is_the_share_of_late_training_flights(train: Examples, later: Examples) -> None:
    predicted = base_rate(train)(later.features)
    assert predicted.shape == (len(later),)
    assert set(predicted) == {train.target.mean()}


def test_logistic_regression_learns_from_both_kinds_of_features(
    train: Examples, later: Examples, features: Features
) -> None:
    predict = logistic_regression(train, features, 1.0)
    loss = log_loss(later.target, predict(later.features))
    assert loss < log_loss(later.target, base_rate(train)(later.features)) - 0.1
    for name in ("departure_minutes", "carrier"):  # what makes the invented flights late
        shuffled = np.random.default_rng(0).permutation(later.features[name])
        assert log_loss(later.target, predict({**later.features, name: shuffled})) > loss + 0.02


def test_what_training_did_not_have_is_predicted_too(train: Examples, later: Examples, features: Features) -> None:
    complete = replace(train, features={name: _filled(column) for name, column in train.features.items()})
    predict = logistic_regression(complete, features, 1.0)
    gaps = {
        name: np.full(len(later), "??" if column.dtype == object else np.nan, column.dtype)
        for name, column in later.features.items()
    }
    nothing = {
        name: np.full(len(later), None if column.dtype == object else np.nan, column.dtype)
        for name, column in gaps.items()
    }
    for columns in (gaps, nothing, later.features):
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            predicted = predict(columns)
        assert predicted.shape == (len(later),)
        assert ((predicted > 0) & (predicted < 1)).all()


def test_a_feature_that_has_no_value_or_one_value_in_training_is_no_obstacle(
    invent: Any, later: Examples, features: Features
) -> None:
    train = invent(300, seed=11)
    for feature in features:
        values = train.features[feature.name]
        nothing, one = (None, "AA") if feature.kind == "categorical" else (np.nan, 7)
        for value in (nothing, one):
            column = np.full(len(train), value, values.dtype)
            told = replace(train, features={**train.features, feature.name: column})
            predict = logistic_regression(told, features, 1.0)
            for columns in (told.features, later.features):
                predicted = predict(columns)
                assert ((predicted > 0) & (predicted < 1)).all(), (feature.name, value)


def test_the_timetable_is_curved_and_other_numbers_are_straight_lines(
    train: Examples, later: Examples, features: Features
) -> None:
    predict = logistic_regression(train, features, 1.0)
    one = {name: np.repeat(column[:1], 5) for name, column in later.features.items()}

    def bends(name: str) -> float:
        predicted = predict({**one, name: np.linspace(200, 800, 5, dtype=np.float32)})
        return float(np.abs(np.diff(np.log(predicted / (1 - predicted)), n=2)).max())

    for feature in features:
        if feature.kind == "quantitative":
            assert (bends(feature.name) > 0.01) is (feature.group == "schedule"), feature.name


def test_xgboost_defaults_are_those_of_xgboost(train: Examples, later: Examples, features: Features) -> None:
    encoding = fit_encoding(features, [train])
    described: dict[str, Any] = {
        "feature_names": [feature.name for feature in encoding],
        "feature_types": [feature.xgboost_type for feature in encoding],
        "enable_categorical": True,
    }
    matrix = xgb.DMatrix(encode(train.features, encoding), label=train.target, **described)
    plain = xgb.train({"objective": "binary:logistic"}, matrix, num_boost_round=100)
    expected = plain.predict(xgb.DMatrix(encode(later.features, encoding), **described))
    np.testing.assert_array_equal(xgboost_defaults(train, features)(later.features), expected)
    fewer = plain.predict(xgb.DMatrix(encode(later.features, encoding), **described), iteration_range=(0, 99))
    assert not np.array_equal(fewer, expected)
    assert XGBOOST_DEFAULTS.num_boost_round == 100


def test_the_same_training_gives_the_same_bits_whatever_the_number_of_threads(
    train: Examples, later: Examples, features: Features
) -> None:
    predicted = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            predicted.append(logistic_regression(train, features, 1.0)(later.features))
    np.testing.assert_array_equal(*predicted)


def test_a_flight_alone_is_predicted_as_among_many(train: Examples, later: Examples, features: Features) -> None:
    predict = logistic_regression(train, features, 1.0)
    of_all = predict(later.features)
    for row in range(10):
        alone = predict({name: column[row : row + 1] for name, column in later.features.items()})
        assert alone == pytest.approx(of_all[row : row + 1], rel=1e-12)


def test_more_regularization_says_less(train: Examples, later: Examples, features: Features) -> None:
    spread = [logistic_regression(train, features, c)(later.features).std() for c in (10.0, 0.01, 0.0001)]
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < spread[0] / 2


def _filled(column: np.ndarray) -> np.ndarray:
    """The column without missing values."""
    if column.dtype == object:
        return np.array([value or "AA" for value in column], object)
    return np.nan_to_num(column, nan=500)


Flight = tuple[str | None, float | None, bool]

FLIGHTS = st.lists(
    st.tuples(
        st.sampled_from(["AA", "UA", None]), st.none() | st.sampled_from([0.0, 59.0, 60.0, 61.0, 1439.0]), st.booleans()
    ),
    min_size=1,
    max_size=80,
)


def columns(flights: list[Flight]) -> Columns:
    return {
        "carrier": np.array([carrier for carrier, _, _ in flights], object),
        "departure_minutes": np.array([minutes for _, minutes, _ in flights], np.float32),
    }


def examples(flights: list[Flight]) -> Examples:
    keys = np.arange(len(flights)).astype(str).astype(object)
    dates = np.full(len(flights), "2013-01-01", "datetime64[D]")
    return Examples(keys, dates, columns(flights), np.array([late for _, _, late in flights], bool))


def group(flight: Flight) -> tuple[str | None, int | None]:
    return flight[0], None if flight[1] is None else int(flight[1]) // 60


@given(FLIGHTS, FLIGHTS)
def test_group_rates_are_those_of_counting_row_by_row(train: list[Flight], later: list[Flight]) -> None:
    overall = sum(late for _, _, late in train) / len(train)
    counts: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for flight in train:
        counts[group(flight)][0] += flight[2]
        counts[group(flight)][1] += 1
    predicted = group_rate(examples(train))(columns(later))
    expected = []
    for flight in later:
        late, rows = counts.get(group(flight), [0, 0])
        expected.append((late + SMOOTHING_ROWS * overall) / (rows + SMOOTHING_ROWS))
    assert predicted.shape == (len(later),)
    assert predicted == pytest.approx(expected, abs=1e-12)
