"""What is published of a commit or DVC experiment that is not checked out: its files, for a moment in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flight_delay.core.months import Windows
from flight_delay.core.params import load
from flight_delay.core.runner import log
from flight_delay.tracking.run_content import MANIFEST, RunContent, collect_run_content
from flight_delay.tracking.run_source import RunSource
from flight_delay.vcs.artefacts import Artefacts
from flight_delay.vcs.history import commit_of
from flight_delay.vcs.lock import digest, outputs

FILES = ("reports", MANIFEST, "data/selection.json", "models/bundle", "src/flight_delay", "params.yaml", "dvc.lock")


@contextmanager
def read_revision(revision: str) -> Iterator[tuple[RunContent, str | None]]:
    """What a commit, tag, branch or DVC experiment holds, and the commit that brought it onto a branch, if there is one.

    Raises:
        UserError: there is no such commit, it has no dvc.lock, or its files are on no machine that DVC knows of here.
    """
    artefacts = Artefacts.of(revision)
    found = commit_of(digest(artefacts.lock), outputs(artefacts.lock).get("models/bundle/model.ubj"))
    with TemporaryDirectory() as folder:
        root = Path(folder)
        log.info("reading %s (%s)", revision, artefacts.commit[:10])
        for path in FILES:
            artefacts.copy(path, root / path)
        content = collect_run_content(
            root,
            artefacts.lock,
            load("windows", Windows, root / "params.yaml"),
            RunSource.of(artefacts.commit, artefacts.root),
        )
        yield content, None if found is None or found.experiment else found.commit
