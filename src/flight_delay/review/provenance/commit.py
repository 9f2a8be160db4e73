"""Where the files of a commit come from: its lineage, and what its git history and manifest add.

Read from dvc.lock, git and data/raw/manifest.json of that commit; neither the working tree nor the DVC cache has a say."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from flight_delay.repository.artefacts import Artefacts
from flight_delay.repository.git import git
from flight_delay.repository.history import Change, last_change
from flight_delay.repository.lock import LOCK_FILE
from flight_delay.review.provenance.lineage import Item, Lineage, inside, lineage, values_json

RAW, FLIGHTS = "data/raw", "data/raw/flights"
MANIFEST = f"{RAW}/manifest.json"
REQUIREMENTS = "requirements.txt"


class Origin(NamedTuple):
    """Where the raw flights come from, and rows by path of every raw file."""

    source: str
    version: str | None
    licence: str | None
    homepage: str | None
    rows: dict[str, int]


@dataclass(frozen=True)
class Provenance:
    """What a commit says of its pipeline.

    `changes`: inputs whose content in the commit is what dvc.lock names, and the commit that last changed them. An input
    that is not there is stale or not in git. `members`: paths within an item, where the commit knows them. `software`:
    direct requirements and Python, with versions.
    """

    commit: Change
    lock_md5: str
    lineage: Lineage
    origin: Origin | None
    changes: dict[Item, Change]
    members: dict[Item, list[str]]
    software: dict[str, str]


def provenance(artefacts: Artefacts) -> Provenance:
    """Gather it.

    Raises:
        UserError: the commit has no dvc.lock, or one that contradicts itself.
    """
    commit, root = artefacts.commit, artefacts.root
    lock = artefacts.lock
    # DVC leaves the entry of a stage that is no more in dvc.lock.
    defined = yaml.safe_load(artefacts.read_text("dvc.yaml"))["stages"]
    of = lineage({name: entry for name, entry in lock.items() if name.partition("@")[0] in defined})
    tracked = git("ls-tree", "-r", "-z", "--name-only", commit, cwd=root).rstrip("\0").split("\0")
    changes, members = {}, {}
    for item in (item for item in of.items if not of.sources[item]):
        parts = _parts(artefacts, item, tracked)
        if parts is not None and (change := last_change(item.path.partition(":")[0], commit, root)):
            changes[item], members[item] = change, parts
    origin = _origin(artefacts, of, tracked)
    for item in (item for item in of.items if of.maker(item)):
        if raw := [path for path in (origin.rows if origin else ()) if inside(path, item.path)]:
            members[item] = raw
    author = git("show", "--no-patch", "--format=%an <%ae>", commit, cwd=root)
    lock_md5 = md5(artefacts.read_bytes(str(LOCK_FILE)))
    return Provenance(Change(commit, author), lock_md5, of, origin, changes, members, _software(artefacts, tracked))


def md5(content: bytes) -> str:
    """As DVC has it, in hexadecimal."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _parts(artefacts: Artefacts, item: Item, tracked: list[str]) -> list[str] | None:
    """Paths within an input, if its content in the commit is what dvc.lock names; None if it is not, or is not in git."""
    file, _, key = item.path.partition(":")
    if item.values is not None and file in tracked:
        value = yaml.safe_load(artefacts.read_text(file))
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return _keys(value, item.path) if values_json(value) == item.values else None
    if not item.has_parts:
        return [] if file in tracked and md5(artefacts.read_bytes(file)) == item.md5 else None
    within = sorted(path for path in tracked if inside(path, file))
    # As DVC computes the checksum of a folder.
    parts = [{"md5": md5(artefacts.read_bytes(path)), "relpath": path[len(file) + 1 :]} for path in within]
    return within if f"{md5(json.dumps(parts, sort_keys=True).encode())}.dir" == item.md5 else None


def _keys(value: Any, path: str) -> list[str]:
    inner = value if isinstance(value, dict) else {}
    return [key for name, of in inner.items() for key in (f"{path}.{name}", *_keys(of, f"{path}.{name}"))]


def _origin(artefacts: Artefacts, of: Lineage, tracked: list[str]) -> Origin | None:
    """What the manifest says, if it is in git and the one that dvc.lock names."""
    if MANIFEST not in tracked:
        return None
    content = artefacts.read_bytes(MANIFEST)
    if not any(item.path == MANIFEST and item.md5 == md5(content) and of.maker(item) for item in of.items):
        return None
    said = json.loads(content)
    rows = {f"{RAW}/{name}": part["rows"] for name, part in said["files"].items()}
    return Origin(said["source"], said.get("version"), said.get("licence"), said.get("homepage"), rows)


def _software(artefacts: Artefacts, tracked: list[str]) -> dict[str, str]:
    """Version by name of the direct requirements that requirements.txt locks, and of Python as pyproject.toml wants it."""
    if not {REQUIREMENTS, "requirements.in", "pyproject.toml"} <= {*tracked}:
        return {}
    lines = [re.match(r"[\w.-]+", line) for line in artefacts.read_text("requirements.in").splitlines()]
    names = {re.sub(r"[-_.]+", "-", name[0]).lower() for name in lines if name}
    locked = re.findall(r"^([\w.-]+)==(\S+)", artefacts.read_text(REQUIREMENTS), re.MULTILINE)
    python = tomllib.loads(artefacts.read_text("pyproject.toml")).get("project", {}).get("requires-python")
    found = {name: version for name, version in locked if name in names}
    return {**({"python": python} if python else {}), **found}
