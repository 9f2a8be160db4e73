"""Run `flight-delay serve`, and start it again when it ended."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, Self

from flight_delay.core.errors import UserError

HOST = "127.0.0.1"
START_SECONDS = 120  # a busy machine starts it late
STOP_SECONDS = 60
_VARIABLE = "FLIGHT_DELAY_DATABASE"


class Usage(NamedTuple):
    """CPU time and memory of a process; 0 where the system does not tell."""

    cpu_seconds: float
    rss_mib: float


class Server:
    """A server process with a service folder of its own; a context that ends it.

    Attributes:
        port: on which it listens.
        restarts: how often it was started again.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self._folder, self._environment = folder, {**os.environ, _VARIABLE: database}
        with socket.create_server((HOST, 0)) as listener:
            self.port = int(listener.getsockname()[1])
        self.restarts = -1
        self._cpu_seconds = self._cpu_before = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.ensure_running()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def ensure_running(self) -> None:
        """Start the process if it does not run, and wait until it answers.

        Raises:
            UserError: it ends, or does not answer in time.
        """
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise UserError(f"the server does not start; see {self._log}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the process at once, as a crash does."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def usage(self) -> Usage:
        """Return the CPU time of all its processes, and memory of the present."""
        status = Path(f"/proc/{self._process.pid}" if self._process else "/proc/none")
        try:
            fields = (status / "stat").read_text("utf-8").rpartition(")")[2].split()
            pages = int((status / "statm").read_text("utf-8").split()[1])
        except OSError:  # another system, or it has ended
            return Usage(self._cpu_before + self._cpu_seconds, 0.0)
        self._cpu_seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return Usage(self._cpu_before + self._cpu_seconds, pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20))

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    def _start(self) -> subprocess.Popen[bytes]:
        self._cpu_before, self._cpu_seconds = self._cpu_before + self._cpu_seconds, 0.0
        self.restarts += 1
        command = [sys.executable, "-m", "flight_delay.cli", "serve", "--service", str(self._folder)]
        with self._log.open("ab") as log:
            # Of its own session: Ctrl-C ends the simulation first, which then ends the server.
            return subprocess.Popen(
                [*command, "--port", str(self.port)],
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=STOP_SECONDS)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
