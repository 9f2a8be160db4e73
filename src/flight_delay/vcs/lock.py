"""dvc.lock: reading it, and the digest that identifies a pipeline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flight_delay.core.errors import UserError

LOCK_FILE = Path("dvc.lock")
PUBLISH = "publish"

Stages = dict[str, dict[str, Any]]


def parse_lock(text: str, where: str) -> Stages:
    """The entries of a lock file by stage.

    Raises:
        UserError: it is not a lock file of DVC 2 or later.
    """
    try:
        lock = yaml.safe_load(text)
        return dict(lock["stages"])
    except (yaml.YAMLError, TypeError, KeyError, ValueError):
        raise UserError(f"{where}: not a lock file of DVC; `git checkout dvc.lock` restores it") from None


def read_lock(path: Path = LOCK_FILE) -> Stages:
    """Read a lock file; see `parse_lock`."""
    try:
        return parse_lock(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `dvc repro` makes it") from None


def pipeline_digest(stages: Mapping[str, Any]) -> str:
    """SHA-256 over all entries but that of `publish`: commands, parameters, inputs and outputs with their checksums.

    Two checkouts with the same digest hold the same pipeline, data, model and reports.
    """
    made = {name: entry for name, entry in stages.items() if name != PUBLISH}
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


def output_hashes(stages: Mapping[str, Any]) -> dict[str, str]:
    """MD5 by path of every output, but that of `publish`; folders have DVC's '….dir'."""
    return {
        out["path"]: out["md5"] for name, entry in stages.items() if name != PUBLISH for out in entry.get("outs", [])
    }


def input_hashes(stages: Mapping[str, Any]) -> dict[str, str]:
    """MD5 by path of what a pipeline is given, but does not make: code, requirements, external data."""
    made = output_hashes(stages)
    deps = [dep for name, entry in stages.items() if name != PUBLISH for dep in entry.get("deps", [])]
    return {dep["path"]: dep["md5"] for dep in deps if dep["path"] not in made}
