"""The request for a review: a page that says what a reviewer has to know of a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flight_delay.core.errors import UserError
from flight_delay.repository.artefacts import Artefacts
from flight_delay.repository.git import git
from flight_delay.review.assessment.facts import Facts, gather
from flight_delay.review.assessment.forms import Request, Review, Tweak, page_path, read_review, with_front_matter
from flight_delay.review.assessment.pages import refuse_existing, render, write_new
from flight_delay.review.verification.verify import check_lock

WORTH_KEEPING = "what somebody has added to it"


def request_review(*, name: str | None, against: str | None, date: str) -> Path:
    """Write a request for the commit that is checked out.

    Args:
        name: of the review; None for the name of the branch.
        against: what the commit is compared with: a commit, tag, branch or DVC experiment; None for nothing.
        date: on which it is written, as YYYY-MM-DD.

    Returns:
        Where it is, from the top of the repository.

    Raises:
        UserError: the page exists, something is not committed, dvc.lock does not fit the commit, or an artefact is not at
            hand.
    """
    artefacts = Artefacts.of()
    name = _slug(name or git("branch", "--show-current") or "detached")
    path = page_path(date, name, "request")
    refuse_existing(artefacts.root / path, WORTH_KEEPING)
    changed = git("status", "--porcelain", "--", "params.yaml", "dvc.lock", "dvc.yaml", "src", cwd=artefacts.root)
    if changed:
        raise UserError(f"{changed.split()[1]} is changed and not committed; commit first: a review is of a commit")
    stale = check_lock(artefacts.commit).stale
    if stale:
        raise UserError(f"dvc.lock does not fit the commit ({stale[0]}); run `dvc repro`, commit it and ask again")
    other = Artefacts.of(against) if against else None
    page = request_page(
        gather(artefacts, other, against or ""),
        read_review(artefacts),
        name=name,
        date=date,
        against=other.commit if other else None,
    )
    write_new(artefacts.root / path, page, WORTH_KEEPING)
    return path


def request_page(facts: Facts, review: Review, *, name: str, date: str, against: str | None) -> str:
    """Write the page.

    Args:
        facts: of the commit under review.
        review: what is asked of every model.
        name: of the request.
        date: on which it is made, as YYYY-MM-DD.
        against: the commit that it is compared with.

    """
    request = Request(
        format=1,
        name=name,
        date=date,
        commit=facts.commit,
        against=against,
        frozen=dict(facts.frozen),
        tweaks=[of for of in review.tweaks if changes_something(of, facts.params)],
    )
    return with_front_matter(request, render("request.md.j2", request=request, facts=facts))


def changes_something(tweak: Tweak, params: Mapping[str, Any]) -> bool:
    """Whether a tweak sets a parameter to another value than the one it has."""

    def now(name: str) -> Any:
        value: Any = params
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    return any(now(name) != value for name, value in tweak.parameters.items())


def _slug(text: str) -> str:
    """As it may stand in the name of a file."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not slug:
        raise UserError(f"'{text}' is no name for a review; use letters and digits")
    return slug
