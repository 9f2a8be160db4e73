"""A PostgreSQL of a simulation, which may be killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from flight_delay.core.errors import UserError
from flight_delay.tracking.server.postgres import running_postgres

RESTART_SECONDS = 60


class Postgres:
    """A cluster for the predictions database; a context that stops it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        url = self._stack.enter_context(running_postgres(self._folder))
        self.url = url.replace("postgresql://", "postgresql+psycopg2://", 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def kill(self) -> None:
        """End the cluster at once, as a power failure does, and start it again."""
        pid = int((self._folder / "data/postmaster.pid").read_text("utf-8").split()[0])
        os.kill(pid, signal.SIGKILL)
        with suppress(UserError):  # it cannot be stopped any more
            self._stack.close()
        self._stack, end = ExitStack(), time.monotonic() + RESTART_SECONDS
        while True:
            try:
                self.__enter__()
            except UserError:  # its processes end a moment after it
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return
