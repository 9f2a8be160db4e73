"""The provenance of a commit as W3C PROV (https://www.w3.org/TR/prov-dm/)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flight_delay.review.provenance.commit import FLIGHTS, REQUIREMENTS, Provenance, md5
from flight_delay.review.provenance.lineage import (
    Artifact,
    StageRun,
    is_inside,
    list_artifacts,
    producer,
    select_artifacts,
    upstream,
)
from flight_delay.vcs.history import Change
from flight_delay.vcs.lock import LOCK_FILE

if TYPE_CHECKING:
    from prov.identifier import Namespace
    from prov.model import ProvDocument

NAMESPACE = "urn:flight-delay:"


def prov_document(provenance: Provenance, path: str | None = None) -> ProvDocument:
    """Convert the provenance of a path, or of the whole pipeline, to a PROV document.

    The same commit gives the same records in the same order. dvc.lock does not say who ran a stage: people are authors of
    commits only, and stages are associated with the software that requirements.txt locks.

    Raises:
        UserError: there is nothing at this path.
    """
    from prov.model import ProvDocument

    document = ProvDocument()
    fd = document.add_namespace("fd", NAMESPACE)
    targets = select_artifacts(provenance.stages, path) if path else list_artifacts(provenance.stages)
    stages = upstream(provenance.stages, targets) if path else provenance.stages
    used = [*targets, *(item for stage in stages for item in stage.reads)]
    items = [item for item in list_artifacts(provenance.stages) if item in used or _is_needed(item, stages, used)]
    for item in [*items, Artifact(str(LOCK_FILE), provenance.lock_md5)]:
        document.entity(fd[_item_id(item)], _item_attributes(fd, item))
    for folder in (item for item in targets if path and item.is_folder and is_inside(path, item.path)):
        part = fd[_id("file", f"{path}", f"in-{folder.md5}")]
        document.entity(part, _attributes(fd, "File", path=path))
        document.hadMember(fd[_item_id(folder)], part)
    _add_folders(document, fd, provenance.stages, items)
    _add_commits(document, fd, provenance, items)
    for stage in stages:
        _add_stage(document, fd, stage, items, provenance.manifest)
    for item in (item for item in items if item.path == REQUIREMENTS):
        _add_software(document, fd, item, provenance.software if item in provenance.changes else {})
    return document


def prov_json(provenance: Provenance, path: str | None = None) -> str:
    """Serialize `prov_document` as PROV-JSON; the same commit gives the same bytes."""
    return prov_document(provenance, path).serialize(format="json", indent=2, sort_keys=True) or ""


def _is_needed(item: Artifact, stages: Iterable[StageRun], used: Iterable[Artifact]) -> bool:
    return producer(stages, item) is not None and any(map(item.overlaps, used))


def _add_folders(document: ProvDocument, fd: Namespace, stages: list[StageRun], items: list[Artifact]) -> None:
    """Join outputs to inputs that are a part of them, or a folder around them."""
    outputs = [item for item in items if producer(stages, item)]
    for item in (item for item in items if item not in outputs):
        for output in (output for output in outputs if item.overlaps(output)):
            folder, part = (output, item) if is_inside(item.path, output.path) else (item, output)
            document.hadMember(fd[_item_id(folder)], fd[_item_id(part)])


def _add_commits(document: ProvDocument, fd: Namespace, provenance: Provenance, items: list[Artifact]) -> None:
    """Add the commit, those that last changed its inputs, and their authors."""
    contents: list[tuple[Change, Artifact]] = [(provenance.commit, Artifact(str(LOCK_FILE), provenance.lock_md5))]
    contents += [(provenance.changes[item], item) for item in items if item in provenance.changes]
    for author in dict.fromkeys(change.author for change, _ in contents):
        document.agent(fd[_id("author", author)], {"prov:label": author})
    for change in dict.fromkeys(change for change, _ in contents):
        commit = fd[_id("commit", change.commit)]
        document.entity(commit, _attributes(fd, "Commit", sha1=change.commit))
        document.wasAttributedTo(commit, fd[_id("author", change.author)])
    for change, item in contents:
        document.hadMember(fd[_id("commit", change.commit)], fd[_item_id(item)])


def _add_stage(
    document: ProvDocument, fd: Namespace, stage: StageRun, items: list[Artifact], manifest: dict[str, Any] | None
) -> None:
    """Add a stage with what it read and wrote, and the source of the raw flights to the stage that fetched them."""
    activity = fd[_id("stage", stage.name, md5(json.dumps(stage, default=asdict).encode()))]
    document.activity(activity, other_attributes=_attributes(fd, "Stage", name=stage.name, command=stage.command))
    for item in stage.reads:
        document.used(activity, fd[_item_id(item)])
        if item.path == REQUIREMENTS:
            document.wasAssociatedWith(activity, fd[_environment_id(item)])
    for item in (item for item in stage.writes if item in items):
        document.wasGeneratedBy(fd[_item_id(item)], activity)
        if manifest and item.path == FLIGHTS:
            origin = {key: manifest.get(key) for key in ("source", "version", "licence", "homepage")}
            source = fd[_id("source", manifest["source"], manifest.get("version"))]
            document.entity(source, _attributes(fd, "Source", **origin))
            document.used(activity, source)
            document.wasDerivedFrom(fd[_item_id(item)], source, activity)


def _add_software(document: ProvDocument, fd: Namespace, requirements: Artifact, software: dict[str, str]) -> None:
    from prov.constants import PROV

    environment = fd[_environment_id(requirements)]
    document.agent(environment, {"prov:type": PROV["SoftwareAgent"], fd["path"]: requirements.path})
    for name, version in software.items():
        package = fd[_id("software", name, version)]
        document.agent(package, {"prov:type": PROV["SoftwareAgent"], fd["name"]: name, fd["version"]: version})
        document.actedOnBehalfOf(package, environment)


def _item_attributes(fd: Namespace, item: Artifact) -> dict[Any, Any]:
    kind = "Parameters" if item.values is not None else "Folder" if item.is_folder else "File"
    return _attributes(fd, kind, **asdict(item))


def _attributes(fd: Namespace, kind: str, **values: Any) -> dict[Any, Any]:
    """`prov` leaves out what is None."""
    return {"prov:type": fd[kind], **{fd[name]: value for name, value in values.items()}}


def _id(kind: str, name: str, version: str | None = None) -> str:
    """The same thing has the same id in the documents of all commits; other content has another one."""
    return f"{kind}/{quote(name)}" + (f"@{quote(version)}" if version else "")


def _item_id(item: Artifact) -> str:
    return _id("file" if item.values is None else "parameters", item.path, item.md5)


def _environment_id(requirements: Artifact) -> str:
    return _id("environment", requirements.path, requirements.md5)
