"""model.booster: the same rows give the same model, and what it says of itself is true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from pydantic import ValidationError
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_info, threadpool_limits

from flight_delay.features.feature import Feature
from flight_delay.model.booster import (
    BoosterParameters,
    Trained,
    booster_importances,
    predict,
    shap_contributions,
    train_booster,
)
from flight_delay.model.encode import Encoding, encode, fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

Months = dict[str, Examples]


def raw(booster: xgb.Booster) -> bytes:
    return bytes(booster.save_raw(raw_format="ubj"))


def retrained(months: Months, parameters: BoosterParameters, encoding: Encoding) -> Trained:
    names = list(months)
    data = load_training_data(encoding, months.__getitem__, names[:-1], names[-1:], parameters.max_bin)
    return train_booster(parameters, data, record_train=True)


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_the_model_does_not_depend_on_how_its_rows_are_spread_over_months(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained, parts: int
) -> None:
    *training, validation = months.values()
    rows = Examples.concat(training)
    spread = {f"part {n}": rows.take(part) for n, part in enumerate(np.array_split(np.arange(len(rows)), parts))}
    again = retrained({**spread, "validation": validation}, parameters, encoding)
    assert raw(again.booster) == raw(trained.booster)
    assert again.log_loss == trained.log_loss


@pytest.mark.parametrize("threads", [2, 5])
def test_the_model_and_its_predictions_do_not_depend_on_the_number_of_threads(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained, threads: int
) -> None:
    matrix = encode(months["2013-04"].features, encoding)
    with threadpool_limits(threads, user_api="openmp"):
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"} == {threads}
        again = retrained(months, parameters, encoding)
        predicted, explained = predict(again.booster, matrix), shap_contributions(again.booster, matrix, encoding)
    assert raw(again.booster) == raw(trained.booster)
    np.testing.assert_array_equal(predicted, predict(trained.booster, matrix))
    np.testing.assert_array_equal(explained, shap_contributions(trained.booster, matrix, encoding))


def test_the_seed_is_a_parameter(
    months: Months, parameters: BoosterParameters, encoding: Encoding, trained: Trained
) -> None:
    other = retrained(months, parameters.model_copy(update={"seed": 8}), encoding)
    assert raw(other.booster) != raw(trained.booster)


def test_early_stopping_keeps_the_best_round(months: Months, encoding: Encoding, trained: Trained) -> None:
    curve = trained.log_loss["validation"]
    assert trained.rounds == int(np.argmin(curve)) + 1
    assert trained.rounds < len(curve) < 200
    validation = months["2013-04"]
    predicted = predict(trained.booster, encode(validation.features, encoding)).astype(np.float64)
    assert log_loss(validation.target, predicted) == pytest.approx(min(curve), abs=1e-6)


def test_without_validation_months_all_rounds_are_trained_and_kept(
    months: Months, parameters: BoosterParameters, encoding: Encoding
) -> None:
    few = parameters.model_copy(update={"num_boost_round": 30, "early_stopping_rounds": 1})
    data = load_training_data(encoding, months.__getitem__, list(months)[:3], [], few.max_bin)
    trained = train_booster(few, data, record_train=True)
    assert trained.rounds == 30
    assert list(trained.log_loss) == ["train"]
    assert len(trained.log_loss["train"]) == 30
    assert retrained(months, few, encoding).rounds < 30


def test_the_curve_has_a_value_per_round_and_split(trained: Trained) -> None:
    train, validation = trained.log_loss["train"], trained.log_loss["validation"]
    assert len(train) == len(validation) == trained.rounds + 5
    assert train == sorted(train, reverse=True)
    assert train[-1] < validation[-1] < validation[0]


def test_nothing_of_the_search_is_left_in_the_model(trained: Trained) -> None:
    assert trained.booster.attributes() == {}


def test_the_model_learns_what_is_there_to_be_learnt(trained: Trained, encoding: Encoding, invent: Any) -> None:
    fresh = invent(2_000, seed=99)
    predicted = predict(trained.booster, encode(fresh.features, encoding)).astype(np.float64)
    assert log_loss(fresh.target, predicted) < log_loss(fresh.target, np.full(len(fresh), fresh.target.mean())) - 0.1


def test_predicting_in_place_is_predicting_from_a_matrix(months: Months, encoding: Encoding, trained: Trained) -> None:
    matrix = encode(months["2013-04"].features, encoding)
    described = xgb.DMatrix(
        matrix,
        feature_names=[feature.name for feature in encoding],
        feature_types=[feature.xgboost_type for feature in encoding],
    )
    predicted = predict(trained.booster, matrix)
    assert predicted.dtype == np.float32
    assert predicted.shape == (len(matrix),)
    np.testing.assert_array_equal(predicted, trained.booster.predict(described))


def test_contributions_add_up_to_the_log_odds_of_the_prediction(
    months: Months, encoding: Encoding, trained: Trained
) -> None:
    matrix = encode(months["2013-04"].features, encoding)
    explained = shap_contributions(trained.booster, matrix, encoding)
    predicted = predict(trained.booster, matrix).astype(np.float64)
    assert explained.shape == (len(matrix), len(encoding) + 1)
    np.testing.assert_allclose(explained.sum(axis=1), np.log(predicted / (1 - predicted)), atol=1e-4)
    assert np.unique(explained[:, -1]).size == 1


def test_importances_name_every_feature_the_one_that_matters_first_and_a_useless_one_last(
    months: Months, parameters: BoosterParameters, features: tuple[Feature, ...]
) -> None:
    constant = {
        name: Examples(
            examples.row_id,
            examples.date,
            {**examples.features, "distance_miles": np.ones(len(examples), np.float32)},
            examples.target,
        )
        for name, examples in months.items()
    }
    learnt = fit_encoding(features, constant.values())
    importances = booster_importances(retrained(constant, parameters, learnt).booster, learnt)
    assert set(importances) == {feature.name for feature in learnt} > {feature.name for feature in features}
    assert list(importances)[:2] == ["departure_minutes", "carrier"]
    assert list(importances)[-1] == "distance_miles"
    assert set(importances["distance_miles"].values()) == {0.0}
    assert set(importances["carrier"]) == {"gain", "total_gain", "weight", "cover"}
    for measures in importances.values():
        assert measures["gain"] * measures["weight"] == pytest.approx(measures["total_gain"], rel=1e-4)


def test_the_order_of_features_changes_neither_predictions_nor_importances_nor_explanations_by_name(
    months: Months, parameters: BoosterParameters, features: tuple[Feature, ...]
) -> None:
    whole = parameters.model_copy(update={"subsample": 1.0, "colsample_bytree": 1.0})
    order = np.random.default_rng(3).permutation(len(features))
    predicted, importances, explained = [], [], []
    for ordered in (features, tuple(features[place] for place in order)):
        learnt = fit_encoding(ordered, months.values())
        booster = retrained(months, whole, learnt).booster
        matrix = encode(months["2013-04"].features, learnt)
        predicted.append(predict(booster, matrix))
        importances.append(booster_importances(booster, learnt))
        effects = shap_contributions(booster, matrix, learnt).T
        explained.append({feature.name: effects[place] for place, feature in enumerate(learnt)})
    np.testing.assert_allclose(predicted[0], predicted[1], atol=1e-6)
    assert list(importances[0]) == list(importances[1])
    for name in importances[0]:
        assert importances[0][name] == pytest.approx(importances[1][name], rel=1e-4)
        np.testing.assert_allclose(explained[0][name], explained[1][name], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", 1.5),
        ("subsample", 0.0),
        ("max_depth", 0),
        ("max_depth", 6.0),
        ("seed", -1),
    ],
)
def test_a_parameter_beyond_its_bounds_is_refused(parameters: BoosterParameters, name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        BoosterParameters(**{**parameters.model_dump(), name: value})
