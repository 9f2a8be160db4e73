"""Describe the code and versions that results depend on."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import flight_delay
from flight_delay.core.files import sha256
from flight_delay.core.paths import resource

# Packages that compute outputs, or carry tasks.
PACKAGES = ("numpy", "pandas", "pyarrow", "scikit-learn", "xgboost", "shap", "tzdata", "cloudpickle", "distributed")


@cache
def describe_environment() -> dict[str, str]:
    """Describe the code of this process: versions, and a hash of its files.

    References are those of the working directory, as for stages, or else of the package.
    """
    digest = hashlib.sha256()
    for folder, pattern in ((Path(flight_delay.__path__[0]), "*.py"), (resource(Path("references")), "*")):
        for path in sorted(folder.rglob(pattern)):
            if path.is_file():
                digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path)}\n".encode())
    versions = {name: version(name) for name in PACKAGES}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, **versions, "code and references": digest.hexdigest()[:12]}


def environment_difference(ours: dict[str, str], theirs: dict[str, str] | BaseException) -> str:
    """Return what differs, in words; empty if nothing does."""
    if isinstance(theirs, BaseException):
        return f"no usable package flight_delay ({theirs})"
    names = [name for name in ours if theirs.get(name) != ours[name]]
    return f"{names[0]} {theirs.get(names[0])} instead of {ours[names[0]]}" if names else ""
