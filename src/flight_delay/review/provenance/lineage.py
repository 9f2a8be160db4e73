"""The stages of a dvc.lock as a graph of artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.vcs.lock import LOCK_FILE, Stages, md5


@dataclass(frozen=True)
class Artifact:
    """A file, folder or section of parameters that a stage read or wrote.

    The path of a section is like 'params.yaml:train_model'.

    The same path with another checksum is another artifact. `values`, of parameters only, is JSON; `md5` is that of
    this JSON.
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
        """Whether both are the same artifact, or one is inside the other."""
        return self == other or is_inside(self.path, other.path) or is_inside(other.path, self.path)


class StageRun(NamedTuple):
    """A stage in dvc.lock: command, inputs (files, then parameters), outputs."""

    name: str
    command: str
    reads: tuple[Artifact, ...]
    writes: tuple[Artifact, ...]


def read_stages(lock: Stages) -> list[StageRun]:
    """Read the stages of a dvc.lock in topological order.

    Raises:
        UserError: the stages have a cycle; DVC writes no such file.
    """
    stages = [_read_stage(name, entry) for name, entry in lock.items()]
    needed = {stage.name: [s.name for artifact in stage.reads for s in sources(stages, artifact)] for stage in stages}
    try:
        order = list(TopologicalSorter(needed).static_order())
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        raise UserError(f"{LOCK_FILE}: {names} depend on each other in a cycle; `dvc repro` writes it again") from None
    return sorted(stages, key=lambda stage: order.index(stage.name))


def list_artifacts(stages: Iterable[StageRun]) -> list[Artifact]:
    """List the artifacts that stages read or wrote, without repetition."""
    return list(dict.fromkeys(artifact for stage in stages for artifact in (*stage.reads, *stage.writes)))


def producer(stages: Iterable[StageRun], artifact: Artifact) -> StageRun | None:
    """Return the stage that wrote an artifact; None for an input of the pipeline."""
    return next((stage for stage in stages if artifact in stage.writes), None)


def sources(stages: Iterable[StageRun], artifact: Artifact) -> list[StageRun]:
    """Return the stages that wrote an artifact, a part of it, or its folder."""
    stage = producer(stages, artifact)
    return [stage] if stage else [stage for stage in stages if any(map(artifact.overlaps, stage.writes))]


def upstream(stages: Sequence[StageRun], artifacts: Iterable[Artifact]) -> list[StageRun]:
    """Return the stages that artifacts depend on, directly or not."""
    names, queue = set(), list(artifacts)
    while queue:
        for stage in sources(stages, queue.pop()):
            if stage.name not in names:
                names.add(stage.name)
                queue += stage.reads
    return [stage for stage in stages if stage.name in names]


def downstream(stages: Sequence[StageRun], artifacts: Iterable[Artifact]) -> list[StageRun]:
    """Return the stages that depend on artifacts, directly or not."""
    affected, dependent = list(artifacts), []
    for stage in stages:
        if any(read.overlaps(artifact) for read in stage.reads for artifact in affected):
            dependent.append(stage)
            affected += stage.writes
    return dependent


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is below a folder, a parameter file or one of its keys."""
    return path.startswith((f"{folder}/", f"{folder}:", *([f"{folder}."] if ":" in folder else [])))


def select_artifacts(stages: Sequence[StageRun], path: str) -> list[Artifact]:
    """Select artifacts at a path, or else inside it, or else around it.

    Raises:
        UserError: there is nothing at this path; the message names the closest paths.
    """
    artifacts = list_artifacts(stages)
    at = [artifact for artifact in artifacts if artifact.path == path]
    inside = [artifact for artifact in artifacts if is_inside(artifact.path, path)]
    folders = [artifact for artifact in artifacts if artifact.is_folder or artifact.values is not None]
    around = [folder for folder in folders if is_inside(path, folder.path)]
    if selected := at or inside or around:
        return selected
    paths = list(dict.fromkeys(artifact.path for artifact in artifacts))
    near = [artifact.path for stage in stages if stage.name == path for artifact in stage.writes]
    near += [known for known in paths if known.endswith(f"/{path}")]
    near += get_close_matches(path, paths, n=3, cutoff=0.5)
    closest = f"closest: {', '.join(list(dict.fromkeys(near))[:3])}" if near else "without a path it lists all"
    raise UserError(f"{path}: no stage of this commit reads or writes it; {closest}")


def encode_values(value: Any) -> str:
    """Encode values of parameters as JSON, with sorted keys."""
    return json.dumps(value, sort_keys=True, default=str)


def _read_stage(name: str, entry: Mapping[str, Any]) -> StageRun:
    files, outputs = (
        [Artifact(part["path"], part.get("md5"), part.get("size"), part.get("nfiles")) for part in entry.get(kind, [])]
        for kind in ("deps", "outs")
    )
    sections = [
        (f"{file}:{key}", value) for file, keys in entry.get("params", {}).items() for key, value in keys.items()
    ]
    values = [(path, encode_values(value)) for path, value in sections]
    parameters = [Artifact(path, md5(text.encode()), values=text) for path, text in values]
    command = entry.get("cmd", "")
    joined = command if isinstance(command, str) else " && ".join(command)
    return StageRun(name, joined, (*files, *parameters), tuple(outputs))
