"""The content of a run for a commit or experiment not checked out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flight_delay.core.months import Splits
from flight_delay.core.params import load_params
from flight_delay.core.runner import log
from flight_delay.tracking.run_content import MANIFEST, MODEL, SELECTION, RunContent, collect_run_content
from flight_delay.tracking.run_source import RunSource
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.history import find_pipeline_commit
from flight_delay.vcs.lock import output_hashes, pipeline_digest

FILES = ("reports", MANIFEST, SELECTION, "models/bundle", "src/flight_delay", "params.yaml", "dvc.lock")


@contextmanager
def read_revision(revision: str) -> Iterator[tuple[RunContent, str | None]]:
    """Read the content of a revision, and the commit on a branch that holds it.

    Args:
        revision: commit, tag, branch or DVC experiment.

    Raises:
        UserError: there is no such commit, it has no dvc.lock, or its files are neither in git nor in a DVC cache or
            remote.
    """
    artefacts = CommitFiles.at(revision)
    committed = find_pipeline_commit(pipeline_digest(artefacts.lock), output_hashes(artefacts.lock).get(MODEL))
    with TemporaryDirectory() as folder:
        root = Path(folder)
        log.info("reading %s (%s)", revision, artefacts.commit[:10])
        for path in FILES:
            artefacts.copy(path, root / path)
        splits = load_params("splits", Splits, root / "params.yaml")
        source = RunSource.of_commit(artefacts.commit, artefacts.root)
        content = collect_run_content(root, artefacts.lock, splits, source)
        yield content, None if committed is None or committed.experiment else committed.commit
