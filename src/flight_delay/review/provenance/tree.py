"""The provenance of a file, a run or a whole commit as an indented tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flight_delay.review.provenance.commit import Provenance
from flight_delay.review.provenance.lineage import (
    Artifact,
    downstream,
    list_artifacts,
    producer,
    select_artifacts,
    sources,
    upstream,
)
from flight_delay.tracking.lookup import PublishedRun
from flight_delay.tracking.raw_manifest import count_monthly_rows
from flight_delay.vcs.history import PipelineCommit

INDENT = "  "


def format_run(published: PublishedRun, committed: PipelineCommit | None, provenance: Provenance | None) -> str:
    """Format the commit of a run, if it is here, and its raw data."""
    lines = [("run", f"{published.run_name} ({published.run_id})"), ("pipeline", published.digest)]
    if not committed or not provenance:
        return _align([
            *lines,
            ("commit", "none: no branch, tag, remote branch or DVC experiment here has this pipeline in its dvc.lock"),
            ("next step", "commit dvc.lock where the pipeline was run, or `git fetch` it"),
        ])  # fmt: skip
    lines += [("commit", f"{committed.commit} by {provenance.commit.author}")]
    if committed.experiment:
        lines += [
            (
                "experiment",
                f"{committed.experiment}; `dvc exp branch {committed.experiment} NAME` creates a branch of it",
            )
        ]
    lines += [("raw data", _format_origin(provenance))]
    lines += [(artifact.path, f"md5 {artifact.md5}") for artifact in provenance.raw_data]
    return _align([*lines, ("verify with", f"flight-delay verify {committed.commit}")])


def format_pipeline(provenance: Provenance) -> str:
    """Format all stages in order, with the artifacts that they read and write."""
    lines = [_format_commit(provenance)]
    for stage in provenance.stages:
        lines += ["", f"{stage.name}: {stage.command}"]
        for title, artifacts in (("reads", stage.reads), ("writes", stage.writes)):
            lines += [INDENT + title, *(2 * INDENT + _format_artifact(provenance, artifact) for artifact in artifacts)]
    return "\n".join(lines)


def format_path(provenance: Provenance, path: str) -> str:
    """Format the origin of the artifacts at a path as a tree, and their users.

    Raises:
        UserError: there is nothing at this path.
    """
    artifacts = select_artifacts(provenance.stages, path)
    lines = [_format_commit(provenance), "", *_grow(provenance, artifacts, "", set())]
    before = dict.fromkeys([*artifacts, *list_artifacts(upstream(provenance.stages, artifacts))])
    unconfirmed = [
        artifact.path
        for artifact in before
        if not sources(provenance.stages, artifact) and artifact not in provenance.changes
    ]
    users = [
        f"{stage.name}: {', '.join(artifact.path for artifact in stage.writes)}"
        for stage in downstream(provenance.stages, artifacts)
    ]
    for title, rows in (("not confirmed by this commit", unconfirmed), ("used by", users)):
        if rows:
            lines += ["", title, *(INDENT + row for row in rows)]
    return "\n".join(lines)


def _grow(provenance: Provenance, artifacts: Iterable[Artifact], indent: str, shown: set[str]) -> Iterator[str]:
    """Yield a line for each artifact, and below it its stages and their inputs."""
    for artifact in artifacts:
        yield indent + _format_artifact(provenance, artifact)
        for stage in sources(provenance.stages, artifact):
            if stage.name in shown:
                yield f"{indent}{INDENT}{stage.name} (above)"
            else:
                shown.add(stage.name)
                yield f"{indent}{INDENT}{stage.name}: {stage.command}"
                yield from _grow(provenance, stage.reads, indent + 2 * INDENT, shown)


def _format_artifact(provenance: Provenance, artifact: Artifact) -> str:
    """Format path, checksum or values, size and origin."""
    details = [artifact.values] if artifact.values is not None else [(artifact.md5 or "-")[:8]]
    details += [] if artifact.nfiles is None else [f"{artifact.nfiles:,} file{'' if artifact.nfiles == 1 else 's'}"]
    details += [] if artifact.size is None else [f"{artifact.size:,} bytes"]
    outputs = ((stage, output) for stage in provenance.stages for output in stage.writes)
    newer = next(((stage, output) for stage, output in outputs if output.path == artifact.path), None)
    if writer := producer(provenance.stages, artifact):
        details.append(f"from {writer.name}")
    elif newer:
        details.append(f"STALE: {newer[0].name} has since written {(newer[1].md5 or '-')[:8]}")
    elif artifact in provenance.changes:
        details.append(f"git {provenance.changes[artifact].commit[:10]}")
    elif not sources(provenance.stages, artifact):
        details.append("differs from dvc.lock in this commit")
    return "  ".join([artifact.path, *details])


def _format_commit(provenance: Provenance) -> str:
    commit = f"{provenance.commit.commit} by {provenance.commit.author}"
    return _align([("commit", commit), ("raw data", _format_origin(provenance))])


def _format_origin(provenance: Provenance) -> str:
    """Format source, version, licence, address, months and rows of the raw data."""
    manifest = provenance.manifest
    if manifest is None:
        return "unknown: data/raw/manifest.json is missing in the commit, or is not the one in dvc.lock"
    months, rows = count_monthly_rows({path: entry["rows"] for path, entry in manifest["files"].items()})
    parts = [f"{manifest['source']} {manifest.get('version') or ''}".strip()]
    parts += filter(None, (manifest.get("licence"), manifest.get("homepage")))
    parts += [f"{len(months)} months, {months[0]} to {months[-1]}, {rows:,} rows"] if months else []
    return "; ".join(parts)


def _align(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:18}{text}" for name, text in pairs)
