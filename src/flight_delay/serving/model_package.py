"""The model of a checkout, or of the installed `flight-delay-model`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core import paths
from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table, sha256
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import ROW_ID
from flight_delay.features.parameters import FeatureParameters
from flight_delay.model.bundle import Bundle, load_bundle

PROJECT, MODULE = "flight-delay-model", "flight_delay_model"
BUNDLE, REFERENCE, AIRPORTS, GOLDEN = "bundle", "reference.json", "airports.parquet", "golden.parquet"
MANIFEST = "package.json"
PROBABILITY = "probability"
CHECKOUT = "checkout"


class ModelFiles(NamedTuple):
    """Folder of a model's bundle, file of its reference values, and its version."""

    bundle: Path
    reference: Path
    version: str

    @property
    def parameters(self) -> FeatureParameters:
        """Parameters of the features of the model."""
        return load_bundle(self.bundle).manifest.feature_parameters


class PackageManifest(Parameters):
    """Description of the package of a model.

    Attributes:
        model: name in the registry.
        version: in the registry.
        run_id: of the run that was registered.
        git_commit: of the pipeline; None if it is not known.
        files: SHA-256 by path.
    """

    format: Literal[1]
    model: str
    version: str
    run_id: str
    git_commit: str | None
    files: dict[str, str]


class InstalledModel(NamedTuple):
    """Folder and description of the installed package of a model."""

    folder: Path
    manifest: PackageManifest


def local_model() -> ModelFiles:
    """Return the model of this checkout, or else that of the installed package.

    Raises:
        UserError: there is neither, or the package is damaged or predicts otherwise here.
    """
    if paths.BUNDLE.exists():
        return ModelFiles(paths.BUNDLE, paths.report("interpret") / REFERENCE, CHECKOUT)
    if installed := find_installed_model():
        folder, manifest = installed
        return ModelFiles(folder / BUNDLE, folder / REFERENCE, manifest.version)
    raise UserError(f"{paths.BUNDLE}: no model; run `dvc repro` in a checkout, or `pip install {PROJECT}`")


@cache
def find_installed_model() -> InstalledModel | None:
    """Find the installed package, and verify its files and predictions.

    Returns:
        None if none is installed.

    Raises:
        UserError: a file is damaged, or a probability is not that of the pipeline, bit for bit.
    """
    try:
        folder = Path(import_module(MODULE).path())
    except ModuleNotFoundError:
        return None
    manifest = read_validated_json(folder / MANIFEST, PackageManifest, "the description of a model package")
    for name, expected in manifest.files.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise UserError(f"{folder / name}: damaged; `pip install --force-reinstall {PROJECT}` restores it")
    bundle, golden = load_bundle(folder / BUNDLE), read_table(folder / GOLDEN)
    if different := different_rows(bundle, golden):
        raise UserError(
            f"{PROJECT} {manifest.version}: {len(different)} of {len(golden)} golden flights get another probability "
            f"here, such as {different[0]}; install xgboost {bundle.manifest.xgboost}, with which it was trained"
        )
    return InstalledModel(folder, manifest)


def different_rows(bundle: Bundle, golden: pa.Table) -> list[str]:
    """List the ids of golden flights whose probability has other bits.

    Args:
        bundle: the model.
        golden: ids, features of the model and recorded probabilities.
    """
    features = columns_from_table(golden, [feature.name for feature in bundle.manifest.inputs])
    recorded = golden[PROBABILITY].to_numpy()
    is_same = bundle.predict_probability(features).view("uint32") == recorded.view("uint32")
    ids: list[str] = golden[ROW_ID].filter(pc.invert(pa.array(is_same))).to_pylist()
    return ids
