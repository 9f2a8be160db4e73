"""Read dvc.lock, history and raw-data manifest of a commit.

Neither the working tree nor the DVC cache is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flight_delay.core.params import parse_yaml
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
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import commit_author, git
from flight_delay.vcs.history import PathChange, last_change
from flight_delay.vcs.lock import LOCK_FILE, md5

RAW, MANIFEST = "data/raw", "data/raw/manifest.json"


@dataclass(frozen=True)
class Provenance:
    """What a commit records of its pipeline.

    `changes`: the commit that last changed each input whose content is the one in dvc.lock; other inputs are stale or
    not in git. `manifest`: content of data/raw/manifest.json, if it is the one in dvc.lock.
    """

    commit: PathChange
    lock_md5: str
    stages: list[StageRun]
    manifest: dict[str, Any] | None
    changes: dict[Artifact, PathChange]

    @property
    def raw_data(self) -> list[Artifact]:
        """Folders of raw data that a stage fetched."""
        written = (artifact for stage in self.stages for artifact in stage.writes)
        return [artifact for artifact in written if artifact.is_folder and is_inside(artifact.path, RAW)]


def read_provenance(artefacts: CommitFiles) -> Provenance:
    """Read the provenance that a commit records.

    Raises:
        UserError: the commit has no dvc.lock, or one that contradicts itself.
    """
    commit, root = artefacts.commit, artefacts.root
    # DVC leaves the entry of a removed stage in dvc.lock.
    defined = parse_yaml(artefacts.read_text("dvc.yaml"))["stages"]
    stages = read_stages({name: entry for name, entry in artefacts.lock.items() if name.partition("@")[0] in defined})
    tracked = git("ls-tree", "-r", "-z", "--name-only", commit, cwd=root).rstrip("\0").split("\0")
    changes = {
        artifact: change
        for artifact in list_artifacts(stages)
        if not sources(stages, artifact)
        and _is_committed(artefacts, artifact, tracked)
        and (change := last_change(artifact.path.partition(":")[0], commit, root))
    }
    author = commit_author(commit, root)
    lock_md5 = md5(artefacts.read_bytes(str(LOCK_FILE)))
    content = artefacts.read_bytes(MANIFEST) if MANIFEST in tracked else b""
    manifest = json.loads(content) if producer(stages, Artifact(MANIFEST, md5(content))) else None
    return Provenance(PathChange(commit, author), lock_md5, stages, manifest, changes)


def _is_committed(artefacts: CommitFiles, artifact: Artifact, tracked: list[str]) -> bool:
    """Whether the content of an input in the commit has the checksum in dvc.lock."""
    file, _, key = artifact.path.partition(":")
    if artifact.values is not None:
        value = parse_yaml(artefacts.read_text(file)) if file in tracked else None
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return encode_values(value) == artifact.values
    return artefacts.md5(file) == artifact.md5
