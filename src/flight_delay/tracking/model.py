"""Log the bundle as an MLflow model with signature, code and requirements."""

from __future__ import annotations

import shutil
import warnings
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from flight_delay.model.bundle import Manifest, load_bundle
from flight_delay.tracking.run_content import RunContent

MODEL_NAME = "model"
# Imported when the bundle is loaded and predicts: requirements, and packages of this project.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pyarrow", "pydantic", "ruamel-yaml", "xgboost")
PACKAGES = ("core", "features", "model")


def signature(manifest: Manifest) -> ModelSignature:
    """Build the signature: features by name, text or float, and the probability."""
    types = {"categorical": DataType.string, "quantitative": DataType.float}
    return ModelSignature(
        inputs=Schema([ColSpec(types[feature.kind], feature.name) for feature in manifest.inputs]),
        outputs=Schema([ColSpec(DataType.float)]),
    )


def log_model(run_id: str, content: RunContent) -> None:
    """Log the bundle with the code that loads it; rename and finish the run."""
    with mlflow.start_run(run_id=run_id), warnings.catch_warnings(), TemporaryDirectory() as temporary:
        # A copy of the folders: a killed stage may have left hidden files in them.
        bundle = Path(temporary) / content.bundle.name
        _copy(content.bundle, bundle)
        code = Path(temporary) / content.package.name
        for name in ("__init__.py", *PACKAGES):
            _copy(content.package / name, code / name)
        # An input example would only repeat the signature.
        warnings.filterwarnings("ignore", "(?s).*An input example was not provided", UserWarning)
        mlflow.pyfunc.log_model(
            name=MODEL_NAME,
            python_model=str(content.package / "tracking/pyfunc_model.py"),
            artifacts={"bundle": str(bundle)},
            code_paths=[str(code)],
            signature=signature(load_bundle(content.bundle).manifest),
            # Inferring them takes 15 seconds and gives the same.
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
            params=content.params,
        )
        MlflowClient().update_run(run_id, name=content.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    else:
        shutil.copy(source, target)
