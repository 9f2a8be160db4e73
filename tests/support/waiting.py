"""Ports, and waiting for conditions with a time limit."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

HERE = "127.0.0.1"
PATIENCE = 600  # seconds, since a busy machine is not a failure


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server((HERE, 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], object], describe: Callable[[], str] = lambda: "waited in vain") -> None:
    """Wait until a condition holds; fail with a description after ten minutes."""
    end, pause = time.monotonic() + PATIENCE, 0.01
    while not condition():
        assert time.monotonic() < end, describe()
        time.sleep(pause)
        pause = min(2 * pause, 0.2)  # asking takes a share of the processors
