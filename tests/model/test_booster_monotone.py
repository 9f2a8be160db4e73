"""model.booster: a model that is held to the effects of its features never goes against them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.feature import Effect, Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import Encoding, encode, fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

ROWS = 400
# Small leaves of deep trees, which follow chance wherever they may.
EAGER = BoosterParameters(
    num_boost_round=15, early_stopping_rounds=15, learning_rate=0.5, max_depth=6, min_child_weight=0.1, subsample=0.8,
    colsample_bytree=0.8, reg_lambda=0.1, max_bin=64, monotone_constraints=True, seed=5,
    external_memory=False, sharded=False,
)  # fmt: skip
CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
FREE = Feature(name="free", kind="quantitative", group="schedule")
SIGN = {"increasing": 1, "decreasing": -1}


def features(effect: Effect | None) -> tuple[Feature, ...]:
    return CARRIER, Feature(name="held", kind="quantitative", group="history", effect=effect), FREE


def invented(seed: int, slope: float) -> Examples:
    """Flights that are late by chance, by what is free, and by what is held, with values missing."""
    random = np.random.default_rng(seed)
    held, free = random.normal(size=(2, ROWS)).round(1).astype(np.float32)
    carrier = np.array(["AA", "B6", "DL", None], object)[random.integers(0, 4, ROWS)]
    late = random.random(ROWS) < 1 / (1 + np.exp(-slope * held - free * (carrier == "B6")))
    for column in (held, free):
        column[random.random(ROWS) < 0.1] = np.nan
    keys = np.arange(ROWS).astype(str).astype(object)
    columns = {"carrier": carrier, "held": held, "free": free}
    return Examples(keys, np.full(ROWS, "2013-01-01", "datetime64[D]"), columns, late)


def along_what_is_held(
    examples: Examples, effect: Effect | None, parameters: BoosterParameters = EAGER
) -> tuple[np.ndarray, Encoding]:
    """Predictions of every flight as if what is held had risen step by step, shape (flights, steps)."""
    encoding = fit_encoding(features(effect), [examples])
    data = load_training_data(encoding, {"all": examples}.__getitem__, ["all"], [], parameters.max_bin)
    booster = train_booster(parameters, data).booster
    matrix = encode(examples.features, encoding)[:60]
    steps = np.unique(np.append(examples.features["held"], [-9, 9]))
    risen = np.repeat(matrix, np.isfinite(steps).sum(), axis=0)
    risen[:, 1] = np.tile(steps[np.isfinite(steps)], len(matrix))
    return predict(booster, risen).reshape(len(matrix), -1), encoding


@given(st.integers(0, 2**32 - 1), st.floats(-2, 2), st.sampled_from(["increasing", "decreasing"]))
def test_a_prediction_never_goes_against_the_effect_of_a_feature(seed: int, slope: float, effect: Effect) -> None:
    predicted, _ = along_what_is_held(invented(seed, slope), effect)
    assert (SIGN[effect] * np.diff(predicted, axis=1) >= 0).all()


@pytest.mark.parametrize("effect", ["increasing", "decreasing"])
def test_an_effect_that_is_there_is_learnt(effect: Effect) -> None:
    predicted, _ = along_what_is_held(invented(3, 2.0 * SIGN[effect]), effect)
    assert (SIGN[effect] * (predicted[:, -1] - predicted[:, 0]) > 0.3).all()


def test_a_feature_without_an_effect_is_free_to_rise_and_fall() -> None:
    predicted, _ = along_what_is_held(invented(3, 0.0), None)
    steps = np.diff(predicted, axis=1)
    assert steps.min() < -0.1 < 0.1 < steps.max()


def test_effects_are_ignored_where_the_model_is_not_held_to_them() -> None:
    examples, freely = invented(3, -2.0), EAGER.model_copy(update={"monotone_constraints": False})
    with_effect, encoding = along_what_is_held(examples, "increasing", freely)
    without, _ = along_what_is_held(examples, None)
    assert encoding[1].effect == "increasing"
    np.testing.assert_array_equal(with_effect, without)
    assert np.diff(with_effect, axis=1).min() < -0.1


def test_an_indicator_of_missing_values_is_not_held_to_the_effect_of_its_feature() -> None:
    examples = invented(3, 0.0)
    missing = np.isnan(examples.features["held"])
    for share in (0.0, 1.0):
        late = np.where(missing, share, np.arange(ROWS) % 2 == 0).astype(bool)
        told = Examples(examples.row_id, examples.date, examples.features, late)
        encoding = fit_encoding(features("increasing"), [told])
        assert [feature.name for feature in encoding if feature.effect] == ["held"]
        assert encoding[-1].name == "held_is_missing"
        data = load_training_data(encoding, {"all": told}.__getitem__, ["all"], [], EAGER.max_bin)
        booster = train_booster(EAGER, data).booster
        predicted = predict(booster, encode(told.features, encoding))
        assert abs(predicted[missing].mean() - share) < 0.2
