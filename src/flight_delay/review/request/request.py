"""The request for a review: commit, comparison and experiments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_text
from flight_delay.core.params import flatten
from flight_delay.core.references import read_reference
from flight_delay.review.comparison.comparison import compare_pipelines
from flight_delay.review.comparison.page import render_comparison
from flight_delay.review.comparison.snapshot import read_snapshot
from flight_delay.review.request.forms import (
    REVIEW_FILE,
    Experiment,
    Request,
    ReviewTemplate,
    render_page,
    require_absent,
)
from flight_delay.review.verification.verdict import STALE_LOCK
from flight_delay.review.verification.verify import check_lock
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import git, git_author


def request_review(*, name: str | None, against: str | None, date: str) -> Path:
    """Write a request for the commit that is checked out.

    Args:
        name: of the review; None for the name of the branch.
        against: commit, tag, branch or DVC experiment to compare with; None for no comparison.
        date: YYYY-MM-DD.

    Returns:
        Path of the page, relative to the top of the repository.

    Raises:
        UserError: the page exists, a change is not committed, dvc.lock is stale, or an artefact to compare is missing.
    """
    artefacts = CommitFiles.at()
    base = CommitFiles.at(against) if against else None
    template = read_reference(artefacts.root / REVIEW_FILE, ReviewTemplate)
    request = Request(
        format=3,
        name=slug(name or git("branch", "--show-current") or "detached"),
        date=date,
        author=git_author(),
        commit=artefacts.commit,
        against=base.commit if base else None,
        experiments=[experiment for experiment in template.experiments if not is_noop(experiment, artefacts.params)],
    )
    path = request.path("request")
    require_absent(artefacts.root / path)
    changed = git("status", "--porcelain", "--", "params.yaml", "dvc.lock", "dvc.yaml", "src", cwd=artefacts.root)
    if changed:
        raise UserError(f"{changed.split()[1]} has uncommitted changes; commit them first: a review is of a commit")
    if stale := check_lock(artefacts.commit).stale:
        raise UserError(f"{STALE_LOCK} ({stale[0]})")
    comparison = None
    if base:
        snapshots = read_snapshot(base, against or ""), read_snapshot(artefacts, "this commit")
        comparison = render_comparison(compare_pipelines(*snapshots))
    write_text(artefacts.root / path, request_page(request, comparison))
    return path


def request_page(request: Request, comparison: str | None) -> str:
    """Render the page; `comparison` is Markdown whose top heading has level 2."""
    nested = re.sub("^#", "##", comparison, flags=re.MULTILINE).strip() if comparison else None
    return render_page("request.md.j2", request.model_dump(mode="json"), request=request, comparison=nested)


def is_noop(experiment: Experiment, params: Mapping[str, Any]) -> bool:
    """Whether an experiment sets every parameter to its current value."""
    current = flatten(params)
    return all(name in current and current[name] == value for name, value in experiment.parameters.items())


def slug(text: str) -> str:
    """Convert a name to lower-case letters, digits and dashes, for a file name.

    Raises:
        UserError: it has neither letters nor digits.
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not name:
        raise UserError(f"'{text}' is not a valid name of a review; use letters and digits")
    return name
