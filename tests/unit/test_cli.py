"""cli: what every command does around its work."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from argparse import Namespace
from flight_delay.cli import _run_and_flush
sys.exit(_run_and_flush(Namespace(run=lambda _: print("line\\n" * 100_000) or 1)))
"""

# A child inherits the streams, as `dvc` does.
STREAMS = """
import subprocess, sys
from flight_delay.core.runner import run_with_error_handling
def work():
    print(sys.stdin.read() + "\\u00e9\\u2502")
    print("\\u2502", file=sys.stderr)
    return subprocess.run("echo out && echo err >&2", shell=True).returncode
sys.exit(run_with_error_handling("verify", work))
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


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_change_no_exit_code(closed: str) -> None:
    command = ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, STREAMS]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_a_file_gets_the_same_bytes_in_every_locale(locale: dict[str, str]) -> None:
    command = [sys.executable, "-c", STREAMS]
    done = subprocess.run(command, env=locale, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode().splitlines()[-1]) == (0, "é│")


def test_a_terminal_shows_a_question_mark_for_what_it_does_not_have() -> None:
    master, terminal = os.openpty()
    command, locale = [sys.executable, "-c", STREAMS], {"PYTHONIOENCODING": "ascii"}
    streams = {"stdin": subprocess.DEVNULL, "stdout": terminal, "stderr": subprocess.PIPE}
    done = subprocess.run(command, env=locale, check=False, **streams)
    assert done.returncode == 0
    assert "??" in os.read(master, 100).decode().split()
