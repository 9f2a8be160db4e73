"""The stage `publish` in a process that has imported it already: in a folder, with an environment and a file for its output, and held where it is told to (see
hold.py)."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from flight_delay.core.runner import run_stage
from flight_delay.stages import publish

if __name__ == "__publisher__":
    given = globals()
    os.environ.clear()
    os.environ.update(given["environment"])
    os.chdir(given["folder"])
    written = os.open(given["output"], os.O_WRONLY | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(written, standard)
    sys.stdout, sys.stderr = (open(standard, "w", closefd=False) for standard in (1, 2))  # noqa: SIM115
    if given["hold"]:
        number, _, pattern = given["hold"].partition(" ")
        runpy.run_path(str(Path(__file__).with_name("hold.py")))["hold_at"](int(number), pattern)
    run_stage("publish", publish.main)
