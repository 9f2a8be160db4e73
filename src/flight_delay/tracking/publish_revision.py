"""What is published of a commit or DVC experiment that is not checked out: its files, for a moment in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flight_delay.core.months import Splits
from flight_delay.core.params import load_params
from flight_delay.core.runner import log
from flight_delay.tracking.run_content import MANIFEST, Content, gather
from flight_delay.tracking.run_source import Origin
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.history import find_pipeline_commit
from flight_delay.vcs.lock import output_hashes, pipeline_digest

FILES = ("reports", MANIFEST, "data/selection.json", "models/bundle", "src/flight_delay", "params.yaml", "dvc.lock")


@contextmanager
def checked_out(revision: str) -> Iterator[tuple[Content, str | None]]:
    """What a commit, tag, branch or DVC experiment holds, and the commit that brought it onto a branch, if there is one.

    Raises:
        UserError: there is no such commit, it has no dvc.lock, or its files are on no machine that DVC knows of here.
    """
    artefacts = CommitFiles.at(revision)
    found = find_pipeline_commit(
        pipeline_digest(artefacts.lock), output_hashes(artefacts.lock).get("models/bundle/model.ubj")
    )
    with TemporaryDirectory() as folder:
        root = Path(folder)
        log.info("reading %s (%s)", revision, artefacts.commit[:10])
        for path in FILES:
            artefacts.copy(path, root / path)
        content = gather(
            root,
            artefacts.lock,
            load_params("windows", Splits, root / "params.yaml"),
            Origin.of(artefacts.commit, artefacts.root),
        )
        yield content, None if found is None or found.experiment else found.commit
