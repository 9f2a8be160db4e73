"""Fixtures that several tests share: a small pipeline, really run by DVC in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml
from checkouts import Project, Spoilable
from filelock import FileLock

# A busy machine is not a failure. Developers get other examples every time; the gate gives a commit the same verdict.
hypothesis.settings.register_profile("development", deadline=None, max_examples=20)
hypothesis.settings.register_profile("gate", parent=hypothesis.settings.get_profile("development"), derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "development"))

# MLflow in the tests' own process reports to nobody either.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

REPOSITORY = Path(__file__).resolve().parent.parent

# Five months, of which the backtest predicts two, and few rounds: every stage does its real work, in seconds.
SMALL = {
    "fetch_raw": {"last_month": "2013-05"},
    "splits": {
        "train": {"first": "2013-01", "last": "2013-02"},
        "validation": {"first": "2013-03", "last": "2013-04"},
        "test": {"first": "2013-05", "last": "2013-05"},
    },
    "build_features": {"history_days": [7]},
    "check_data": {"max_rows": 10_000},
    "train_model": {"num_boost_round": 20, "max_depth": 3},
    "backtest": {"first_test_month": "2013-03"},
    "learning_curves": {"training_months": [1, 2], "max_depths": [2]},
    "interpret": {
        "sample_rows": 300,
        "interaction_rows": 50,
        "n_repeats": 1,
        "n_extra_seeds": 1,
        "n_worst_errors": 2,
        "n_dependence_plots": 1,
    },
}


# They take minutes: a process that starts one of them last works alone at the end.
LONGEST = {
    f"test_{name}.py"
    for name in ("promotion", "verify", "screens", "experiments", "publishers", "season", "images", "packages")
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with one file that needs the small pipeline: the other workers run other files while it is made.

    Files that need it or the pipeline of the whole year, which may be made at the same time, come last; of them the
    longest first, then the large ones of a folder."""
    fixtures: dict[Path, set[str]] = {}
    for item in items:
        fixtures.setdefault(item.path, set()).update(getattr(item, "fixturenames", ()))
    first = next((path for path, names in fixtures.items() if {"made", "made_once"} <= names), None)
    late = {path for path, names in fixtures.items() if names & {"made", "whole_year"}}
    folders = list(dict.fromkeys(path.parent for path in fixtures))
    rank = {path: (2, path.name not in LONGEST, folders.index(path.parent), -path.stat().st_size) for path in late} | {
        first: (0,)
    }
    items.sort(key=lambda item: rank.get(item.path, (1,)))


@pytest.fixture(scope="session")
def pipeline_stages() -> dict[str, Any]:
    """Stages of dvc.yaml by name, as they are written there."""
    stages: dict[str, Any] = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    return stages


@pytest.fixture(scope="session")
def pipeline_outputs(pipeline_stages: dict[str, Any]) -> list[str]:
    """Outputs and metrics of all stages except `publish`, whose receipt is not in git, in the order of dvc.yaml."""
    entries = [
        entry
        for name, stage in pipeline_stages.items()
        if name != "publish"
        for entry in (*stage.get("outs", []), *stage.get("metrics", []))
    ]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


@pytest.fixture(scope="session")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment without the user's own DVC, MLflow and git settings, with this environment's commands first.

    One thread a process: beside other tests, threads of small models wait for one another longer than they work.
    """
    settings = tmp_path_factory.mktemp("settings")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DVC_", "MLFLOW_", "GIT_"))
        # Without bytecode every command would compile our sources again; warnings of libraries would be in its log.
        and name not in {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNDEFAULTENCODING"}
    }
    person = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.org"}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "DVC_GLOBAL_CONFIG_DIR": str(settings / "global"),
        "DVC_SYSTEM_CONFIG_DIR": str(settings / "system"),
        "DVC_SITE_CACHE_DIR": str(settings / "site"),
        "DVC_NO_ANALYTICS": "1",  # else every command starts a process that reports it
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()},
    }


@pytest.fixture(scope="session")
def project_at(clean_environment: dict[str, str]) -> Callable[[Path], Project]:
    """Runs commands in any folder as a user would."""
    return lambda root: Project(root, clean_environment)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Makes a folder once for all processes of a test run: the first one makes it, the others wait for it.

    https://pytest-xdist.readthedocs.io/en/stable/how-to.html#making-session-scoped-fixtures-execute-only-once
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def once(name: str, make: Callable[[Path], None]) -> Path:
        folder, whole = shared / name, shared / f"{name}.whole"
        with FileLock(shared / f"{name}.lock"):
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what a process left behind that failed
                make(folder)
                whole.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def made(made_once: Callable[[str, Callable[[Path], None]], Path], project_at: Callable[[Path], Project]) -> Project:
    """A committed checkout of the working tree with small parameters, in which `dvc repro` has run.

    Read only, and nothing in it may be locked: other workers read it at the same time."""

    def make(root: Path) -> None:
        project = project_at(root)
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (REPOSITORY / name).exists() and name != "dvc.lock":
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, root / name)
        project.run("git", "init", "--quiet", "--initial-branch", "main")
        project.params(SMALL)
        project.commit("small parameters")
        project.dvc("repro")
        project.commit("run the pipeline")

    return project_at(made_once("made", make))


@pytest.fixture(scope="session")
def copied() -> Callable[[Project, Path], Project]:
    """Copies a checkout to a folder, with its cache, without its MLflow runs."""

    def copy(project: Project, root: Path) -> Project:
        shutil.copytree(
            project.root, root, symlinks=True, ignore=shutil.ignore_patterns("mlflow.db*", "mlruns", "logs")
        )
        return replace(project, root=root)

    return copy


@pytest.fixture
def copy_of_made(made: Project, copied: Callable[[Project, Path], Project], tmp_path: Path) -> Project:
    """A copy of the made checkout, with its cache, without its MLflow runs, for a test that changes it."""
    return copied(made, tmp_path / "project")


@pytest.fixture
def clone_of_made(made: Project, tmp_path: Path) -> Callable[[str], Project]:
    """Clones the made checkout under a name: committed files only, no cache, no runs."""

    def clone(name: str) -> Project:
        made.run("git", "clone", "--quiet", str(made.root), str(tmp_path / name))
        return replace(made, root=tmp_path / name)

    return clone


@pytest.fixture(scope="session")
def spoilable(made, tmp_path_factory) -> Spoilable:
    """A bare copy of the made checkout, one for each process of a test run."""
    return Spoilable(made, made.bare_copy(tmp_path_factory.mktemp("spoilable") / "project"))


@pytest.fixture
def checkout(spoilable) -> Iterator[Project]:
    """A bare copy of the made checkout, for a test that spoils it; put right again afterwards."""
    yield spoilable.project
    spoilable.put_right()


TWO_STAGES = """
stages:
  make:
    cmd: python make.py
    deps: [make.py, requirements.txt]
    params: [make]
    outs: [data]
  train:
    cmd: python train.py
    deps: [train.py, requirements.txt, data]
    outs: [model.txt]
    metrics:
      - metrics.json: {cache: false}
"""
MAKE = """
import pathlib, yaml
pathlib.Path("data/inner").mkdir(parents=True, exist_ok=True)
rows = yaml.safe_load(open("params.yaml"))["make"]["rows"]
pathlib.Path("data/rows.txt").write_text("row\\n" * rows)
pathlib.Path("data/inner/count.txt").write_text(f"{rows}\\n")
"""
TRAIN = """
import json, pathlib
rows = int(pathlib.Path("data/inner/count.txt").read_text())
pathlib.Path("model.txt").write_text(f"model of {rows}\\n")
pathlib.Path("metrics.json").write_text(json.dumps({"score": rows / 10}))
"""


@pytest.fixture(scope="session")
def two_stages(project_at, made_once):
    """A committed repository with a pipeline of two stages, in which `dvc repro` has run. Not to be changed."""

    def make(root: Path) -> None:
        project = project_at(root)
        project.root.mkdir()
        files = {"dvc.yaml": TWO_STAGES, "make.py": MAKE, "train.py": TRAIN, "params.yaml": "make: {rows: 3}\n"}
        for name, text in {**files, "requirements.txt": "pyyaml==6.0.3\n"}.items():
            (project.root / name).write_text(text)
        project.run("git", "init", "--quiet", "--initial-branch", "main")
        project.dvc("init", "--quiet")
        project.dvc("repro")
        project.commit("run the pipeline")

    return project_at(made_once("two_stages", make))


@pytest.fixture
def small(two_stages, tmp_path, monkeypatch):
    """A copy of the pipeline of two stages, to be changed, and to be the working folder."""
    shutil.copytree(two_stages.root, tmp_path / "small", symlinks=True)
    for name in [name for name in os.environ if name.startswith(("DVC_", "GIT_"))]:
        monkeypatch.delenv(name)
    for name, value in two_stages.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path / "small")
    return replace(two_stages, root=tmp_path / "small")


@pytest.fixture(scope="session")
def small_service_once(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A small checkout to serve from, see small_service.py. Not to be changed."""
    from small_service import make_checkout

    return made_once("small_service", make_checkout)


@pytest.fixture
def small_service(small_service_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small checkout to serve from, to be changed, and to be the working folder."""
    monkeypatch.chdir(shutil.copytree(small_service_once, tmp_path / "service"))
    return tmp_path / "service"
