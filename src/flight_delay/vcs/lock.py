"""Read dvc.lock, and compute the digest that identifies a pipeline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.core.params import PARAMS_FILE, flatten, parse_yaml

LOCK_FILE = Path("dvc.lock")
PUBLISH = "publish"

Stages = dict[str, dict[str, Any]]


def parse_lock(text: str, where: str) -> Stages:
    """Parse the entries of a lock file by stage; `where` names it in an error.

    Raises:
        UserError: it is not a lock file of DVC 2 or later.
    """
    try:
        lock = parse_yaml(text)
        return dict(lock["stages"])
    except (TypeError, KeyError, ValueError):
        raise UserError(
            f"{where}: not a lock file of DVC; `git checkout COMMIT dvc.lock` restores that of a commit"
        ) from None


def read_lock(path: Path = LOCK_FILE) -> Stages:
    """Read a lock file; see `parse_lock`."""
    try:
        return parse_lock(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `dvc repro` makes it") from None


def md5(content: bytes) -> str:
    """Compute the MD5 of a file in hexadecimal, as it is in a lock file."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def pipeline_digest(stages: Mapping[str, Any]) -> str:
    """Compute SHA-256 over all entries of a lock but that of `publish`.

    Entries hold commands, parameters, and inputs and outputs with checksums.

    Two checkouts with the same digest hold the same pipeline, data, model and reports.
    """
    entries = {name: entry for name, entry in stages.items() if name != PUBLISH}
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def output_hashes(stages: Mapping[str, Any]) -> dict[str, str]:
    """Return MD5 by path of every output but those of `publish`.

    The MD5 of a folder ends in '.dir'.
    """
    entries = [entry for name, entry in stages.items() if name != PUBLISH]
    return {out["path"]: out["md5"] for entry in entries for out in entry.get("outs", [])}


def input_hashes(stages: Mapping[str, Any]) -> dict[str, str]:
    """Return MD5 by path of inputs that no stage writes, such as code."""
    outputs = output_hashes(stages)
    entries = [entry for name, entry in stages.items() if name != PUBLISH]
    deps = [dep for entry in entries for dep in entry.get("deps", [])]
    return {dep["path"]: dep["md5"] for dep in deps if dep["path"] not in outputs}


def locked_params(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of params.yaml, with their values, that a stage read."""
    return dict(entry.get("params", {}).get(str(PARAMS_FILE), {}))


def pipeline_parameters(sections: Mapping[str, Any], stages: Mapping[str, Any]) -> dict[str, str]:
    """Select the parameters that stages but `publish` read, by dotted name.

    Args:
        sections: of params.yaml, whose order they keep.
        stages: entries of the lock file.
    """
    entries = [entry for name, entry in stages.items() if name != PUBLISH]
    names = {name for entry in entries for name in flatten(locked_params(entry))}
    return {name: str(value) for name, value in flatten(sections).items() if name in names}
