"""The package of the small checkout's model (small_service.py), as if it were installed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from small_service import feature_builder

from flight_delay.core import paths
from flight_delay.core.files import read_table, sha256, write_json, write_table
from flight_delay.core.months import month_path
from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import ROW_ID
from flight_delay.model.bundle import load_bundle
from flight_delay.model.predictions import PREDICTIONS
from flight_delay.serving.model_package import GOLDEN, MANIFEST, MODULE, PackageManifest, find_installed_model
from flight_delay.serving.package_builder import choose_golden
from flight_delay.serving.served_model import NO_OBSERVATIONS

MONTH, VERSION = "2013-03", "7"
RECORDED = Path("reports/evaluate/predictions")


def record_predictions() -> None:
    """Write features and predictions of a month, as the pipeline does, into the working folder."""
    flights = columns_from_table(read_table(month_path(paths.CANONICAL, MONTH)))
    builder, bundle = feature_builder(), load_bundle(paths.BUNDLE)
    features = builder.build(flights, builder.count_outcomes(flights), NO_OBSERVATIONS)
    schema = pa.schema([pa.field(ROW_ID, pa.string()), *(feature.field for feature in builder.features)])
    table = pa.Table.from_pydict({ROW_ID: flights[ROW_ID], **features}, schema=schema)
    write_table(month_path(paths.PROCESSED, MONTH), table)
    probability = bundle.predict_probability(columns_from_table(table, [f.name for f in bundle.manifest.inputs]))
    rows = [flights[ROW_ID], flights["flight_date"], np.zeros(len(table), bool), probability]
    predictions = pa.Table.from_pydict(dict(zip(PREDICTIONS.names, rows, strict=True)), schema=PREDICTIONS)
    write_table(month_path(RECORDED, MONTH), predictions)


@contextmanager
def installed_package(folder: Path) -> Iterator[Path]:
    """Write the package of the model in the working folder, and have it installed for a while."""
    record_predictions()
    shutil.copytree(paths.BUNDLE, folder / "bundle")
    shutil.copy("reports/interpret/reference.json", folder)
    shutil.copy("data/raw/tables/airports.parquet", folder)
    write_table(folder / GOLDEN, choose_golden(RECORDED, load_bundle(paths.BUNDLE), VERSION))
    describe(folder)
    find_installed_model.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, MODULE, SimpleNamespace(path=lambda: folder))
        yield folder
    find_installed_model.cache_clear()


def describe(folder: Path) -> None:
    """Write the description of a package, with the checksums that its files have now."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    sums = {path.relative_to(folder).as_posix(): sha256(path) for path in files}
    manifest = PackageManifest(
        format=1, model="flight-delay", version=VERSION, run_id="run", git_commit=None, files=sums
    )
    write_json(folder / MANIFEST, manifest.model_dump(mode="json"))


def change_golden(folder: Path, row: int) -> str:
    """Change the last bit of a recorded probability; return the id of its flight."""
    golden = read_table(folder / GOLDEN)
    probability = golden["probability"].to_numpy().copy()
    probability[row] = np.nextafter(probability[row], np.float32(1))
    at = golden.schema.get_field_index("probability")
    write_table(folder / GOLDEN, golden.set_column(at, "probability", pa.array(probability)))
    describe(folder)
    return str(golden[ROW_ID][row])
