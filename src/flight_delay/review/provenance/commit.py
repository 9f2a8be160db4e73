"""What a commit says of its pipeline: dvc.lock, git history, manifest of the raw data and requirements.

Neither the working tree nor the DVC cache is read."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any

import yaml

from flight_delay.review.provenance.lineage import (
    Artifact,
    StageRun,
    encode_values,
    is_inside,
    list_artifacts,
    producer,
    read_stages,
    sources,
)
from flight_delay.vcs.artefacts import Artefacts
from flight_delay.vcs.git import git
from flight_delay.vcs.history import Change, last_change
from flight_delay.vcs.lock import LOCK_FILE

FLIGHTS, MANIFEST = "data/raw/flights", "data/raw/manifest.json"
REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True)
class Provenance:
    """What a commit says of its pipeline.

    `changes`: the commit that last changed each input whose content is the one in dvc.lock; other inputs are stale or not
    in git. `manifest`: content of data/raw/manifest.json, if it is the one in dvc.lock. `software`: version by name of the
    direct requirements, and of Python.
    """

    commit: Change
    lock_md5: str
    stages: list[StageRun]
    manifest: dict[str, Any] | None
    changes: dict[Artifact, Change]
    software: dict[str, str]


def read_provenance(artefacts: Artefacts) -> Provenance:
    """Read what a commit says.

    Raises:
        UserError: the commit has no dvc.lock, or one that contradicts itself.
    """
    commit, root = artefacts.commit, artefacts.root
    # DVC leaves the entry of a removed stage in dvc.lock.
    defined = yaml.safe_load(artefacts.read_text("dvc.yaml"))["stages"]
    stages = read_stages({name: entry for name, entry in artefacts.lock.items() if name.partition("@")[0] in defined})
    tracked = git("ls-tree", "-r", "-z", "--name-only", commit, cwd=root).rstrip("\0").split("\0")
    inputs = [item for item in list_artifacts(stages) if not sources(stages, item)]
    changes = {
        item: change
        for item in inputs
        if _is_committed(artefacts, item, tracked)
        and (change := last_change(item.path.partition(":")[0], commit, root))
    }
    author = git("show", "--no-patch", "--format=%an <%ae>", commit, cwd=root)
    lock_md5 = md5(artefacts.read_bytes(str(LOCK_FILE)))
    content = artefacts.read_bytes(MANIFEST) if MANIFEST in tracked else b""
    manifest = json.loads(content) if producer(stages, Artifact(MANIFEST, md5(content))) else None
    return Provenance(Change(commit, author), lock_md5, stages, manifest, changes, _read_software(artefacts, tracked))


def md5(content: bytes) -> str:
    """MD5 in hexadecimal, as in dvc.lock."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _is_committed(artefacts: Artefacts, item: Artifact, tracked: list[str]) -> bool:
    """Whether the content of an input in the commit has the checksum in dvc.lock."""
    file, _, key = item.path.partition(":")
    if item.values is not None:
        value = yaml.safe_load(artefacts.read_text(file)) if file in tracked else None
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return encode_values(value) == item.values
    if not item.is_folder:
        return file in tracked and md5(artefacts.read_bytes(file)) == item.md5
    # As DVC computes the checksum of a folder.
    paths = sorted(path for path in tracked if is_inside(path, file))
    parts = [{"md5": md5(artefacts.read_bytes(path)), "relpath": path[len(file) + 1 :]} for path in paths]
    return f"{md5(json.dumps(parts, sort_keys=True).encode())}.dir" == item.md5


def _read_software(artefacts: Artefacts, tracked: list[str]) -> dict[str, str]:
    """Locked versions of the direct requirements, and the range of Python in pyproject.toml."""
    if not {REQUIREMENTS, "requirements.in", "pyproject.toml"} <= {*tracked}:
        return {}
    lines = [re.match(r"[\w.-]+", line) for line in artefacts.read_text("requirements.in").splitlines()]
    names = {re.sub(r"[-_.]+", "-", name[0]).lower() for name in lines if name}
    locked = re.findall(r"^([\w.-]+)==(\S+)", artefacts.read_text(REQUIREMENTS), re.MULTILINE)
    python = tomllib.loads(artefacts.read_text("pyproject.toml")).get("project", {}).get("requires-python")
    direct = {name: version for name, version in locked if name in names}
    return {**({"python": python} if python else {}), **direct}
