"""Fixtures of the tests that kill processes: commands held at a certain moment, comparison with an undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import forks
import psutil
import pytest
from waiting import PATIENCE, wait_until


@dataclass(frozen=True)
class Begun:
    """A running command in a process group of its own, and the file with its output."""

    process: BaseProcess
    output: Path

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, condition: Callable[[], object]) -> None:
        def is_met() -> object:
            assert self.process.is_alive() or condition(), f"ended too soon:\n{self.output.read_text()}"
            return condition()

        wait_until(is_met, self.output.read_text)

    def wait_until_held(self) -> None:
        """Wait until one of its processes has stopped where it was told to."""
        self.wait_for(self._held)

    def _held(self) -> bool:
        with suppress(psutil.NoSuchProcess):
            processes = [psutil.Process(self.process.pid), *self.family()]
            return any(process.status() == psutil.STATUS_STOPPED for process in processes)
        return False

    def wait(self) -> int | None:
        self.process.join(PATIENCE)
        return self.process.exitcode

    def kill(self) -> None:
        """Kill all of it together, as a power failure does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def kill_only_dvc(self) -> list[psutil.Process]:
        """Kill dvc alone; return the processes that are left behind."""
        left = self.family()
        assert left
        self.process.kill()
        self.wait()
        return left


Begin = Callable[..., Begun]


@pytest.fixture(scope="session")
def beginning() -> Callable[[Path], AbstractContextManager[Begin]]:
    """Begins commands with their output in a folder, for fixtures that last longer than a test."""
    return _beginning


@contextmanager
def _beginning(folder: Path) -> Iterator[Begin]:
    """Begin commands that may be held (see hold.py); in the end none of their processes is left."""
    folder.mkdir(parents=True, exist_ok=True)
    begun: list[Begun] = []

    def begin(project: Any, *command: str, hold: str = "", **environment: str) -> Begun:
        output = folder / f"output_{len(begun)}.txt"
        words, variables = list(command or ("dvc", "repro")), {**project.environment, **environment}
        begun.append(Begun(forks.start(words, project.root, variables, (output, output), hold), output))
        return begun[-1]

    try:
        yield begin
    finally:
        for command in begun:
            with suppress(ProcessLookupError):
                os.killpg(command.process.pid, signal.SIGKILL)
            command.wait()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins commands in a checkout, `dvc repro` if none is given, held where `hold` says."""
    with _beginning(tmp_path / "begun") as start:
        yield start


@pytest.fixture(scope="session")
def remove_outputs() -> Callable[..., None]:
    """Removes what stages made from a checkout and from its cache, so that DVC has to run them again."""

    def remove(project: Any, *stages: str) -> None:
        shutil.rmtree(project.root / ".dvc/cache/runs")
        for out in (out for stage in stages for out in project.lock()[stage]["outs"]):
            for path in (
                project.root / ".dvc/cache/files/md5" / out["md5"][:2] / out["md5"][2:],
                project.root / out["path"],
            ):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    return remove


def _files_made(project: Any) -> dict[str, bytes]:
    outs = [
        project.root / out["path"]
        for name, entry in project.lock().items()
        if name != "publish"
        for out in entry["outs"]
    ]
    every = [file for out in outs for file in ([out] if out.is_file() else out.rglob("*")) if file.is_file()]
    return {str(file.relative_to(project.root)): file.read_bytes() for file in every}


@pytest.fixture(scope="session")
def files_made() -> Callable[[Any], dict[str, bytes]]:
    """Reads all outputs of a checkout but the receipt, by path."""
    return _files_made


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Any, Any], None]:
    """Checks that two checkouts have the same lock and output bytes, and that DVC has nothing to do in the first."""

    def check(project: Any, other: Any) -> None:
        assert project.lock() == other.lock()
        assert _files_made(project) == _files_made(other)
        assert "up to date" in project.dvc("status").stdout

    return check
