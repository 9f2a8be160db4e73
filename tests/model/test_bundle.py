"""model.bundle: what is loaded is what was saved, and a damaged bundle is not loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.errors import UserError
from flight_delay.core.months import MonthRange
from flight_delay.features.feature import Feature
from flight_delay.model.booster import Trained, predict, shap_contributions
from flight_delay.model.bundle import MANIFEST_FILE, MODEL_FILE, Bundle, load_bundle, save_bundle
from flight_delay.model.calibration import Calibration, calibrate
from flight_delay.model.decision_rule import DECISION_FILE, Decision, save_decision
from flight_delay.model.encode import Encoding, encode
from flight_delay.model.examples import Examples


def save(folder: Path, trained: Trained, encoding: Encoding) -> Path:
    save_bundle(
        folder, trained.booster, features=encoding, feature_parameters=FEATURE_PARAMETERS,
        train_split=MonthRange(first="2013-01", last="2013-03"), trained_rows=10_000, trained_base_rate=1 / 3,
        validation_split=MonthRange(first="2013-04", last="2013-04"),
    )  # fmt: skip
    save_decision(folder, Calibration(method="none"), 0.15)
    return folder


@pytest.fixture
def saved(tmp_path: Path, trained: Trained, encoding: Encoding) -> Path:
    """The folder of a bundle with the trained model and a decision."""
    return save(tmp_path, trained, encoding)


@pytest.fixture
def bundle(saved: Path) -> Bundle:
    return load_bundle(saved)


def test_a_loaded_bundle_predicts_and_explains_as_the_trained_model_does(
    bundle: Bundle, months: dict[str, Examples], trained: Trained, encoding: Encoding
) -> None:
    columns = months["2013-04"].features
    matrix = encode(columns, encoding)
    assert bundle.predict_probability(columns).tobytes() == predict(trained.booster, matrix).tobytes()
    np.testing.assert_array_equal(
        bundle.predict_with_contributions(columns).contributions, shap_contributions(trained.booster, matrix, encoding)
    )


def test_the_order_of_columns_does_not_matter_and_a_flight_alone_is_predicted_as_among_many(
    bundle: Bundle, months: dict[str, Examples]
) -> None:
    columns = months["2013-04"].features
    of_all = bundle.predict_probability(columns)
    np.testing.assert_array_equal(bundle.predict_probability(dict(reversed(columns.items()))), of_all)
    for row in range(20):
        alone = {name: column[row : row + 1] for name, column in columns.items()}
        assert bundle.predict_probability(alone).tolist() == of_all[row : row + 1].tolist()


def test_the_manifest_says_what_the_model_was_made_of(
    bundle: Bundle, trained: Trained, encoding: Encoding, features: tuple[Feature, ...]
) -> None:
    manifest = bundle.manifest
    assert manifest.features == encoding
    assert manifest.inputs == features
    assert manifest.train_split == MonthRange(first="2013-01", last="2013-03")
    assert manifest.validation_split == MonthRange(first="2013-04", last="2013-04")
    assert (manifest.trained_rows, manifest.trained_base_rate) == (10_000, 0.333333)
    assert manifest.rounds == trained.rounds


def test_indicators_of_missing_values_are_kept_and_made_from_the_inputs(
    bundle: Bundle, months: dict[str, Examples]
) -> None:
    *inputs, indicator = bundle.manifest.features
    assert [feature.name for feature in inputs] == [feature.name for feature in bundle.manifest.inputs]
    assert (indicator.name, indicator.kind, indicator.group, indicator.source_feature) == (
        "departure_minutes_is_missing", "indicator", "schedule", "departure_minutes",
    )  # fmt: skip
    assert indicator.name not in months["2013-04"].features
    of_all = bundle.predict_probability(months["2013-04"].features)
    missing = np.flatnonzero(np.isnan(months["2013-04"].features["departure_minutes"]))[:20]
    assert len(missing) == 20
    for row in missing:
        alone = {name: column[row : row + 1] for name, column in months["2013-04"].features.items()}
        assert bundle.predict_probability(alone).tolist() == of_all[row : row + 1].tolist()


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(method="sigmoid", slope=0.7, intercept=-0.2),
        Calibration(method="isotonic", probability=(0.1, 0.4, 0.9), calibrated=(0.2, 0.3, 0.6)),
    ],
    ids=lambda calibration: calibration.method,
)
def test_probabilities_are_calibrated_and_explanations_are_not(
    saved: Path, months: dict[str, Examples], calibration: Calibration
) -> None:
    plain = load_bundle(saved)
    save_decision(saved, calibration, 0.37)
    bundle = load_bundle(saved)
    assert bundle.decision == Decision(format=1, calibration=calibration, threshold=0.37)
    columns = months["2013-04"].features
    raw, calibrated = plain.predict_probability(columns), bundle.predict_probability(columns)
    assert calibrated.dtype == np.float32
    assert calibrated.tobytes() == calibrate(calibration, raw).tobytes()
    assert abs(calibrated - raw).max() > 0.1
    assert (
        bundle.predict_with_contributions(columns).contributions.tobytes()
        == plain.predict_with_contributions(columns).contributions.tobytes()
    )


def test_a_bundle_saved_twice_has_the_same_bytes(tmp_path: Path, trained: Trained, encoding: Encoding) -> None:
    first, second = (save(tmp_path / name, trained, encoding) for name in ("first", "second"))
    assert {path.name for path in first.iterdir()} == {MODEL_FILE, MANIFEST_FILE, DECISION_FILE}
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (MODEL_FILE, lambda content: content[:-1]),
        (MODEL_FILE, lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:]),
        (MANIFEST_FILE, lambda content: content[: len(content) // 2]),
        (MANIFEST_FILE, lambda content: content.replace(b'"format": 2', b'"format": 1')),
        (MANIFEST_FILE, lambda content: content.replace(b'"rounds"', b'"runds"')),
        (MANIFEST_FILE, lambda content: content.replace(b'"trained_rows": 10000', b'"trained_rows": "many"')),
        (DECISION_FILE, lambda content: content[: len(content) // 2]),
        (DECISION_FILE, lambda content: content.replace(b'"format": 1', b'"format": 2')),
        (DECISION_FILE, lambda content: content.replace(b'"threshold": 0.15', b'"threshold": 1.0')),
        (DECISION_FILE, lambda content: content.replace(b'"none"', b'"sigmoid"')),
        (DECISION_FILE, lambda _: b""),
        *((name, None) for name in (MODEL_FILE, MANIFEST_FILE, DECISION_FILE)),
    ],
)
def test_a_damaged_or_missing_file_is_named(saved: Path, name: str, damage: Callable[[bytes], bytes] | None) -> None:
    path = saved / name
    whole = path.read_bytes()
    path.unlink()
    if damage:
        path.write_bytes(damage(whole))
        assert path.read_bytes() != whole
    with pytest.raises(UserError, match=f"^{path}: [^\n]*`dvc [^\n]*$"):
        load_bundle(saved)


def test_a_model_and_the_manifest_of_another_one_do_not_belong_together(saved: Path) -> None:
    path = saved / MANIFEST_FILE
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "model_sha256": "0" * 64}))
    with pytest.raises(UserError, match=rf"^{saved / MODEL_FILE}: .*{MANIFEST_FILE}"):
        load_bundle(saved)
