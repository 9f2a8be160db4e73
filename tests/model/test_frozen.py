"""review.assessment.frozen: the frozen model is asked again, and its worst errors are found and explained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.files import write_table
from flight_delay.core.months import Window
from flight_delay.features.feature import processed_schema
from flight_delay.model.bundle import load_bundle, save_bundle
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision import save_decision
from flight_delay.model.predictions import Predictions
from flight_delay.review.assessment.frozen import reproduce, worst_errors

JUDGED = ["2013-03", "2013-04"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained, encoding, features, months) -> Path:
    """A working folder with a bundle, two processed months and what was predicted of them."""
    root: Path = tmp_path_factory.mktemp("frozen")
    window = Window(first="2013-01", through="2013-03")
    save_bundle(
        root / "models/bundle", trained.booster, features=encoding, trained_on=window, trained_rows=1,
        trained_base_rate=0.5, stopped_on=window,
    )  # fmt: skip
    save_decision(root / "models/bundle", Calibration(method="none"), 0.5)
    bundle = load_bundle(root / "models/bundle")
    for month in JUDGED:
        examples = months[month]
        columns = {"flight_id": examples.flight_id, "flight_date": examples.flight_date, **examples.features}
        schema = processed_schema(features)
        table = pa.Table.from_pydict({**columns, "late": examples.late}, schema=schema)
        write_table(root / f"data/processed/{month}.parquet", table)
        recorded = Predictions.of(examples, bundle.predict_late(examples.features))
        recorded.write(root / "reports/evaluate/predictions", month)
    return root


def test_a_model_that_says_what_it_said_is_reproduced(folder: Path, months) -> None:
    found = reproduce(folder)
    assert found == (sum(len(months[month]) for month in JUDGED), 0, 0.0)


def test_every_other_probability_is_counted_and_the_largest_difference_is_given(folder: Path, tmp_path: Path) -> None:
    for part in ("models", "data"):
        (tmp_path / part).symlink_to(folder / part)
    for month in JUDGED:
        recorded = Predictions.read(folder / "reports/evaluate/predictions", month)
        changed = recorded.probability.copy()
        if month == "2013-03":
            changed[[5, 9]] += np.float32([0.25, -0.125])
        recorded.with_probability(changed).write(tmp_path / "reports/evaluate/predictions", month)
    found = reproduce(tmp_path)
    assert found.different == 2
    assert found.largest_difference == pytest.approx(0.25, abs=1e-6)


def test_recorded_flights_in_another_order_are_no_reproduction(folder: Path, tmp_path: Path) -> None:
    for part in ("models", "data"):
        (tmp_path / part).symlink_to(folder / part)
    for month in JUDGED:
        recorded = Predictions.read(folder / "reports/evaluate/predictions", month)
        turned = replace(recorded, flight_id=recorded.flight_id[::-1])
        turned.write(tmp_path / "reports/evaluate/predictions", month)
    with pytest.raises(ValueError, match="other flights"):
        reproduce(tmp_path)


@given(st.integers(1, 30))
def test_the_worst_errors_are_the_worst(folder: Path, count: int) -> None:
    recorded = Predictions.concat(Predictions.read(folder / "reports/evaluate/predictions", month) for month in JUDGED)
    misses, false_alarms = worst_errors(folder, JUDGED, count)
    late = sorted(zip(recorded.probability[recorded.late], recorded.flight_id[recorded.late], strict=True))
    on_time = zip(-recorded.probability[~recorded.late], recorded.flight_id[~recorded.late], strict=True)
    assert [(of.probability, of.flight_id) for of in misses] == late[:count]
    assert [(-of.probability, of.flight_id) for of in false_alarms] == sorted(on_time)[:count]
    assert all(of.late for of in misses)
    assert not any(of.late for of in false_alarms)


def test_errors_are_explained_by_what_moved_them_to_the_wrong_side(folder: Path, months) -> None:
    bundle = load_bundle(folder / "models/bundle")
    names = [of.name for of in bundle.manifest.features]
    rows = {of: (month, row) for month in JUDGED for row, of in enumerate(months[month].flight_id)}
    misses, false_alarms = worst_errors(folder, JUDGED)
    for error, side in [*((of, 1) for of in misses), *((of, -1) for of in false_alarms)]:
        month, row = rows[error.flight_id]
        columns = {name: values[[row]] for name, values in months[month].features.items()}
        added = dict(zip(names, bundle.explain_late(columns).contributions[0], strict=False))
        worst = sorted(added, key=lambda name: (side * added[name], names.index(name)))[:3]
        assert [name for name, _, _ in error.reasons] == worst
        for name, value, of in error.reasons:
            assert of == pytest.approx(added[name], abs=1e-6)
            if name in columns:
                given_value = columns[name][0]
                missing = given_value is None or (not isinstance(given_value, str) and np.isnan(given_value))
                shown = given_value if isinstance(given_value, str) else f"{float(given_value):.3g}"
                assert value == ("missing" if missing else shown)
        destination = columns["destination"][0]
        assert error.destination == ("" if destination is None else destination)
    assert any(of.destination for of in misses)
