"""Fixtures of the slow tests: a `dvc repro` to be killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import psutil
import pytest

PATIENCE = 120


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
