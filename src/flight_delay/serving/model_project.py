"""The project that the package of a model is built from, by hatchling."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_bytes, write_text
from flight_delay.model.bundle import Bundle
from flight_delay.serving.model_package import MODULE, PROJECT, PackageManifest

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{project}"
version = "{version}"
description = "Version {version} of the registered model {model}"
readme = "README.md"
dependencies = ["flight-delay~={library}"]

[tool.hatch.build]
ignore-vcs = true
only-include = ["{module}"]
"""
_MODULE = '''\
"""Version {version} of the registered model {model}."""

from pathlib import Path


def path() -> Path:
    """Return the folder of bundle, reference values, airports and golden flights."""
    return Path(__file__).parent
'''
_CARD = """\
# {model}, version {version}

{description}

Trained on {months}, threshold {threshold:.6g}. Commit `{commit}`, MLflow run `{run}`.

`{module}.path()` is the folder of the model, the reference values of its explanations, time zones of airports and
golden flights. `flight-delay predict` and `flight-delay state` use it where there is no checkout, after they have
predicted the golden flights, bit for bit.
"""


def write_project(project: Path, manifest: PackageManifest, bundle: Bundle, description: str) -> None:
    """Write metadata, model card and module of a package, beside its files.

    Args:
        project: folder of the project.
        manifest: of the package.
        bundle: the model.
        description: of the registered version, in Markdown; it begins with the metrics.
    """
    fields = {"project": PROJECT, "module": MODULE, "model": manifest.model, "version": manifest.version}
    card = _CARD.format(
        **fields,
        description=description,
        months=bundle.manifest.train_split,
        threshold=bundle.decision.threshold,
        commit=manifest.git_commit or "unknown",
        run=manifest.run_id,
    )
    write_text(project / "README.md", card)
    write_text(project / "pyproject.toml", _PYPROJECT.format(**fields, library=version("flight-delay")))
    write_text(project / MODULE / "__init__.py", _MODULE.format(**fields))


def build_project(project: Path, target: Path) -> list[Path]:
    """Build wheel and source distribution, with the same bytes at any time.

    Args:
        project: folder of the project.
        target: folder for both.

    Raises:
        UserError: hatchling is not installed.
    """
    if find_spec("hatchling") is None:
        raise UserError(
            'hatchling is not installed; `make setup` installs it, as does `pip install "flight-delay[team]"`'
        )
    # Without it, hatchling has a fixed time.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    command = [sys.executable, "-m", "hatchling", "build", "--directory", "dist"]
    subprocess.run(command, cwd=project, env=environment, capture_output=True, check=True)
    built = sorted((project / "dist").iterdir())
    for path in built:
        write_bytes(target / path.name, path.read_bytes())
    return [target / path.name for path in built]
