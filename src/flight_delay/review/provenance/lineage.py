"""The stages of a dvc.lock, and which of them a file comes from or goes into."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.vcs.lock import LOCK_FILE, Stages


@dataclass(frozen=True)
class Artifact:
    """A file or folder as a stage read or wrote it, or a section of parameters (path 'params.yaml:train_model').

    The same path with another checksum is another item. `values`, of parameters only, is JSON, and `md5` is of this text.
    """

    path: str
    md5: str | None
    size: int | None = field(default=None, compare=False)  # bytes
    nfiles: int | None = field(default=None, compare=False)  # of folders only
    values: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.nfiles is not None or str(self.md5).endswith(".dir")

    def overlaps(self, other: Artifact) -> bool:
        """Whether both are the same item, or one is inside the other."""
        return self == other or is_inside(self.path, other.path) or is_inside(other.path, self.path)


class StageRun(NamedTuple):
    """A stage as it ran: its command, what it read (files, then parameters) and what it wrote."""

    name: str
    command: str
    reads: tuple[Artifact, ...]
    writes: tuple[Artifact, ...]


def read_stages(lock: Stages) -> list[StageRun]:
    """Read the stages of a dvc.lock, sorted so that none is before one whose outputs it reads.

    Raises:
        UserError: stages need each other's outputs in a circle; DVC writes no such file.
    """
    stages = [_read_stage(name, entry) for name, entry in lock.items()]
    needed = {stage.name: [s.name for item in stage.reads for s in sources(stages, item)] for stage in stages}
    try:
        order = list(TopologicalSorter(needed).static_order())
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        raise UserError(f"{LOCK_FILE}: {names} need each other's outputs in a circle; `dvc repro` mends it") from None
    return sorted(stages, key=lambda stage: order.index(stage.name))


def list_artifacts(stages: Iterable[StageRun]) -> list[Artifact]:
    """Every item that stages read or wrote, once, in the order of the stages."""
    return list(dict.fromkeys(item for stage in stages for item in (*stage.reads, *stage.writes)))


def producer(stages: Iterable[StageRun], item: Artifact) -> StageRun | None:
    """The stage that wrote an item; None for an input of the pipeline."""
    return next((stage for stage in stages if item in stage.writes), None)


def sources(stages: Iterable[StageRun], item: Artifact) -> list[StageRun]:
    """The stage that wrote an item, or else those that wrote a part of it or a folder around it."""
    stage = producer(stages, item)
    return [stage] if stage else [stage for stage in stages if any(map(item.overlaps, stage.writes))]


def upstream(stages: Sequence[StageRun], items: Iterable[Artifact]) -> list[StageRun]:
    """The stages that items come from, directly or not."""
    names, queue = set(), list(items)
    while queue:
        for stage in sources(stages, queue.pop()):
            if stage.name not in names:
                names.add(stage.name)
                queue += stage.reads
    return [stage for stage in stages if stage.name in names]


def downstream(stages: Sequence[StageRun], items: Iterable[Artifact]) -> list[StageRun]:
    """The stages that depend on items, directly or not."""
    affected, dependent = list(items), []
    for stage in stages:
        if any(read.overlaps(item) for read in stage.reads for item in affected):
            dependent.append(stage)
            affected += stage.writes
    return dependent


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is below a folder, a parameter file or one of its keys."""
    return path.startswith((f"{folder}/", f"{folder}:", *([f"{folder}."] if ":" in folder else [])))


def select_artifacts(stages: Sequence[StageRun], path: str) -> list[Artifact]:
    """The items at a path; if there are none, those inside it; if there are none, those around it.

    Raises:
        UserError: there is nothing at this path; the closest known ones are named.
    """
    items = list_artifacts(stages)
    around = [item for item in items if (item.is_folder or item.values is not None) and is_inside(path, item.path)]
    at, inside = ([item for item in items if test(item.path)] for test in (path.__eq__, lambda p: is_inside(p, path)))
    if selected := at or inside or around:
        return selected
    paths = list(dict.fromkeys(item.path for item in items))
    near = [item.path for stage in stages if stage.name == path for item in stage.writes]
    near += [known for known in paths if known.endswith(f"/{path}")]
    near += get_close_matches(path, paths, n=3, cutoff=0.5)
    closest = f"closest: {', '.join(list(dict.fromkeys(near))[:3])}" if near else "without a path it lists all"
    raise UserError(f"{path}: no stage of this commit reads or writes it; {closest}")


def encode_values(value: Any) -> str:
    """Values of parameters as JSON, the same whatever the order of keys."""
    return json.dumps(value, sort_keys=True, default=str)


def _read_stage(name: str, entry: Mapping[str, Any]) -> StageRun:
    files, outputs = (
        [Artifact(part["path"], part.get("md5"), part.get("size"), part.get("nfiles")) for part in entry.get(kind, [])]
        for kind in ("deps", "outs")
    )
    sections = [
        (f"{file}:{key}", value) for file, keys in entry.get("params", {}).items() for key, value in keys.items()
    ]
    parameters = [_read_parameters(path, encode_values(value)) for path, value in sections]
    command = entry.get("cmd", "")
    joined = command if isinstance(command, str) else " && ".join(command)
    return StageRun(name, joined, (*files, *parameters), tuple(outputs))


def _read_parameters(path: str, values: str) -> Artifact:
    return Artifact(path, hashlib.md5(values.encode(), usedforsecurity=False).hexdigest(), values=values)
