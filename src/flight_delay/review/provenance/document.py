"""The provenance of a commit as W3C PROV (https://www.w3.org/TR/prov-dm/)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.lineage import (
    Artifact,
    StageRun,
    is_inside,
    list_artifacts,
    producer,
    select_artifacts,
    upstream,
)
from flight_delay.vcs.history import PathChange
from flight_delay.vcs.lock import LOCK_FILE, md5

if TYPE_CHECKING:
    from prov.identifier import Namespace
    from prov.model import ProvDocument

NAMESPACE = "urn:flight-delay:"
REQUIREMENTS = "requirements.txt"


def prov_document(provenance: Provenance, path: str | None = None) -> ProvDocument:
    """Convert the provenance of a path or of the pipeline to PROV.

    The same commit gives the same records in the same order. dvc.lock does not record who ran a stage: people are
    authors of commits only, and stages are associated with the environment that requirements.txt locks.

    Raises:
        UserError: there is nothing at this path.
    """
    from prov.constants import PROV
    from prov.model import ProvDocument

    document = ProvDocument()
    fd = document.add_namespace("fd", NAMESPACE)
    every = list_artifacts(provenance.stages)
    targets = select_artifacts(provenance.stages, path) if path else every
    stages = upstream(provenance.stages, targets) if path else provenance.stages
    used = [*targets, *(artifact for stage in stages for artifact in stage.reads)]
    artifacts = [
        artifact
        for artifact in every
        if artifact in used or (producer(stages, artifact) and any(map(artifact.overlaps, used)))
    ]
    for artifact in [*artifacts, Artifact(str(LOCK_FILE), provenance.lock_md5)]:
        kind = "Parameters" if artifact.values is not None else "Folder" if artifact.is_folder else "File"
        document.entity(fd[_artifact_id(artifact)], _attributes(fd, kind, **asdict(artifact)))
        if artifact.path == REQUIREMENTS:
            agent: dict[Any, Any] = {"prov:type": PROV["SoftwareAgent"], fd["path"]: REQUIREMENTS}
            document.agent(fd[_environment_id(artifact)], agent)
    for folder in (target for target in targets if path and target.is_folder and is_inside(path, target.path)):
        part = fd[_id("file", f"{path}", f"in-{folder.md5}")]
        document.entity(part, _attributes(fd, "File", path=path))
        document.hadMember(fd[_artifact_id(folder)], part)
    _add_folders(document, fd, provenance.stages, artifacts)
    _add_commits(document, fd, provenance, artifacts)
    for stage in stages:
        _add_stage(document, fd, stage, artifacts, provenance)
    return document


def prov_json(provenance: Provenance, path: str | None = None) -> str:
    """Serialize `prov_document` as PROV-JSON, byte for byte the same."""
    return prov_document(provenance, path).serialize(format="json", indent=2, sort_keys=True) or ""


def _add_folders(document: ProvDocument, fd: Namespace, stages: list[StageRun], artifacts: list[Artifact]) -> None:
    """Join outputs to inputs that are a part of them, or a folder around them."""
    outputs = [artifact for artifact in artifacts if producer(stages, artifact)]
    for artifact in (artifact for artifact in artifacts if artifact not in outputs):
        for output in filter(artifact.overlaps, outputs):
            folder, part = (output, artifact) if is_inside(artifact.path, output.path) else (artifact, output)
            document.hadMember(fd[_artifact_id(folder)], fd[_artifact_id(part)])


def _add_commits(document: ProvDocument, fd: Namespace, provenance: Provenance, artifacts: list[Artifact]) -> None:
    """Add the commit, those that last changed its inputs, and their authors."""
    contents: list[tuple[PathChange, Artifact]] = [(provenance.commit, Artifact(str(LOCK_FILE), provenance.lock_md5))]
    contents += [(provenance.changes[artifact], artifact) for artifact in artifacts if artifact in provenance.changes]
    for author in dict.fromkeys(change.author for change, _ in contents):
        document.agent(fd[_id("author", author)], {"prov:label": author})
    for change in dict.fromkeys(change for change, _ in contents):
        commit = fd[_id("commit", change.commit)]
        document.entity(commit, _attributes(fd, "Commit", sha1=change.commit))
        document.wasAttributedTo(commit, fd[_id("author", change.author)])
    for change, artifact in contents:
        document.hadMember(fd[_id("commit", change.commit)], fd[_artifact_id(artifact)])


def _add_stage(
    document: ProvDocument, fd: Namespace, stage: StageRun, artifacts: list[Artifact], provenance: Provenance
) -> None:
    """Add a stage with its artifacts, and the source of raw data that it fetched."""
    activity = fd[_id("stage", stage.name, md5(json.dumps(stage, default=asdict).encode()))]
    document.activity(activity, other_attributes=_attributes(fd, "Stage", name=stage.name, command=stage.command))
    for artifact in stage.reads:
        document.used(activity, fd[_artifact_id(artifact)])
        if artifact.path == REQUIREMENTS:
            document.wasAssociatedWith(activity, fd[_environment_id(artifact)])
    written = [artifact for artifact in stage.writes if artifact in artifacts]
    for artifact in written:
        document.wasGeneratedBy(fd[_artifact_id(artifact)], activity)
    raw_data, manifest = [artifact for artifact in written if artifact in provenance.raw_data], provenance.manifest
    if manifest and raw_data:
        origin = {key: manifest.get(key) for key in ("source", "version", "licence", "homepage")}
        source = fd[_id("source", manifest["source"], manifest.get("version"))]
        document.entity(source, _attributes(fd, "Source", **origin))
        document.used(activity, source)
        for artifact in raw_data:
            document.wasDerivedFrom(fd[_artifact_id(artifact)], source, activity)


def _attributes(fd: Namespace, kind: str, **values: Any) -> dict[Any, Any]:
    """Attributes of a record; `prov` leaves out those that are None."""
    return {"prov:type": fd[kind], **{fd[name]: value for name, value in values.items()}}


def _id(kind: str, name: str, version: str | None = None) -> str:
    """Build an id that is the same for the same content in all commits."""
    return f"{kind}/{quote(name)}" + (f"@{quote(version)}" if version else "")


def _artifact_id(artifact: Artifact) -> str:
    return _id("file" if artifact.values is None else "parameters", artifact.path, artifact.md5)


def _environment_id(requirements: Artifact) -> str:
    return _id("environment", requirements.path, requirements.md5)
