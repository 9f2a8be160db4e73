"""review.request.replay: a stored bundle repeats the recorded predictions, and differences are counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from feature_parameters import FEATURE_PARAMETERS

from flight_delay.core.files import write_table
from flight_delay.core.months import MonthRange
from flight_delay.features.feature import processed_schema
from flight_delay.model.bundle import load_bundle, save_bundle
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.predictions import Predictions
from flight_delay.review.request.replay import PREDICTIONS, replay

JUDGED = ["2013-03", "2013-04"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained, encoding, features, months) -> Path:
    """A working folder with a bundle, two processed months and what was predicted of them."""
    root: Path = tmp_path_factory.mktemp("frozen")
    split = MonthRange(first="2013-01", last="2013-03")
    save_bundle(
        root / "models/bundle", trained.booster, features=encoding, feature_parameters=FEATURE_PARAMETERS,
        train_split=split, trained_rows=1, trained_base_rate=0.5, validation_split=split,
    )  # fmt: skip
    save_decision(root / "models/bundle", Calibration(method="none"), 0.5)
    bundle = load_bundle(root / "models/bundle")
    for month in JUDGED:
        examples = months[month]
        columns = {"flight_id": examples.row_id, "flight_date": examples.date, **examples.features}
        schema = processed_schema(features)
        table = pa.Table.from_pydict({**columns, "late": examples.target}, schema=schema)
        write_table(root / f"data/processed/{month}.parquet", table)
        recorded = Predictions.from_examples(examples, bundle.predict_probability(examples.features))
        recorded.write(root / PREDICTIONS, month)
    return root


@pytest.fixture
def copied_inputs(folder: Path, tmp_path: Path) -> Path:
    """A working folder with the same bundle and data, in which predictions can be recorded."""
    for part in ("models", "data"):
        (tmp_path / part).symlink_to(folder / part)
    return tmp_path


def test_unchanged_predictions_are_repeated_bit_for_bit(folder: Path, months) -> None:
    assert replay(folder) == (sum(len(months[month]) for month in JUDGED), 0, 0.0)


def test_changed_predictions_are_counted_and_measured(folder: Path, copied_inputs: Path) -> None:
    for month in JUDGED:
        recorded = Predictions.read(folder / PREDICTIONS, month)
        probability = recorded.probability.copy()
        if month == "2013-03":
            probability[[5, 9]] += np.float32([0.25, -0.125])
        recorded.with_probability(probability).write(copied_inputs / PREDICTIONS, month)
    replayed = replay(copied_inputs)
    assert replayed.changed == 2
    assert replayed.largest_difference == pytest.approx(0.25, abs=1e-6)


def test_recorded_flights_in_another_order_are_refused(folder: Path, copied_inputs: Path) -> None:
    for month in JUDGED:
        recorded = Predictions.read(folder / PREDICTIONS, month)
        replace(recorded, row_id=recorded.row_id[::-1]).write(copied_inputs / PREDICTIONS, month)
    with pytest.raises(ValueError, match="other rows"):
        replay(copied_inputs)
