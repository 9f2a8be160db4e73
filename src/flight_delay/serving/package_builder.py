"""Build the package of a registered model: `flight-delay-model`.

The same version has the same bytes, whenever and wherever it is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core import files, months, paths
from flight_delay.core.errors import UserError
from flight_delay.features.feature import ROW_ID
from flight_delay.model.bundle import Bundle, load_bundle
from flight_delay.model.predictions import PREDICTIONS
from flight_delay.serving.deployment import downloaded, read_versions
from flight_delay.serving.inputs import AIRPORTS_FILE
from flight_delay.serving.model_package import (
    AIRPORTS,
    BUNDLE,
    GOLDEN,
    MANIFEST,
    MODULE,
    PROBABILITY,
    PROJECT,
    REFERENCE,
    ModelFiles,
    PackageManifest,
    different_rows,
)
from flight_delay.serving.model_project import build_project, write_project
from flight_delay.tracking.registry.loaded_model import download_artifact

if TYPE_CHECKING:
    from flight_delay.tracking.registry.versions import Version

RECORDED, RAW_MANIFEST = "reports/evaluate/predictions", "manifest.json"  # in the run
GOLDEN_ROWS = 100


def build_model_package(name: str, wanted: str, target: Path) -> list[Path]:
    """Build wheel and source distribution of a version of the registered model.

    Args:
        name: of the registered model.
        wanted: its version or alias.
        target: folder for both.

    Raises:
        UserError: there is no such version, MLflow does not answer or does not have its files, or data of this
            checkout are not those of its pipeline.
    """
    version = find_version(read_versions(name), name, wanted)
    with downloaded(name, version) as model, TemporaryDirectory() as folder:
        project = Path(folder) / PROJECT
        bundle = load_bundle(model.bundle)
        _write_files(project / MODULE, str(version.run_id), model, bundle)
        manifest = _describe(project / MODULE, name, version)
        write_project(project, manifest, bundle, version.description)
        return build_project(project, target.absolute())


def find_version(versions: list[Version], name: str, wanted: str) -> Version:
    """Find a version by number or alias.

    Raises:
        UserError: there is none.
    """
    for version in versions:
        if wanted in {str(version.number), *version.aliases}:
            return version
    raise UserError(f"{name}: no version is `{wanted}`; `flight-delay registry` lists versions and aliases")


def choose_golden(recorded: Path, bundle: Bundle, version: str) -> pa.Table:
    """Choose flights of the last month that the pipeline predicted.

    Args:
        recorded: folder of its predictions, a file per month.
        bundle: the model.
        version: of the model, for the message.

    Returns:
        Id, features of the model and recorded probability of evenly spaced flights.

    Raises:
        UserError: processed data of this checkout are not those that were predicted.
    """
    month = months.list_months(recorded)[-1]
    predicted = files.read_table(months.month_path(recorded, month), PREDICTIONS)
    predicted = predicted.take(np.linspace(0, len(predicted) - 1, min(GOLDEN_ROWS, len(predicted))).astype(int))
    path, names = months.month_path(paths.PROCESSED, month), [feature.name for feature in bundle.manifest.inputs]
    processed = files.read_table(path, columns=[ROW_ID, *names])
    positions = pc.index_in(predicted[ROW_ID], processed[ROW_ID].combine_chunks())
    if not positions.null_count:
        golden = processed.take(positions).append_column(PROBABILITY, predicted[PROBABILITY])
        if not different_rows(bundle, golden):
            return golden
    raise UserError(f"{path}: not what version {version} predicted; check out its commit, and run `dvc checkout`")


def require_same_airports(raw: Mapping[str, Any], version: str) -> None:
    """Check that airports of this checkout are those of a version.

    Args:
        raw: manifest of the raw data of its pipeline.
        version: of the model, for the message.

    Raises:
        UserError: they are missing or differ.
    """
    entry = raw["files"].get(AIRPORTS_FILE.relative_to(paths.RAW).as_posix(), {})
    if not AIRPORTS_FILE.is_file() or entry.get("sha256") != files.sha256(AIRPORTS_FILE):
        raise UserError(f"{AIRPORTS_FILE}: not that of version {version}; check out its commit, and run `dvc checkout`")


def _write_files(package: Path, run_id: str, model: ModelFiles, bundle: Bundle) -> None:
    for path in sorted(model.bundle.glob("[!.]*")):
        files.write_bytes(package / BUNDLE / path.name, files.read_bytes(path))
    files.write_bytes(package / REFERENCE, files.read_bytes(model.reference))
    with TemporaryDirectory() as folder:
        recorded = download_artifact(run_id, RECORDED, Path(folder))
        files.write_table(package / GOLDEN, choose_golden(recorded, bundle, model.version))
        require_same_airports(files.read_json(download_artifact(run_id, RAW_MANIFEST, Path(folder))), model.version)
    files.write_bytes(package / AIRPORTS, files.read_bytes(AIRPORTS_FILE))


def _describe(package: Path, name: str, version: Version) -> PackageManifest:
    written = sorted(path for path in package.rglob("*") if path.is_file())
    manifest = PackageManifest(
        format=1,
        model=name,
        version=str(version.number),
        run_id=str(version.run_id),
        git_commit=version.commit,
        files={path.relative_to(package).as_posix(): files.sha256(path) for path in written},
    )
    files.write_json(package / MANIFEST, manifest.model_dump(mode="json"))
    return manifest
