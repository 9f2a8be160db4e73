"""cli: what every command does around its work."""

from __future__ import annotations

import shlex
import subprocess
import sys

PROGRAM = """
import sys
from argparse import Namespace
from flight_delay.cli import _run_and_flush
sys.exit(_run_and_flush(Namespace(run=lambda _: print("line\\n" * 100_000) or 1)))
"""


def printed(*through: str) -> subprocess.CompletedProcess[str]:
    command = " | ".join([f"{sys.executable} -c {shlex.quote(PROGRAM)}", *through])
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    done = printed("head -1")
    assert (done.stdout, done.stderr, done.returncode) == ("line\n", "", 0)


def test_a_reader_that_reads_all_gets_the_code_of_the_command() -> None:
    done = printed("wc -l")
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("100001", "", 1)
