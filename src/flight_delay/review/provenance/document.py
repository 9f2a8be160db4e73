"""The provenance of a commit as W3C PROV (https://www.w3.org/TR/prov-dm/): entities, activities, agents and what joins them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flight_delay.repository.lock import LOCK_FILE
from flight_delay.review.provenance.commit import FLIGHTS, REQUIREMENTS, Provenance, md5
from flight_delay.review.provenance.lineage import Item, Lineage, Step, ancestors, inside, select

if TYPE_CHECKING:
    from prov.identifier import Namespace
    from prov.model import ProvDocument

NAMESPACE = "urn:flight-delay:"


def document(of: Provenance, path: str | None = None) -> ProvDocument:
    """The provenance of what is at a path, or of the whole pipeline, in the data model of W3C PROV (PROV-DM).

    The same commit gives the same records in the same order. dvc.lock does not say who ran a stage: people are named as
    authors of commits only, and stages are associated with the software that requirements.txt locks.

    Raises:
        UserError: there is nothing at this path.
    """
    from prov.model import ProvDocument

    into = ProvDocument()
    fd = into.add_namespace("fd", NAMESPACE)
    targets = select(of.lineage, path, of.members) if path else of.lineage.items
    kept = {*targets, *ancestors(of.lineage, targets), *(() if path else of.lineage.steps)}
    items = [item for item in of.lineage.items if item in kept]
    _add_commits(into, fd, of, items)
    _add_items(into, fd, of.lineage, items)
    for folder in (item for item in targets if path and not item.values and inside(path, item.path)):
        part = fd[_id("file", f"{path}", f"in-{folder.md5}")]
        into.entity(part, _attributes(fd, "File", path=path))
        into.hadMember(fd[_item(folder)], part)
    for step in (step for name, step in of.lineage.steps.items() if name in kept):
        _add_step(into, fd, step, kept)
    for item in items:
        _add_origin(into, fd, of, item)
        if item.path == REQUIREMENTS:
            _add_software(into, fd, item, of.software if item in of.changes else {})
    return into


def _add_commits(into: ProvDocument, fd: Namespace, of: Provenance, items: Iterable[Item]) -> None:
    """The commit, the ones that last changed its inputs, and their authors."""
    lock = Item(str(LOCK_FILE), of.lock_md5)
    _add_items(into, fd, of.lineage, [lock])
    holds = [(of.commit, lock), *((of.changes[item], item) for item in items if item in of.changes)]
    for author in dict.fromkeys(change.author for change, _ in holds):
        into.agent(fd[_id("author", author)], {"prov:label": author})
    for change in dict.fromkeys(change for change, _ in holds):
        commit = fd[_id("commit", change.commit)]
        into.entity(commit, _attributes(fd, "Commit", sha1=change.commit))
        into.wasAttributedTo(commit, fd[_id("author", change.author)])
    for change, item in holds:
        into.hadMember(fd[_id("commit", change.commit)], fd[_item(item)])


def _add_items(into: ProvDocument, fd: Namespace, of: Lineage, items: Iterable[Item]) -> None:
    for item in items:
        kind = "Parameters" if item.values else "Folder" if item.has_parts else "File"
        into.entity(fd[_item(item)], _attributes(fd, kind, **item._asdict()))
        for other in (other for other in of.sources.get(item, ()) if isinstance(other, Item)):
            folder, part = (other, item) if inside(item.path, other.path) else (item, other)
            into.hadMember(fd[_item(folder)], fd[_item(part)])


def _add_step(into: ProvDocument, fd: Namespace, step: Step, kept: set[Item | str]) -> None:
    stage = fd[_stage(step)]
    into.activity(stage, other_attributes=_attributes(fd, "Stage", name=step.name, command=step.command))
    for item in (*step.reads, *step.params):
        into.used(stage, fd[_item(item)])
        if item.path == REQUIREMENTS:
            into.wasAssociatedWith(stage, fd[_environment(item)])
    for item in (item for item in step.writes if item in kept):
        into.wasGeneratedBy(fd[_item(item)], stage)


def _add_origin(into: ProvDocument, fd: Namespace, of: Provenance, item: Item) -> None:
    """The source, where an item is the folder of the raw flights. What else is raw may come from elsewhere, too."""
    maker = of.lineage.maker(item)
    if of.origin and maker and item.path == FLIGHTS:
        source, stage = fd[_id("source", of.origin.source, of.origin.version)], fd[_stage(of.lineage.steps[maker])]
        into.entity(source, _attributes(fd, "Source", **{**of.origin._asdict(), "rows": None}))
        into.used(stage, source)
        into.wasDerivedFrom(fd[_item(item)], source, stage)


def _add_software(into: ProvDocument, fd: Namespace, requirements: Item, software: dict[str, str]) -> None:
    from prov.constants import PROV

    environment = fd[_environment(requirements)]
    into.agent(environment, {"prov:type": PROV["SoftwareAgent"], fd["path"]: requirements.path})
    for name, version in software.items():
        package = fd[_id("software", name, version)]
        into.agent(package, {"prov:type": PROV["SoftwareAgent"], fd["name"]: name, fd["version"]: version})
        into.actedOnBehalfOf(package, environment)


def _attributes(fd: Namespace, kind: str, **values: Any) -> dict[Any, Any]:
    """`prov` leaves out what is None."""
    return {"prov:type": fd[kind], **{fd[name]: value for name, value in values.items()}}


def prov_json(of: Provenance, path: str | None = None) -> str:
    """`document` as PROV-JSON; the same commit gives the same bytes."""
    return document(of, path).serialize(format="json", indent=2, sort_keys=True) or ""


def _id(kind: str, name: str, version: str | None = None) -> str:
    """What is the same thing has the same id, whatever commit it is read from; what differs in content has another one."""
    return f"{kind}/{quote(name)}" + (f"@{quote(version)}" if version else "")


def _item(item: Item) -> str:
    return _id("parameters" if item.values else "file", item.path, item.md5)


def _environment(requirements: Item) -> str:
    return _id("environment", requirements.path, requirements.md5)


def _stage(step: Step) -> str:
    return _id("stage", step.name, md5(json.dumps(step).encode()))
