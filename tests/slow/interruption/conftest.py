"""Fixtures of the tests that kill: commands that are held at a certain moment, and the comparison with what nobody disturbed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
import pytest

PATIENCE = 600
HOLD = Path(__file__).parents[1] / "hold.py"


@dataclass(frozen=True)
class Begun:
    """A command that is at work in a process group of its own, and the file with its output."""

    process: Popen
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, f"ended too soon:\n{self.said()}"
            assert time.monotonic() < end, f"waited in vain:\n{self.said()}"
            time.sleep(0.1)  # a look at all processes of the machine takes 4 ms

    def wait_until_held(self) -> None:
        """Wait until a process of it has stopped where it was told to."""
        self.wait_for(self._held)

    def _held(self) -> bool:
        with suppress(psutil.NoSuchProcess):
            every = [psutil.Process(self.process.pid), *self.family()]
            return any(of.status() == psutil.STATUS_STOPPED for of in every)
        return False

    def signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill all of it together, as a machine that loses its power does."""
        self.signal(signal.SIGKILL)
        assert self.process.wait(PATIENCE) == -signal.SIGKILL

    def kill_only_dvc(self) -> list[psutil.Process]:
        """Kill dvc alone; the processes that are left behind."""
        left = self.family()
        assert left
        self.process.kill()
        self.process.wait(PATIENCE)
        return left


Begin = Callable[..., Begun]


@pytest.fixture(scope="session")
def beginning() -> Callable[[Path], AbstractContextManager[Begin]]:
    """Begins commands with their output in a folder, for fixtures that last longer than a test."""
    return _beginning


@contextmanager
def _beginning(folder: Path) -> Iterator[Begin]:
    """Begin commands whose `python -m` may be held (see hold.py); in the end nothing of them is left."""
    folder.mkdir(parents=True, exist_ok=True)
    python, begun = folder / "bin/python", []
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HOLD}" "$@"\n')
    python.chmod(0o755)

    def begin(project: Any, *command: str, hold: str = "") -> Begun:
        output = folder / f"output_{len(begun)}.txt"
        output.touch()
        path = f"{python.parent}{os.pathsep}{project.environment['PATH']}"
        process = project.start(
            "sh", "-c", f'exec "$@" > {output} 2>&1', "sh", *(command or ("dvc", "repro")), PATH=path, HOLD=hold
        )
        begun.append(Begun(process, output))
        return begun[-1]

    try:
        yield begin
    finally:
        for command in begun:
            with suppress(ProcessLookupError):
                command.signal(signal.SIGKILL)
            command.process.wait(PATIENCE)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins commands in a checkout, `dvc repro` if none is given, held where `hold` says."""
    with _beginning(tmp_path / "begun") as start:
        yield start


def _files_made(project: Any) -> dict[str, bytes]:
    outs = [
        project.root / out["path"] for name, of in project.lock().items() if name != "publish" for out in of["outs"]
    ]
    every = [file for out in outs for file in ([out] if out.is_file() else out.rglob("*")) if file.is_file()]
    return {str(file.relative_to(project.root)): file.read_bytes() for file in every}


@pytest.fixture(scope="session")
def files_made() -> Callable[[Any], dict[str, bytes]]:
    """Reads all outputs of a checkout but the receipt, by path."""
    return _files_made


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Any, Any], None]:
    """Checks that two checkouts have the same lock and outputs, byte for byte, and that DVC has nothing to do in the first."""

    def check(project: Any, other: Any) -> None:
        assert project.lock() == other.lock()
        assert _files_made(project) == _files_made(other)
        assert "up to date" in project.run("dvc", "status").stdout

    return check
