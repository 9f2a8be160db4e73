"""model: the exact wording of its messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from feature_parameters import FEATURE_PARAMETERS
from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_json, write_json
from flight_delay.core.months import Window
from flight_delay.model.bundle import MANIFEST_FILE, MODEL_FILE, load_bundle, save_bundle
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.encode import EncodedFeature
from flight_delay.model.examples import require_both_classes
from flight_delay.model.selection import read_selection

CLASSES = "params.yaml: the target has one class in windows.train"
WIDEN = "rows are positive; widen the window or change build_features.late_minutes"


def targets(*target: bool) -> Callable[[Path], None]:
    return lambda _: require_both_classes([np.array(target, bool)], "windows.train")


def selection(folder: Path) -> None:
    (folder / "selection.json").write_text("[]")
    read_selection(folder / "selection.json")


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (targets(False, False), f"{CLASSES}: 0 of 2 {WIDEN}"),
        (targets(True), f"{CLASSES}: 1 of 1 {WIDEN}"),
        (
            selection,
            "selection.json: not a selection of features (Input should be an object); `dvc repro` makes it",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, work: Callable[[Path], None], said: str) -> None:
    with pytest.raises(UserError) as refused:
        work(tmp_path)
    assert str(refused.value).replace(f"{tmp_path}/", "") == said


def test_files_of_a_bundle_that_do_not_go_together(tmp_path: Path) -> None:
    names = ["distance", "hour"]
    booster = xgb.train({"nthread": 1}, xgb.DMatrix(np.eye(2), label=[0, 1], feature_names=names), 1)
    features = tuple(
        EncodedFeature(name=of, kind="quantitative", group="schedule", effect=None, categories=()) for of in names
    )
    window = Window(first="2013-01", through="2013-01")
    save_bundle(
        tmp_path, booster, features=features, feature_parameters=FEATURE_PARAMETERS, trained_on=window, trained_rows=2, trained_base_rate=0.5, stopped_on=window
    )  # fmt: skip
    save_decision(tmp_path, Calibration(method="none"), 0.15)
    path = tmp_path / MANIFEST_FILE
    whole = read_json(path)
    for change, said in (
        ({"model_sha256": "0" * 64}, f"{MODEL_FILE}: missing, or not the model of {MANIFEST_FILE}"),
        ({"features": whole["features"][::-1]}, f"{MANIFEST_FILE}: names other features than {MODEL_FILE}"),
    ):
        write_json(path, {**whole, **change})
        with pytest.raises(UserError) as refused:
            load_bundle(tmp_path)
        message = str(refused.value).replace(f"{tmp_path}/", "")
        assert message == f"{said}; `dvc checkout --force` restores both"


KNOTS: dict[str, Any] = {"method": "isotonic", "probability": (0.1, 0.3), "calibrated": (0.2, 0.4)}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": "none", "slope": 1.0}, "method none does not take slope"),
        ({"method": "sigmoid"}, "method sigmoid needs slope"),
        ({**KNOTS, "calibrated": (0.2,)}, "probability and calibrated must have the same length"),
        ({**KNOTS, "probability": (0.3, 0.3)}, "probability must rise from knot to knot"),
        ({**KNOTS, "calibrated": (0.4, 0.2)}, "calibrated must not fall from knot to knot"),
    ],
)
def test_numbers_that_do_not_fit_a_calibration(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Calibration.model_validate(fields)
    assert [of["msg"] for of in refused.value.errors()] == [f"Value error, {said}"]
