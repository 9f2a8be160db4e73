"""Expensive fixtures of the slow tests, made once for all workers."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from waiting import wait_until

from flight_delay.review.clean_clone import CleanClone

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def whole_year(made_once, project_at) -> Any:
    """A checkout with the explanations of all of the year, to be read only.

    It is what `flight-delay verify --keep` leaves in VERIFIED_CLONE, perhaps only in some minutes, the working tree
    where DVC reports them as up to date, or else a copy in which they are made."""
    if verified := os.environ.get("VERIFIED_CLONE"):
        clone, exit_code = Path(verified), Path(verified).with_name("exit_code")
        wait_until(lambda: clone.exists() or exit_code.exists())
        assert clone.exists(), "verify failed"
        return project_at(clone)
    tree = project_at(REPOSITORY)
    if tree.run("dvc", "status", "--quiet", "--with-deps", "interpret", code=None).returncode == 0:
        return tree

    def make(root: Path) -> None:
        listed = tree.run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
        for name in filter(lambda name: (REPOSITORY / name).exists(), listed):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
        project = project_at(root)
        project.run("git", "init", "--quiet")
        project.dvc("repro", "--quiet", "interpret", timeout=1800)

    return project_at(made_once("whole_year", make))


@pytest.fixture(scope="session")
def stages_run() -> Callable[[str], list[str]]:
    """Tells from what `dvc repro` printed which stages it ran."""
    return _stages_run


def _stages_run(output: str) -> list[str]:
    return re.findall(r"^Running stage '(\w+)'", output, re.MULTILINE)


SURROUNDINGS = {
    "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7",
    "DVC_ROOT": "/nowhere", "DVC_EXP_NAME": "somebody-elses", "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
    "PYTHONPATH": "/nowhere",
}  # fmt: skip


def looked_at(project: Any) -> dict[str, Any]:
    """Return what verification must not change: git status, cached files, and whether there are runs."""
    return {
        "git": project.run("git", "status", "--porcelain").stdout,
        "cache": sorted(str(path) for path in (project.root / ".dvc/cache").rglob("*")),
        "mlflow": (project.root / "mlflow.db").exists(),
    }


class Verification(NamedTuple):
    """Output of `flight-delay verify` for the made commit, its clone, and the checkout's state before and after."""

    stdout: str
    clone: Path
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="session")
def verification(made, copied, made_once) -> Verification:
    """The made commit, verified once for all tests, in other surroundings than it was made in."""

    def make(root: Path) -> None:
        project = copied(made, root / "project")
        before = looked_at(project)
        done = project.run("flight-delay", "verify", "--keep", str(root / "clone"), timeout=1800, **SURROUNDINGS)
        after = looked_at(project)
        (root / "said.json").write_text(json.dumps([done.stdout, before, after]))

    root = made_once("verification", make)
    stdout, before, after = json.loads((root / "said.json").read_text())
    return Verification(stdout, root / "clone", before, after)


@pytest.fixture(scope="session")
def made_again(verification: Verification, made) -> Callable[[], AbstractContextManager[list[str]]]:
    """Lets clean clones of commits with the files of the made one take the outputs of the verified clone.

    The context yields the commits that were cloned."""
    tree = made.run("git", "rev-parse", "HEAD^{tree}").stdout

    @contextmanager
    def taken() -> Iterator[list[str]]:
        commits = []

        def take(clone: CleanClone, _: float | None = None) -> None:
            assert made.run("git", "-C", str(clone.root), "rev-parse", "HEAD^{tree}").stdout == tree
            ignored = shutil.ignore_patterns(".git", "config.local", "tmp")
            shutil.copytree(verification.clone, clone.root, symlinks=True, ignore=ignored, dirs_exist_ok=True)
            commits.append(clone.commit)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CleanClone, "run_from_raw_data", take)
            yield commits

    return taken


class ByHand(NamedTuple):
    """A checkout in which a parameter was changed, changed back, changed again and committed on the branch `worse`.

    `stages` and `runs` hold the stages that each step ran and the MLflow runs after it, oldest first. Only the tests of
    promotion change it."""

    project: Any
    stages: dict[str, Sequence[str]]
    runs: dict[str, list[dict[str, Any]]]
    status: str  # git's, when all was as before
    worse: str  # the commit on that branch
    elsewhere: list[str]  # what was written outside of the checkout, and should not have been


def runs_of(project: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": run.info.run_id,
            "status": run.info.status,
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": run.data.tags,
        }
        for run in project.runs()
    ]


@pytest.fixture(scope="session")
def by_hand(made, copied, made_once) -> ByHand:
    """A model of a single tree, tried by hand, for tests of changed parameters and of promotion."""

    def make(root: Path) -> None:
        for name in ("home", "tmp"):
            (root / name).mkdir(parents=True)
        project, stages, runs = copied(made, root / "project"), {}, {}
        params, private = project.root / "params.yaml", {"HOME": str(root / "home"), "TMPDIR": str(root / "tmp")}
        given, status = params.read_bytes(), ""
        for step in ("changed", "back", "again"):
            if step == "back":
                params.write_bytes(given)
            else:
                project.params({"train_model": {"num_boost_round": 1}})
            done = project.dvc("repro", **({} if step == "changed" else private))
            stages[step], runs[step] = _stages_run(done.stdout), runs_of(project)
            status = project.run("git", "status", "--porcelain").stdout if step == "back" else status
        project.run("git", "switch", "--quiet", "--create", "worse")
        project.commit("a single tree")
        project.command("publish")
        runs["committed"] = runs_of(project)
        worse = project.run("git", "rev-parse", "HEAD").stdout.strip()
        project.run("git", "switch", "--quiet", "main")
        project.dvc("checkout", "--quiet", "--force")
        tracked = [path for path in root.rglob("*") if "mlflow" in path.name.lower() or path.name == "mlruns"]
        elsewhere = [str(path) for path in tracked if not path.is_relative_to(project.root)]
        elsewhere += [str(path) for path in (root / "tmp").iterdir()]
        (root / "steps.json").write_text(json.dumps([stages, runs, status, worse, elsewhere]))

    root = made_once("by_hand", make)
    return ByHand(replace(made, root=root / "project"), *json.loads((root / "steps.json").read_text()))
