"""Making every artefact of a commit again, in a clean clone without any cache, and comparing it byte for byte; where bytes
differ, how. What is printed of it stands in verdict.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.runner import log
from flight_delay.review.clean_clone import CleanClone, clean_clone
from flight_delay.review.diff.files import Difference, Tolerance, compare_files
from flight_delay.review.environment import Environment, locked_versions, read_environment, version_mismatches
from flight_delay.review.verification.staleness import find_stale_entries
from flight_delay.vcs.artefacts import Artefacts
from flight_delay.vcs.lock import LOCK_FILE, PUBLISH, Stages, outputs, read_lock

MODEL = "models/bundle/model.ubj"


class OutputCheck(NamedTuple):
    """An output: its MD5 in the commit's dvc.lock and the one that it has now (None: there is none); where they are not the
    same, how its files differ (None: the committed bytes are not at hand)."""

    stage: str
    output: str
    then: str | None
    now: str | None
    differences: Sequence[Difference] | None = ()

    @property
    def same(self) -> bool:
        """Whether it was reproduced."""
        return self.then is not None and self.then == self.now

    @property
    def matters(self) -> bool:
        """Whether it is different by more than the tolerance, or nobody can tell."""
        return not self.same and (not self.differences or any(of.matters for of in self.differences))


class StoredModel(NamedTuple):
    """The model that MLflow keeps of a commit: what it is called there, and its MD5."""

    uri: str
    md5: str


class Verification(NamedTuple):
    """What came of verifying a commit. `stale` says where its dvc.lock does not tell the truth about its own inputs;
    `version_mismatches`, which packages were not those of its requirements; `tolerance` is that of the differences; `committed_model`
    is the model's MD5 in its dvc.lock, and `kept` the model in MLflow that was asked about."""

    commit: str
    outputs: list[OutputCheck]
    stale: list[str]
    environment: Environment | None
    version_mismatches: list[str]
    tolerance: Tolerance
    committed_model: str | None = None
    stored_model: StoredModel | None = None

    @property
    def same(self) -> bool:
        """Whether every output was reproduced, from inputs that are the ones that dvc.lock names."""
        return all(output.same for output in self.outputs) and not self.stale and self.is_stored_model_committed

    @property
    def is_stored_model_committed(self) -> bool:
        """Whether the model in MLflow, if one was asked about, is the one of the commit."""
        return self.stored_model is None or self.stored_model.md5 == self.committed_model


def check_lock(revision: str) -> Verification:
    """Say whether the dvc.lock of a commit fits its code, parameters and requirements: in seconds, and without data.

    Raises:
        UserError: there is no such commit, or it has no dvc.lock.
    """
    artefacts = Artefacts.of(revision)
    model = outputs(artefacts.lock).get(MODEL)
    with clean_clone(artefacts.commit) as clone:
        return Verification(artefacts.commit, [], find_stale_entries(clone), None, [], Tolerance(), model)


def verify(revision: str, tolerance: Tolerance, *, fresh_env: bool = False) -> Verification:
    """Clone a commit into a temporary folder, run all its stages but `publish` from raw data, and compare.

    The user's checkout, cache and MLflow are not touched. Progress goes to stderr.

    Args:
        revision: commit, tag, branch or DVC experiment.
        tolerance: up to which a difference does not matter.
        fresh_env: run it in an environment made of the commit's own locked requirements.

    Raises:
        UserError: there is no such commit, it has no dvc.lock, its environment cannot be built, or a stage fails.
    """
    artefacts = Artefacts.of(revision)
    _ = artefacts.lock
    log.info("verifying %s in a clean clone", artefacts.commit[:10])
    with clean_clone(artefacts.commit, fresh_env=fresh_env) as clone:
        return verify_in_clone(clone, artefacts, tolerance)


def verify_in_clone(
    clone: CleanClone, artefacts: Artefacts, tolerance: Tolerance, timeout_seconds: float | None = None
) -> Verification:
    """Make everything in a clean clone, and compare it with what its commit says; the clone holds the results then.

    Raises:
        UserError: a stage fails.
        subprocess.TimeoutExpired: the stages took longer.
    """
    stale = find_stale_entries(clone)
    has = read_environment(clone.python)
    wanted = locked_versions((clone.root / "requirements.txt").read_text("utf-8"), has.python)
    clone.run_from_raw_data(timeout_seconds)
    checked = compare_outputs(artefacts.lock, read_lock(clone.root / LOCK_FILE))
    return Verification(
        artefacts.commit,
        _explained(checked, artefacts, clone.root, tolerance),
        stale,
        has,
        version_mismatches(wanted, has.versions),
        tolerance,
        outputs(artefacts.lock).get(MODEL),
    )


def compare_outputs(then: Stages, now: Stages) -> list[OutputCheck]:
    """Every output that either of two lock files names, with both checksums, in the order of the pipeline."""
    checked = []
    for stage in dict.fromkeys([*now, *then]):
        if stage != PUBLISH:
            before, after = (outputs({stage: stages.get(stage, {})}) for stages in (then, now))
            checked += [
                OutputCheck(stage, path, before.get(path), after.get(path)) for path in dict.fromkeys([*after, *before])
            ]
    return checked


def _explained(
    checked: Sequence[OutputCheck], artefacts: Artefacts, root: Path, tolerance: Tolerance
) -> list[OutputCheck]:
    """Say how outputs differ, as far as their committed bytes are at hand: all at once, since a checksum in one may follow
    from another."""
    then: dict[str, bytes] = {}
    now: dict[str, bytes] = {}
    unknown = set()
    for of in checked:
        if not of.same:
            try:
                then |= {path: artefacts.read_bytes(path) for path in artefacts.files(of.output)}
            except UserError:
                unknown.add(of.output)
                continue
            made = root / of.output
            paths = sorted(made.rglob("*")) if made.is_dir() else [made]
            now |= {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    found = compare_files(then, now, tolerance)
    return [
        of._replace(
            differences=None
            if of.output in unknown
            else [part for part in found if part.file == of.output or part.file.startswith(f"{of.output}/")]
        )
        for of in checked
    ]
