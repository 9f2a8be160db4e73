"""explain.explanation: SHAP values of a trained model, with keys and features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from explanations import bundle_of

from flight_delay.explain.explanation import Explanation, explain, sum_by_group
from flight_delay.model.booster import Trained
from flight_delay.model.bundle import Bundle
from flight_delay.model.calibration import Calibration, calibrate
from flight_delay.model.encode import Encoding
from flight_delay.model.examples import Examples


@pytest.fixture(scope="module")
def bundle(trained: Trained, encoding: Encoding) -> Bundle:
    return bundle_of(trained.booster, encoding)


@pytest.fixture(scope="module")
def explanation(bundle: Bundle, months: dict[str, Examples]) -> Explanation:
    return explain(bundle, months["2013-04"])


def test_every_row_has_its_keys_features_and_prediction(
    explanation: Explanation, months: dict[str, Examples], bundle: Bundle
) -> None:
    examples = months["2013-04"]
    assert explanation.flight_id.tolist() == examples.row_id.tolist()
    assert explanation.late.tolist() == examples.target.tolist()
    np.testing.assert_array_equal(explanation.probability, bundle.predict_probability(examples.features))
    for name, column in examples.features.items():
        np.testing.assert_array_equal(explanation.features[name], column)


def test_an_indicator_of_missing_values_is_a_feature_of_its_own(
    explanation: Explanation, bundle: Bundle, months: dict[str, Examples]
) -> None:
    assert (
        list(explanation.shap) == list(explanation.features) == [feature.name for feature in bundle.manifest.features]
    )
    values, effects = (columns["departure_minutes_is_missing"] for columns in (explanation.features, explanation.shap))
    missing = np.isnan(months["2013-04"].features["departure_minutes"])
    assert missing.any()
    assert values.tolist() == missing.astype(float).tolist()
    assert effects[missing].mean() < effects[~missing].mean()  # such flights are late less often than others


def test_effects_are_those_before_calibration(
    explanation: Explanation, bundle: Bundle, months: dict[str, Examples]
) -> None:
    calibration = Calibration(method="sigmoid", slope=0.5, intercept=-1.0)
    decision = bundle.decision.model_copy(update={"calibration": calibration})
    calibrated = explain(replace(bundle, decision=decision), months["2013-04"])
    for name, effects in explanation.shap.items():
        np.testing.assert_array_equal(calibrated.shap[name], effects)
    np.testing.assert_array_equal(calibrated.expected, explanation.expected)
    np.testing.assert_array_equal(calibrated.probability, calibrate(calibration, explanation.probability))


def test_parts_can_be_taken_and_concatenated(explanation: Explanation) -> None:
    parts = [explanation.take(positions) for positions in np.array_split(np.arange(len(explanation.late)), 3)]
    joined = Explanation.concat(iter(parts))
    assert joined.table().equals(explanation.table())
    assert explanation.take(np.array([4, 1])).table().equals(explanation.table().take([4, 1]))
    for name, values in joined.features.items():
        np.testing.assert_array_equal(values, explanation.features[name])
        np.testing.assert_array_equal(explanation.take(np.array([4, 1])).features[name], values[[4, 1]])


def test_effects_of_a_group_are_summed_row_by_row() -> None:
    shap = {name: np.array(effects, np.float32) for name, effects in {"a": [1, -2], "b": [5, 0], "c": [-1, -3]}.items()}
    sums = sum_by_group(shap, {"c": "twins", "a": "twins", "b": "alone"})
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
