"""The package of a model: predictions without a checkout's model, after its golden flights got the recorded bits."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_package import MONTH, RECORDED, VERSION, installed_package, record_predictions
from small_service import PARAMETERS

from flight_delay.core import paths
from flight_delay.core.files import read_table
from flight_delay.core.months import month_path
from flight_delay.features.feature import ROW_ID
from flight_delay.model.bundle import load_bundle
from flight_delay.serving.batch import predict_dates
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.model_package import local_model
from flight_delay.serving.package_builder import GOLDEN_ROWS, choose_golden

DATE = dt.date(2013, 3, 5)


@pytest.fixture
def package(small_service: Path) -> Iterator[Path]:
    """The installed package of the model of the working folder."""
    with installed_package(small_service / "package") as folder:
        yield folder


def test_golden_flights_are_spread_over_the_month_with_the_recorded_bits(small_service: Path) -> None:
    record_predictions()
    golden = choose_golden(RECORDED, load_bundle(paths.BUNDLE), VERSION)
    recorded = read_table(month_path(RECORDED, MONTH))
    assert len(golden) == min(GOLDEN_ROWS, len(recorded))
    assert golden[ROW_ID].to_pylist()[:: len(golden) - 1] == recorded[ROW_ID].to_pylist()[:: len(recorded) - 1]
    by_id = dict(zip(recorded[ROW_ID].to_pylist(), recorded["probability"].to_pylist(), strict=True))
    assert golden["probability"].to_pylist() == [by_id[row] for row in golden[ROW_ID].to_pylist()]


def test_an_installed_model_predicts_what_that_of_the_checkout_does(package: Path) -> None:
    (own,) = predict_dates(Inputs(PARAMETERS), local_model(), DATE, DATE)
    assert set(own["model_version"].to_pylist()) == {"checkout"}
    shutil.rmtree(paths.BUNDLE)
    Path("data/raw/tables/airports.parquet").unlink()
    (installed,) = predict_dates(Inputs(PARAMETERS), local_model(), DATE, DATE)
    assert set(installed["model_version"].to_pylist()) == {VERSION}
    for name in ("flight_id", "probability", "predicted_late", "reasons"):
        assert installed[name].equals(own[name])
