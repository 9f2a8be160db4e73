"""The model bundle: model (UBJSON), manifest and decision (JSON).

Bundles are written, verified and loaded here only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import xgboost as xgb

from flight_delay.core.errors import UserError
from flight_delay.core.files import sha256, write_bytes, write_json
from flight_delay.core.months import MonthRange
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.features.parameters import FeatureParameters
from flight_delay.model.booster import predict, shap_contributions, shap_interactions
from flight_delay.model.calibration import calibrate
from flight_delay.model.decision_rule import DECISION_FILE, Decision
from flight_delay.model.encode import EncodedFeature, encode, input_features

MODEL_FILE = "model.ubj"
MANIFEST_FILE = "manifest.json"


class Manifest(Parameters):
    """Description of the model of a bundle."""

    format: Literal[2]
    features: tuple[EncodedFeature, ...]
    feature_parameters: FeatureParameters
    train_split: MonthRange
    trained_rows: int
    trained_base_rate: float
    validation_split: MonthRange
    rounds: int
    xgboost: str
    model_sha256: str

    @property
    def inputs(self) -> tuple[Feature, ...]:
        """Features that a prediction needs; indicators are computed from them."""
        return input_features(self.features)


class ExplainedPredictions(NamedTuple):
    """Probabilities before and after calibration, and SHAP values before it."""

    before_calibration: Any
    probability: Any
    contributions: Any


@dataclass(frozen=True)
class Bundle:
    """A loaded model with its manifest, calibration and threshold."""

    booster: xgb.Booster
    manifest: Manifest
    decision: Decision

    @property
    def checksum(self) -> str:
        """SHA-256 of the manifest, which has that of the model, and the decision."""
        return hashlib.sha256((self.manifest.model_dump_json() + self.decision.model_dump_json()).encode()).hexdigest()

    def predict_probability(self, columns: Columns) -> Any:
        """Predict calibrated probabilities, float32 of shape (rows,)."""
        return calibrate(self.decision.calibration, predict(self.booster, encode(columns, self.manifest.features)))

    def predict_with_contributions(self, columns: Columns) -> ExplainedPredictions:
        """Predict, and compute `booster.shap_contributions` before calibration."""
        matrix = encode(columns, self.manifest.features)
        before = predict(self.booster, matrix)
        values = shap_contributions(self.booster, matrix, self.manifest.features)
        return ExplainedPredictions(before, calibrate(self.decision.calibration, before), values)

    def interactions(self, columns: Columns) -> Any:
        """Compute `booster.shap_interactions`, in log-odds before calibration."""
        return shap_interactions(self.booster, encode(columns, self.manifest.features), self.manifest.features)


def save_bundle(
    folder: Path,
    booster: xgb.Booster,
    *,
    features: tuple[EncodedFeature, ...],
    feature_parameters: FeatureParameters,
    train_split: MonthRange,
    trained_rows: int,
    trained_base_rate: float,
    validation_split: MonthRange,
) -> None:
    """Write model and manifest into a folder (decision: `save_decision`)."""
    write_bytes(folder / MODEL_FILE, bytes(booster.save_raw(raw_format="ubj")))
    manifest = Manifest(
        format=2,
        features=features,
        feature_parameters=feature_parameters,
        train_split=train_split,
        trained_rows=trained_rows,
        trained_base_rate=round(trained_base_rate, 6),
        validation_split=validation_split,
        rounds=int(booster.num_boosted_rounds()),
        xgboost=xgb.__version__,
        model_sha256=sha256(folder / MODEL_FILE),
    )
    write_json(folder / MANIFEST_FILE, manifest.model_dump(mode="json"))


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle and verify the checksum and the features of the model.

    Raises:
        UserError: a file is missing or damaged, or is of another bundle.
    """
    path = folder / MANIFEST_FILE
    manifest = read_validated_json(path, Manifest, "a manifest of this format")
    decision = read_validated_json(folder / DECISION_FILE, Decision, "a decision of this format")
    model = folder / MODEL_FILE
    if not model.exists() or sha256(model) != manifest.model_sha256:
        raise UserError(f"{model}: missing, or not the model of {path}; `dvc checkout --force` restores both")
    booster = xgb.Booster(model_file=model)
    if booster.feature_names != [feature.name for feature in manifest.features]:
        raise UserError(f"{path}: names other features than {model}; `dvc checkout --force` restores both")
    return Bundle(booster, manifest, decision)
