"""Fixtures of the tests that run a pipeline: checkouts to spoil, a `dvc repro` to be killed, and a pipeline of two lines."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen

import psutil
import pytest

PATIENCE = 120


@pytest.fixture
def checkout(made, tmp_path):
    """A bare copy of the made checkout, for a test that spoils it."""
    return made.bare_copy(tmp_path / "project")


@dataclass(frozen=True)
class Begun:
    """A `dvc repro` that is at work in a process group of its own, and the file with its output."""

    process: Popen
    output: Path

    def said(self, words: str) -> bool:
        return words in self.output.read_text()

    def wait_for(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, f"ended too soon:\n{self.output.read_text()}"
            assert time.monotonic() < end, f"waited in vain:\n{self.output.read_text()}"
            time.sleep(0.001)

    def signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill dvc and its stage together, as a machine that loses its power does."""
        self.signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL

    def kill_only_dvc(self) -> list[psutil.Process]:
        """Kill dvc alone; the processes that are left behind."""
        left = psutil.Process(self.process.pid).children(recursive=True)
        assert left
        self.process.kill()
        self.process.wait()
        return left


@pytest.fixture
def begin(tmp_path) -> Iterator[Callable[..., Begun]]:
    """Begins `dvc repro` with some arguments; in the end nothing of it is left."""
    begun = []

    def start(project, *arguments: str) -> Begun:
        output = tmp_path / f"output_{len(begun)}.txt"
        output.touch()
        dvc = project.start("sh", "-c", f'exec dvc repro "$@" > {output} 2>&1', "sh", *arguments)
        begun.append(Begun(dvc, output))
        return begun[-1]

    yield start
    for command in begun:
        with suppress(ProcessLookupError):
            command.signal(signal.SIGKILL)
        command.process.wait()


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
        project.run("dvc", "init", "--quiet")
        project.run("dvc", "repro")
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
