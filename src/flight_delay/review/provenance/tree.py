"""The provenance of a file, a run or a whole commit as an indented tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flight_delay.review.provenance.commit import FLIGHTS, Provenance
from flight_delay.review.provenance.lineage import (
    Artifact,
    StageRun,
    downstream,
    is_inside,
    list_artifacts,
    producer,
    select_artifacts,
    sources,
    upstream,
)
from flight_delay.tracking.lookup import PublishedRun
from flight_delay.vcs.history import Found

INDENT = "  "


def format_run(published: PublishedRun, found: Found | None, provenance: Provenance | None) -> str:
    """What a run was made from: its commit, if there is one here, and the raw data of that commit."""
    lines = [("run", f"{published.run_name} ({published.run_id})"), ("pipeline", published.digest)]
    if not found or not provenance:
        lines += [
            ("commit", "none here: no branch, tag, remote branch or DVC experiment has this pipeline in its dvc.lock")
        ]
        lines += [("to do", "commit dvc.lock where it was made, or `git fetch` it here")]
        return _align(lines)
    lines += [("commit", f"{found.commit} by {provenance.commit.author}")]
    if found.experiment:
        lines += [("experiment", f"{found.experiment}; `dvc exp branch {found.experiment} NAME` puts it on a branch")]
    lines += [("raw data", _format_origin(provenance))]
    flights = [item for stage in provenance.stages for item in stage.writes if item.path == FLIGHTS]
    lines += [(item.path, f"md5 {item.md5}") for item in flights]
    return _align([*lines, ("verify with", f"flight-delay verify {found.commit}")])


def format_pipeline(provenance: Provenance) -> str:
    """All stages in the order in which they run, with what they read and write."""
    lines = [_format_commit(provenance)]
    for stage in provenance.stages:
        lines += ["", f"{stage.name}: {stage.command}", f"{INDENT}reads"]
        lines += [2 * INDENT + _format_item(provenance, item) for item in stage.reads]
        lines += [f"{INDENT}writes", *(2 * INDENT + _format_item(provenance, item) for item in stage.writes)]
    return "\n".join(lines)


def format_path(provenance: Provenance, path: str) -> str:
    """What the items at a path come from, as a tree in which each stage is written out once, and the stages that use them.

    Raises:
        UserError: there is nothing at this path.
    """
    items = select_artifacts(provenance.stages, path)
    lines = [_format_commit(provenance), "", *_grow(provenance, items, "", set())]
    before = [*items, *list_artifacts(upstream(provenance.stages, items))]
    unconfirmed = [item for item in before if not sources(provenance.stages, item) and item not in provenance.changes]
    for title, paths in (
        ("not confirmed by this commit", [item.path for item in dict.fromkeys(unconfirmed)]),
        ("used by", [_format_use(stage) for stage in downstream(provenance.stages, items)]),
    ):
        if paths:
            lines += ["", title, *(INDENT + line for line in paths)]
    return "\n".join(lines)


def _grow(provenance: Provenance, items: Iterable[Artifact], indent: str, written: set[str]) -> Iterator[str]:
    """A line for each item, and below it the stages that it comes from, with what they read."""
    for item in items:
        yield indent + _format_item(provenance, item)
        for stage in sources(provenance.stages, item):
            if stage.name in written:
                yield f"{indent}{INDENT}{stage.name} (above)"
            else:
                written.add(stage.name)
                yield f"{indent}{INDENT}{stage.name}: {stage.command}"
                yield from _grow(provenance, stage.reads, indent + 2 * INDENT, written)


def _format_item(provenance: Provenance, item: Artifact) -> str:
    """Path, checksum, size and origin; of parameters, their values and origin."""
    details = [item.values] if item.values is not None else [(item.md5 or "-")[:8]]
    details += [] if item.nfiles is None else [f"{item.nfiles:,} file{'' if item.nfiles == 1 else 's'}"]
    details += [] if item.size is None else [f"{item.size:,} bytes"]
    newer = [
        (stage, output)
        for stage in provenance.stages
        for output in stage.writes
        if output.path == item.path and output != item
    ]
    if writer := producer(provenance.stages, item):
        details.append(f"from {writer.name}")
    elif newer:
        details.append(f"STALE: {newer[0][0].name} has since written {(newer[0][1].md5 or '-')[:8]}")
    elif item in provenance.changes:
        details.append(f"git {provenance.changes[item].commit[:10]}")
    elif not sources(provenance.stages, item):
        details.append("not in this commit as dvc.lock has it")
    return "  ".join([item.path, *details])


def _format_use(stage: StageRun) -> str:
    return f"{stage.name}: {', '.join(item.path for item in stage.writes)}"


def _format_commit(provenance: Provenance) -> str:
    commit = f"{provenance.commit.commit} by {provenance.commit.author}"
    return _align([("commit", commit), ("raw data", _format_origin(provenance))])


def _format_origin(provenance: Provenance) -> str:
    """Source, version, licence and address of the raw data, its months and number of flights."""
    manifest = provenance.manifest
    if manifest is None:
        return "unknown: data/raw/manifest.json of the commit is missing, or not the one in dvc.lock"
    months = {path: part["rows"] for path, part in manifest["files"].items() if is_inside(path, "flights")}
    names = sorted(path.rpartition("/")[2].partition(".")[0] for path in months)
    parts = [f"{manifest['source']} {manifest.get('version') or ''}".strip()]
    parts += filter(None, (manifest.get("licence"), manifest.get("homepage")))
    parts += [f"{len(names)} months, {names[0]} to {names[-1]}, {sum(months.values()):,} flights"] if names else []
    return "; ".join(parts)


def _align(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:18}{text}" for name, text in pairs)
