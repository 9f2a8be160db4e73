"""Run `hold.py -m MODULE ARGUMENT…` as `python -m` does, and stop the process (SIGSTOP) where the variable HOLD says.

HOLD is `MODULE NUMBER PATTERN`: the process that runs this module stops at the event of this number that the pattern matches, before
it does what the event is about. Events are lines: `open PATH`, `os.rename FROM TO`, `shutil.copyfile FROM TO`, `sql STATEMENT` (of
SQLite), and `log MESSAGE`, once it is logged. So a test kills a process at a certain moment, however fast the machine is."""

from __future__ import annotations

import logging
import os
import re
import runpy
import signal
import sqlite3
import sys
from pathlib import Path
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


if __name__ == "__main__":
    assert sys.argv[1] == "-m", sys.argv
    name = sys.argv[2]
    module, _, where = os.environ.get("HOLD", "").partition(" ")
    if module == name:
        hold_at(int(where.partition(" ")[0]), where.partition(" ")[2])
    sys.argv[:3] = [name]
    sys.path[0] = str(Path.cwd())  # as `-m` has it
    runpy.run_module(name, run_name="__main__", alter_sys=True)
