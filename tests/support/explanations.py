"""Build bundles and explanations from small arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.months import MonthRange
from flight_delay.explain.explanation import Explanation
from flight_delay.model.bundle import Bundle, Manifest
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision_rule import Decision
from flight_delay.model.encode import Encoding


def bundle_of(
    booster: Any, features: Encoding, threshold: float = 0.2, calibration: Calibration | None = None
) -> Bundle:
    """Return a bundle of a booster, which may be None."""
    split = MonthRange(first="2013-01", last="2013-02")
    manifest = Manifest(
        format=2, features=features, feature_parameters=FEATURE_PARAMETERS, train_split=split, trained_rows=1,
        trained_base_rate=0.5, validation_split=split, rounds=1, xgboost="", model_sha256="",
    )  # fmt: skip
    return Bundle(
        booster,
        manifest,
        Decision(format=1, calibration=calibration or Calibration(method="none"), threshold=threshold),
    )


def explanation_of(shap: Mapping[str, Any], features: Mapping[str, Any] | None = None, **columns: Any) -> Explanation:
    """Return an explanation; columns that are not given have some value."""
    effects = {name: np.asarray(values, np.float32) for name, values in shap.items()}
    rows = len(next(iter({**effects, **(features or {})}.values())))
    every: dict[str, Any] = {
        "flight_id": np.array([f"{row:04d}" for row in range(rows)], object),
        "flight_date": np.datetime64("2013-11-01") + np.arange(rows) % 10,
        "late": np.arange(rows) % 3 == 0,
        "probability": np.full(rows, 0.2, np.float32),
        "expected": np.full(rows, -1.1, np.float32),
    }
    return Explanation(
        **every | columns, features=dict(features or {name: np.zeros(rows) for name in shap}), shap=effects
    )
