"""The environment that a pipeline runs in: which versions it has, which its commit wants, and building one from a commit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from flight_delay.core.errors import UserError

# The packages whose versions decide what bytes come out.
PACKAGES = ("dvc", "numpy", "pandas", "pyarrow", "scikit-learn", "xgboost", "shap", "matplotlib")
_LIST = """
import importlib.metadata, json, platform
print(json.dumps({"python": platform.python_version(), **{d.name: d.version for d in importlib.metadata.distributions()}}))
"""


class Environment(NamedTuple):
    """What a pipeline was run on: `versions` by package; `fresh` says that they were installed for this run alone."""

    platform: str
    cpus: int
    python: str
    versions: dict[str, str]
    fresh: bool


def read_environment(python: Path) -> Environment:
    """Ask an interpreter what it has installed."""
    # Isolated: what lies in this folder or on PYTHONPATH is not what is installed.
    done = subprocess.run([python, "-I", "-c", _LIST], capture_output=True, text=True, check=True)
    versions: dict[str, str] = {canonicalize_name(name): version for name, version in json.loads(done.stdout).items()}
    return Environment(
        platform=f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}".rstrip(", "),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        python=versions.pop("python"),
        versions=versions,
        fresh=python != Path(sys.executable),
    )


def locked_versions(requirements: str, python: str) -> dict[str, str]:
    """Versions by package that a locked requirements file pins on this platform for a version of Python.

    One file serves several versions of Python, with other pins for some (`python_full_version < '3.12'`): whatever Python
    its commit was run with, these are the versions that belong to this one.

    Args:
        requirements: its text, as pip and uv write it: `name==version ; marker`, then hashes and comments.
        python: full version of the interpreter, such as 3.13.5.
    """
    named = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    wanted: dict[str, str] = {}
    for line in requirements.splitlines():
        try:
            requirement = Requirement(line.strip().removesuffix("\\").partition(" #")[0])
        except InvalidRequirement:
            continue  # a hash, a comment or an option
        pins = [of.version for of in requirement.specifier if of.operator == "=="]
        if pins and (requirement.marker is None or requirement.marker.evaluate(named)):
            wanted[canonicalize_name(requirement.name)] = pins[0]
    return wanted


def version_mismatches(wanted: dict[str, str], has: dict[str, str]) -> list[str]:
    """Packages that are not there in the wanted version, in words."""
    return [
        f"{name} {version} is wanted, " + (f"{has[name]} is installed" if name in has else "none is installed")
        for name, version in sorted(wanted.items())
        if has.get(name) != version
    ]


def build_environment(root: Path, folder: Path) -> Path:
    """Make a virtual environment from the locked requirements of a checkout, hashes checked.

    Args:
        root: the checkout, with requirements.txt and, where something has to be built, requirements-build.txt.
        folder: where to make the environment.

    Returns:
        Its interpreter.

    Raises:
        UserError: there are no such requirements, this Python cannot make environments, or pip cannot install them.
    """
    if not (root / "requirements.txt").exists():
        raise UserError("the commit has no requirements.txt; leave out --fresh-env to run it with what is installed")
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        raise UserError(
            f"{sys.executable} cannot make virtual environments (it has no ensurepip); install its venv module, or leave out "
            "--fresh-env"
        ) from None
    python = folder / "bin/python"
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--compile",
        "--require-hashes",
    ]
    steps = [["--requirement", "requirements-build.txt"]] if (root / "requirements-build.txt").exists() else []
    # Built with what is locked, not with what pip would fetch for each.
    isolation = ["--no-build-isolation", "--use-pep517"] if steps else []
    for step in [*steps, [*isolation, "--requirement", "requirements.txt"]]:
        done = subprocess.run([*pip, *step], cwd=root, stdout=sys.stderr, check=False)
        if done.returncode:
            raise UserError(
                f"pip could not install {step[-1]} of the commit (see above); check the network, or leave out --fresh-env"
            )
    return python
