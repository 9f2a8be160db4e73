"""Reproduce a commit in a clean clone, and compare every output's bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.runner import log
from flight_delay.review.clean_clone import CleanClone, clean_clone
from flight_delay.review.diff.files import TOLERANCE, Difference, compare_files
from flight_delay.review.environment import Environment, locked_versions, read_environment, version_mismatches
from flight_delay.review.verification.staleness import find_stale_entries
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.lock import LOCK_FILE, PUBLISH, Stages, output_hashes, read_lock

MODEL = "models/bundle/model.ubj"


class OutputCheck(NamedTuple):
    """An output with its MD5 in dvc.lock and after the run, and differences.

    An MD5 is None if the output is absent; differences are None if the committed bytes are not available.
    """

    stage: str
    path: str
    recorded: str | None
    reproduced: str | None
    differences: Sequence[Difference] | None = ()

    @property
    def is_same(self) -> bool:
        """Whether it was reproduced."""
        return self.recorded is not None and self.recorded == self.reproduced

    @property
    def matters(self) -> bool:
        """Whether it differs by more than the tolerance, or by an unknown amount."""
        return not self.is_same and (not self.differences or any(difference.matters for difference in self.differences))


class StoredModel(NamedTuple):
    """A model in MLflow: its URI and MD5."""

    uri: str
    md5: str


class Verification(NamedTuple):
    """Outcome of verifying a commit.

    `stale`: entries of its dvc.lock that do not fit the commit. `version_mismatches`: packages that do not have the
    locked version. `tolerance`: of the differences. `committed_model`: MD5 in its dvc.lock. `stored_model`: the model
    in MLflow that is to be the committed one, if any.
    """

    commit: str
    outputs: list[OutputCheck]
    stale: list[str]
    environment: Environment | None
    version_mismatches: list[str]
    tolerance: float = TOLERANCE
    committed_model: str | None = None
    stored_model: StoredModel | None = None

    @property
    def is_same(self) -> bool:
        """Whether every output was reproduced, from the inputs in dvc.lock."""
        return all(output.is_same for output in self.outputs) and not self.stale and self.is_stored_model_committed

    @property
    def is_stored_model_committed(self) -> bool:
        """Whether the model in MLflow, if any, is the one of the commit."""
        return self.stored_model is None or self.stored_model.md5 == self.committed_model


def check_lock(revision: str) -> Verification:
    """Check that dvc.lock fits the code, parameters and requirements.

    Raises:
        UserError: there is no such commit, or it has no dvc.lock.
    """
    artefacts = CommitFiles.at(revision)
    model = output_hashes(artefacts.lock).get(MODEL)
    with clean_clone(artefacts.commit) as clone:
        return Verification(artefacts.commit, [], find_stale_entries(clone), None, [], committed_model=model)


def verify(
    revision: str,
    tolerance: float = TOLERANCE,
    *,
    fresh_env: bool = False,
    isolate: bool = False,
    keep: Path | None = None,
) -> Verification:
    """Run all stages but `publish` in a clean clone, and compare the outputs.

    The user's checkout, cache and MLflow are not touched. Progress goes to stderr.

    Args:
        revision: commit, tag, branch or DVC experiment.
        tolerance: differences up to this do not matter.
        fresh_env: run it in an environment built from the commit's own locked requirements.
        isolate: run it without network.
        keep: a new folder for the clone, see `clean_clone`.

    Raises:
        UserError: there is no such commit, it has no dvc.lock, its environment cannot be built, this system does not
            isolate, a stage fails, or there is something at `keep`.
    """
    artefacts = CommitFiles.at(revision)
    _ = artefacts.lock
    log.info("verifying %s in a clean clone", artefacts.commit[:10])
    with clean_clone(artefacts.commit, fresh_env=fresh_env, isolate=isolate, keep=keep) as clone:
        return verify_in_clone(clone, artefacts, tolerance)


def verify_in_clone(
    clone: CleanClone, artefacts: CommitFiles, tolerance: float = TOLERANCE, timeout_seconds: float | None = None
) -> Verification:
    """Run the pipeline in a clean clone, and compare the outputs.

    Raises:
        UserError: a stage fails.
        subprocess.TimeoutExpired: the stages took longer.
    """
    stale = find_stale_entries(clone)
    environment = read_environment(clone.python)
    locked = locked_versions((clone.root / "requirements.txt").read_text("utf-8"), environment.python)
    clone.run_from_raw_data(timeout_seconds)
    checks = compare_outputs(artefacts.lock, read_lock(clone.root / LOCK_FILE))
    return Verification(
        artefacts.commit,
        _add_differences(checks, artefacts, clone.root, tolerance),
        stale,
        environment,
        version_mismatches(locked, environment.versions),
        tolerance,
        output_hashes(artefacts.lock).get(MODEL),
    )


def compare_outputs(recorded: Stages, reproduced: Stages) -> list[OutputCheck]:
    """Pair the MD5s of every output in two lock files."""
    checks = []
    for stage in dict.fromkeys([*reproduced, *recorded]):
        before, after = (output_hashes({stage: stages.get(stage, {})}) for stages in (recorded, reproduced))
        paths = dict.fromkeys([*after, *before]) if stage != PUBLISH else {}
        checks += [OutputCheck(stage, path, before.get(path), after.get(path)) for path in paths]
    return checks


def _add_differences(
    checks: Sequence[OutputCheck], artefacts: CommitFiles, root: Path, tolerance: float
) -> list[OutputCheck]:
    """Compare the files of all differing outputs at once, for checksums in them."""
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    unavailable = set()
    for check in checks:
        if not check.is_same:
            try:
                before |= {path: artefacts.read_bytes(path) for path in artefacts.files(check.path)}
            except UserError:
                unavailable.add(check.path)
                continue
            output = root / check.path
            paths = sorted(output.rglob("[!.]*")) if output.is_dir() else [output]
            after |= {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    differences = compare_files(before, after, tolerance)
    return [
        check._replace(
            differences=None
            if check.path in unavailable
            else [part for part in differences if part.file == check.path or part.file.startswith(f"{check.path}/")]
        )
        for check in checks
    ]
