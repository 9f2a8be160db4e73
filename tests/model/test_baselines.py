"""model.baselines: they are fair rivals, and the same ones on every run."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from flight_delay.model.baselines import base_rate, logistic_regression
from flight_delay.model.examples import Examples


@pytest.fixture(scope="module")
def train(invent: Any) -> Examples:
    return invent(3_000, seed=11)


@pytest.fixture(scope="module")
def later(invent: Any) -> Examples:
    return invent(1_000, seed=12)


def test_the_base_rate_is_the_share_of_late_training_flights(train: Examples, later: Examples) -> None:
    predicted = base_rate(train)(later.features)
    assert predicted.shape == (len(later),)
    assert set(predicted) == {train.late.mean()}


def test_logistic_regression_learns_from_both_kinds_of_features(train: Examples, later: Examples) -> None:
    predict = logistic_regression(train, 1.0)
    said = log_loss(later.late, predict(later.features))
    assert said < log_loss(later.late, base_rate(train)(later.features)) - 0.1
    for name in ("departure_minutes", "carrier"):  # what makes the invented flights late
        shuffled = np.random.default_rng(0).permutation(later.features[name])
        assert log_loss(later.late, predict({**later.features, name: shuffled})) > said + 0.02


def test_what_training_did_not_have_is_predicted_too(train: Examples, later: Examples) -> None:
    complete = replace(train, features={name: _filled(column) for name, column in train.features.items()})
    predict = logistic_regression(complete, 1.0)
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


def test_the_same_training_gives_the_same_bits_whatever_the_number_of_threads(train: Examples, later: Examples) -> None:
    predicted = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            predicted.append(logistic_regression(train, 1.0)(later.features))
    np.testing.assert_array_equal(*predicted)


def test_a_flight_alone_is_predicted_as_among_many(train: Examples, later: Examples) -> None:
    predict = logistic_regression(train, 1.0)
    of_all = predict(later.features)
    for row in range(10):
        alone = predict({name: column[row : row + 1] for name, column in later.features.items()})
        assert alone == pytest.approx(of_all[row : row + 1], rel=1e-12)


def test_more_regularization_says_less(train: Examples, later: Examples) -> None:
    spread = [logistic_regression(train, strength)(later.features).std() for strength in (0.1, 100.0, 10_000.0)]
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < spread[0] / 2


def _filled(column: np.ndarray) -> np.ndarray:
    """The column without missing values."""
    if column.dtype == object:
        return np.array([value or "AA" for value in column], object)
    return np.nan_to_num(column, nan=500)
