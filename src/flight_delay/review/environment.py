"""Environments of a pipeline: versions, locked versions, and building one."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from flight_delay.core.errors import UserError

# Packages whose versions can change the bytes of outputs.
PACKAGES = ("dvc", "numpy", "pandas", "pyarrow", "scikit-learn", "xgboost", "shap", "matplotlib")
# Settings of pip with which it installs elsewhere or nothing.
_ELSEWHERE = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN"}
_LIST = """
import json, platform
from importlib.metadata import distributions
print(json.dumps({"python": platform.python_version(), **{d.name: d.version for d in distributions()}}))
"""


class Environment(NamedTuple):
    """The environment of a run; `is_fresh` if it was built for this run."""

    platform: str
    cpus: int
    python: str
    versions: dict[str, str]
    is_fresh: bool


def read_environment(python: Path) -> Environment:
    """Read the versions that are installed for an interpreter."""
    # Isolated: this folder and PYTHONPATH are not part of the installation.
    done = subprocess.run([python, "-I", "-c", _LIST], capture_output=True, encoding="utf-8", check=True)
    versions: dict[str, str] = {canonicalize_name(name): version for name, version in json.loads(done.stdout).items()}
    return Environment(
        platform=f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}".rstrip(", "),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        python=versions.pop("python"),
        versions=versions,
        is_fresh=python != Path(sys.executable),
    )


def locked_versions(requirements: str, python: str) -> dict[str, str]:
    """Parse the versions of a locked requirements file, by package.

    One file serves several versions of Python, with markers such as `python_full_version < '3.12'`.

    Args:
        requirements: text as pip and uv write it: `name==version ; marker`, then hashes and comments.
        python: full version of the interpreter, such as 3.13.5.
    """
    markers = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    locked: dict[str, str] = {}
    for line in requirements.splitlines():
        try:
            requirement = Requirement(line.strip().removesuffix("\\").partition(" #")[0])
        except InvalidRequirement:
            continue  # a hash, a comment or an option
        pins = [specifier.version for specifier in requirement.specifier if specifier.operator == "=="]
        if pins and (requirement.marker is None or requirement.marker.evaluate(markers)):
            locked[canonicalize_name(requirement.name)] = pins[0]
    return locked


def version_mismatches(locked: dict[str, str], installed: dict[str, str]) -> list[str]:
    """Describe packages that are not installed in the locked version."""
    return [
        f"{name} {version} is locked, {installed.get(name, 'none')} is installed"
        for name, version in sorted(locked.items())
        if installed.get(name) != version
    ]


def build_environment(root: Path, folder: Path, variables: Mapping[str, str] = os.environ) -> Path:
    """Build a virtual environment from locked requirements with hashes.

    Args:
        root: the checkout, with requirements.txt and, if something has to be built, requirements-build.txt.
        folder: of the new environment.
        variables: environment variables of pip, which runs code of packages that it builds.

    Returns:
        Its interpreter.

    Raises:
        UserError: there are no such requirements, this Python cannot create environments, or pip cannot install them.
    """
    if not (root / "requirements.txt").exists():
        raise UserError("the commit has no requirements.txt; leave out --fresh-env to use the installed packages")
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        raise UserError(
            f"{sys.executable} cannot create virtual environments (it has no ensurepip); install its venv module, or "
            "leave out --fresh-env"
        ) from None
    python = folder / "bin/python"
    # pip installs into the environment, whatever the user's settings.
    environment = {name: value for name, value in variables.items() if name not in _ELSEWHERE} | {"PIP_USER": "0"}
    # -I: what is on PYTHONPATH would count as installed.
    pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--compile", "--require-hashes"]
    steps = [["--requirement", "requirements-build.txt"]] if (root / "requirements-build.txt").exists() else []
    # Build with the locked build requirements, not with those that pip would fetch.
    isolation = ["--no-build-isolation", "--use-pep517"] if steps else []
    for step in [*steps, [*isolation, "--requirement", "requirements.txt"]]:
        done = subprocess.run([*pip, *step], cwd=root, env=environment, stdout=sys.stderr, check=False)
        if done.returncode:
            raise UserError(
                f"pip could not install {step[-1]} of the commit (see the log above); check the network, or leave out "
                "--fresh-env"
            )
    return python
