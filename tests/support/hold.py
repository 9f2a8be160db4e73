"""Stop a process (SIGSTOP) at a certain moment, however fast the machine is, so that a test can kill it there.

A moment is the event of a number that a pattern matches, before the process does what the event is about. Events are
lines: `open PATH`, `os.rename FROM TO`, `shutil.copyfile FROM TO`, `sql STATEMENT` (of SQLite), and `log MESSAGE`, once
it is logged."""

from __future__ import annotations

import logging
import os
import re
import signal
import sqlite3
import sys
from typing import Any

WATCHED = {"open": 1, "os.rename": 2, "shutil.copyfile": 2}


def hold_at(number: int, pattern: str) -> None:
    """Stop this process at the event of a number that a pattern matches."""
    left = number

    def happens(event: str) -> None:
        nonlocal left
        if left and re.search(pattern, event):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGSTOP)

    def audit(event: str, arguments: tuple) -> None:
        if event in WATCHED:
            happens(" ".join([event, *map(str, arguments[: WATCHED[event]])]))

    connect = sqlite3.connect

    def connect_and_tell(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda statement: happens(f"sql {statement}"))
        return connection

    handle = logging.Logger.handle

    def handle_and_tell(logger: logging.Logger, record: logging.LogRecord) -> None:
        handle(logger, record)
        happens(f"log {record.getMessage()}")

    logging.Logger.handle = handle_and_tell  # type: ignore[method-assign]
    sqlite3.connect = sqlite3.dbapi2.connect = connect_and_tell
    sys.addaudithook(audit)
