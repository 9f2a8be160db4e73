"""What a machine can do of a review, in a time box and in a clean clone: verify, reproduce the frozen predictions, run the
tweaks as DVC experiments, find the worst errors. Nothing frozen is written to; the clone is gone in the end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.months import Window, months_in
from flight_delay.core.runner import log
from flight_delay.repository.artefacts import Artefacts
from flight_delay.repository.git import experiments
from flight_delay.repository.lock import outputs
from flight_delay.review.assessment.forms import Question, Request, Tweak, read_review
from flight_delay.review.assessment.frozen import RECORDED, Error, Reproduced, reproduce, worst_errors
from flight_delay.review.clean_clone import CleanClone, clean_clone
from flight_delay.review.comparison.compared import Compared, compared
from flight_delay.review.comparison.side import FolderFiles, Side
from flight_delay.review.diff.files import Tolerance
from flight_delay.review.verification.verify import Verified, verify_clone


class Tried(NamedTuple):
    """What came of a tweak; `compared` is the experiment against the commit, `failed` says why there is none."""

    tweak: Tweak
    seconds: float
    compared: Compared | None
    failed: str | None = None


class Trial(NamedTuple):
    """What a machine found."""

    request: Request
    seconds: float
    verified: Verified
    reproduced: Reproduced | str
    tried: Sequence[Tried]
    misses: Sequence[Error]
    false_alarms: Sequence[Error]
    questions: Sequence[Question]


class TimeBox:
    """How long there is left."""

    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        self._started = time.monotonic()

    @property
    def used_seconds(self) -> float:
        """Since it was opened."""
        return time.monotonic() - self._started

    @property
    def left_seconds(self) -> float:
        """Until it is over; not below zero."""
        return max(0.0, 60 * self.minutes - self.used_seconds)

    def say(self, doing: str) -> None:
        """Log what is done now, and how long there is."""
        log.info("review: %s (%.0f of %g minutes left)", doing, self.left_seconds / 60, self.minutes)


def run_trial(request: Request, box: TimeBox, *, fresh_env: bool = False) -> Trial:
    """Do what a machine can do of a review.

    Args:
        request: what is asked for.
        box: when to stop. What there was no time for is said to have been left out.
        fresh_env: run everything in an environment made of the commit's own locked requirements.

    Raises:
        UserError: the commit is not here, the request's frozen checksums are not those of its dvc.lock, or the time was
            over before everything had been made again.
    """
    artefacts = Artefacts.of(request.commit)
    check_frozen(request, outputs(artefacts.lock))
    questions = read_review(artefacts).questions
    with clean_clone(artefacts.commit, fresh_env=fresh_env) as clone, TemporaryDirectory() as folder:
        box.say(f"making everything of {artefacts.commit[:10]} again")
        try:
            verified = verify_clone(clone, artefacts, Tolerance(), box.left_seconds)
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{box.minutes:g} minutes were over before everything had been made again; allow more with --minutes"
            ) from None
        box.say("asking the frozen model again")
        frozen = _frozen(request, artefacts, clone, verified, Path(folder) / "frozen")
        reproduced, misses, false_alarms = _asked(frozen, artefacts)
        base = cache(lambda: Side.of(FolderFiles(clone.root), "this commit", clone.commit))  # read once, if at all
        tried = [_try(tweak, clone, base, box) for tweak in request.tweaks]
        return Trial(request, box.used_seconds, verified, reproduced, tried, misses, false_alarms, questions)


def check_frozen(request: Request, made: dict[str, str]) -> None:
    """Check that a request speaks of the files that its commit has.

    Raises:
        UserError: it does not; the message names the file.
    """
    for path, md5 in request.frozen.items():
        if made.get(path) != md5:
            raise UserError(
                f"{request.path('request')}: {path} is frozen as {md5}, but dvc.lock of {request.commit[:10]} has "
                f"{made.get(path, 'no such output')}; write the request again"
            )


def _frozen(request: Request, artefacts: Artefacts, clone: CleanClone, verified: Verified, folder: Path) -> Path | None:
    """A folder with the frozen files: the clone, if it has the same, else a copy of what the commit's cache has."""
    same = {of.output for of in verified.outputs if of.same}
    if same >= set(request.frozen):
        return clone.root
    try:
        for path in request.frozen:
            artefacts.copy(path, folder / path)
    except UserError:
        return None
    return folder


def _asked(folder: Path | None, artefacts: Artefacts) -> tuple[Reproduced | str, Sequence[Error], Sequence[Error]]:
    """What the frozen model says when it is asked again, and its worst errors; or why it could not be asked."""
    if folder is None:
        return "the frozen files are not at hand, and were made differently here", [], []
    test = Window.model_validate(artefacts.params["windows"]["test"])
    try:
        recorded = months_in(folder / RECORDED)
        found = worst_errors(folder, [month for month in recorded if test.first <= month <= test.through])
        return reproduce(folder), *found
    except (UserError, ValueError) as error:  # such as a bundle of a format that is no longer read
        return str(error), [], []


def _try(tweak: Tweak, clone: CleanClone, base: Callable[[], Side], box: TimeBox) -> Tried:
    """Run a tweak as an experiment in a folder of its own, so that the clone stays as it was verified."""
    if not box.left_seconds:
        return Tried(tweak, 0.0, None, "the time was over")
    box.say(f"trying {tweak.name}: {', '.join(tweak.settings)}")
    started = time.monotonic()
    settings = [part for setting in tweak.settings for part in ("--set-param", setting)]
    try:
        clone.dvc("exp", "run", "--temp", "--name", tweak.name, *settings, "evaluate", timeout_seconds=box.left_seconds)
        # Not by its name alone, which a branch may have, too.
        made = {name: commit for commit, name in experiments(clone.root).items()}
        experiment = Artefacts(made[tweak.name], clone.root)
        found = compared(base(), Side.of(experiment, tweak.name, experiment.commit))
        return Tried(tweak, time.monotonic() - started, found)
    except subprocess.TimeoutExpired:
        failed = "the time was over"
    except subprocess.CalledProcessError:
        failed = "a stage failed"
    except UserError as error:
        failed = str(error)
    log.warning("review: %s: %s", tweak.name, failed)
    return Tried(tweak, time.monotonic() - started, None, failed)
