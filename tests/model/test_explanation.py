"""explain.explanation: the effects stand beside the features and the flights that they are about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.months import Window
from flight_delay.explain.explanation import Explanation, explain, together
from flight_delay.model.booster import Trained
from flight_delay.model.bundle import Bundle, load_bundle, save_bundle
from flight_delay.model.calibration import Calibration, calibrate
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples

POSITIONS = np.array([3, 5, 8, 100, 101, 2_000])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, trained: Trained, encoding: Encoding) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("bundle")
    window = Window(first="2013-01", through="2013-03")
    save_bundle(
        folder, trained.booster, features=encoding, feature_parameters=FEATURE_PARAMETERS, trained_on=window, trained_rows=1, trained_base_rate=0.5, stopped_on=window
    )  # fmt: skip
    save_decision(folder, Calibration(method="none"), 0.15)
    return load_bundle(folder)


@pytest.fixture(scope="module")
def explanation(bundle: Bundle, months: dict[str, Examples]) -> Explanation:
    return explain(bundle, months["2013-04"], POSITIONS)


def test_the_chosen_flights_are_explained(
    explanation: Explanation, months: dict[str, Examples], bundle: Bundle
) -> None:
    examples = months["2013-04"]
    assert explanation.flight_id.tolist() == examples.row_id[POSITIONS].tolist()
    assert explanation.late.tolist() == examples.target[POSITIONS].tolist()
    np.testing.assert_array_equal(explanation.probability, bundle.predict_probability(examples.features)[POSITIONS])
    for name, column in examples.features.items():
        np.testing.assert_array_equal(explanation.features[name], column[POSITIONS])


def test_an_indicator_of_missing_values_is_explained_as_a_feature(bundle: Bundle, months: dict[str, Examples]) -> None:
    everything = np.arange(len(months["2013-04"]))
    explanation = explain(bundle, months["2013-04"], everything)
    assert list(explanation.shap) == list(explanation.features) == [of.name for of in bundle.manifest.features]
    values, effects = (of["departure_minutes_is_missing"] for of in (explanation.features, explanation.shap))
    missing = np.isnan(months["2013-04"].features["departure_minutes"])
    assert missing.any()
    assert values.tolist() == missing.astype(float).tolist()
    assert effects[missing].mean() < effects[~missing].mean()  # such flights are late less often than others
    log_odds = explanation.expected + sum(explanation.shap.values())
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), explanation.probability, atol=1e-5)


def test_effects_and_expected_value_add_up_to_the_log_odds(explanation: Explanation) -> None:
    log_odds = explanation.expected + sum(explanation.shap.values())
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), explanation.probability, atol=1e-5)


def test_effects_are_those_before_calibration(bundle: Bundle, months: dict[str, Examples]) -> None:
    calibration = Calibration(method="sigmoid", slope=0.5, intercept=-1.0)
    decision = bundle.decision.model_copy(update={"calibration": calibration})
    calibrated = explain(replace(bundle, decision=decision), months["2013-04"], POSITIONS)
    plain = explain(bundle, months["2013-04"], POSITIONS)
    for name, effects in plain.shap.items():
        np.testing.assert_array_equal(calibrated.shap[name], effects)
    np.testing.assert_array_equal(calibrated.expected, plain.expected)
    np.testing.assert_array_equal(calibrated.probability, calibrate(calibration, plain.probability))


def test_the_effect_stands_under_the_feature_that_has_it(bundle: Bundle, months: dict[str, Examples]) -> None:
    everything = np.arange(len(months["2013-04"]))
    explanation = explain(bundle, months["2013-04"], everything)
    assert list(explanation.shap) == list(explanation.features)
    minutes, carrier = explanation.features["departure_minutes"], explanation.features["carrier"]
    effects = explanation.shap["departure_minutes"]
    assert effects[minutes > 900].min() > effects[minutes < 100].max()
    effects = explanation.shap["carrier"]
    assert effects[carrier == "B6"].min() > effects[carrier == "UA"].max()


def test_joining_the_parts_gives_the_whole(
    bundle: Bundle, months: dict[str, Examples], explanation: Explanation
) -> None:
    parts = [explain(bundle, months["2013-04"], positions) for positions in np.array_split(POSITIONS, 3)]
    joined = Explanation.concat(iter(parts))
    assert joined.table().equals(explanation.table())
    for name, values in joined.features.items():
        np.testing.assert_array_equal(values, explanation.features[name])


def test_some_flights_of_an_explanation_are_explained_as_they_were(explanation: Explanation) -> None:
    taken = explanation.take(np.array([4, 1]))
    assert taken.table().equals(explanation.table().take([4, 1]))
    for name, values in explanation.features.items():
        np.testing.assert_array_equal(taken.features[name], values[[4, 1]])


def test_all_flights_are_explained_unless_some_are_chosen(bundle: Bundle, months: dict[str, Examples]) -> None:
    examples = months["2013-04"]
    every = explain(bundle, examples)
    assert every.flight_id.tolist() == examples.row_id.tolist()
    assert every.take(POSITIONS).table().equals(explain(bundle, examples, POSITIONS).table())


def test_effects_of_a_group_are_added_up_flight_by_flight() -> None:
    shap = {name: np.array(of, np.float32) for name, of in {"a": [1, -2], "b": [5, 0], "c": [-1, -3]}.items()}
    sums = together(shap, {"c": "twins", "a": "twins", "b": "alone"})
    assert list(sums) == ["twins", "alone"]
    assert sums["twins"].tolist() == [0, -5]
    assert sums["alone"].tolist() == [5, 0]
    assert shap["a"].tolist() == [1, -2]


def test_the_table_has_a_column_per_feature(explanation: Explanation) -> None:
    table = explanation.table()
    effects = [f"shap_{name}" for name in explanation.features]
    assert table.column_names == ["flight_id", "flight_date", "late", "probability", "expected_log_odds", *effects]
    assert table["flight_date"].to_pylist() == explanation.flight_date.tolist()
    assert table["shap_carrier"].to_pylist() == explanation.shap["carrier"].tolist()
    assert table["expected_log_odds"].to_pylist() == explanation.expected.tolist()
