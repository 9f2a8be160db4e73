"""A Dask scheduler and workers as processes, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from waiting import HERE, free_port, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Cluster:
    """A running cluster; each worker has a nanny, which starts it again when it ends."""

    folder: Path
    address: str
    environment: Mapping[str, str]
    scheduler: subprocess.Popen[bytes]
    nannies: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *options: str) -> None:
        """Start a worker of one thread, and wait until the scheduler knows it."""
        number = len(self.nannies)
        log = self.folder / f"worker-{number}.log"
        command = ["worker", self.address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0", *options]
        self.nannies.append(_start(self.folder, log, self.environment, *command))
        wait_until(lambda: "Registered to" in log.read_text(), log.read_text)


def _start(folder: Path, log: Path, environment: Mapping[str, str], *command: str) -> subprocess.Popen[bytes]:
    with log.open("w") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def cluster(
    folder: Path, workers: int, environment: Mapping[str, str], protocol: str = "tcp", source: Path = REPOSITORY
) -> Iterator[Cluster]:
    """Run a scheduler and workers, with a copy of the code of `source`, and kill them at the end."""
    folder.mkdir(parents=True)
    for name in ("src", "references"):
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    paths = os.pathsep.join([str(folder / "src"), str(REPOSITORY / "tests/support")])
    environment = {**environment, "PYTHONPATH": paths, "TMPDIR": str(folder)}
    port, log = free_port(), folder / "scheduler.log"
    command = ["scheduler", "--host", f"{protocol}://{HERE}", "--port", str(port), "--no-dashboard"]
    scheduler = _start(folder, log, environment, *command)
    running = Cluster(folder, f"{protocol}://{HERE}:{port}", environment, scheduler)
    try:
        wait_until(lambda: "Scheduler at" in log.read_text() or scheduler.poll() is not None, log.read_text)
        for _ in range(workers):
            running.add_worker()
        yield running
    finally:
        for process in [*running.nannies, scheduler]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
