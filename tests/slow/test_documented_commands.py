"""The commands of README and docs run, one after the other, as they are written. That those which are only named in the text
exist is checked in tests/contract/test_documentation.py."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
import urllib.request
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# These pages are about services that have to be started and models that have to be there: tests of their own run their commands.
ELSEWHERE = {"server.md", "registry.md"}
PAGES = [
    REPOSITORY / "README.md",
    *(page for page in sorted((REPOSITORY / "docs").glob("*.md")) if page.name not in ELSEWHERE),
]
BLOCKS = [block for page in PAGES for block in re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL)]
COMMANDS = [line.partition(" #")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
# The environment is there already; make is told not to look whether it is up to date.
AS_SET_UP = [word for name in ("runtime", "team", "dev") for word in ("-o", f".venv/.{name}-installed")]


@pytest.fixture
def of_two_stages(small):
    """A pipeline of two stages, in which everything is made again in seconds, with a commit before the last one."""
    (small.root / ".venv").symlink_to(sys.prefix)
    small.run("git", "commit", "--quiet", "--allow-empty", "--message", "so that there is a commit before this")
    return small


def test_the_commands_of_all_pages_run(copy_of_made, of_two_stages) -> None:
    (copy_of_made.root / ".venv").symlink_to(sys.prefix)
    copy_of_made.run("git", "commit", "--quiet", "--allow-empty", "--message", "so that there is a commit before this")
    assert COMMANDS[:2] == ["make repro", "make test"]
    said = set()
    for command in COMMANDS:
        if command in said:
            continue  # it would say the same
        if command.startswith(("flight-delay verify", "flight-delay explain")):
            said.add(command)
        if command == "flight-delay verify HEAD~1":
            # Where it says that the real pipeline is the same: tests/slow/test_verify.py.
            of_two_stages.run("bash", "-ec", f"source .venv/bin/activate && {command}")
        elif command == "make ui":
            _ui_answers(copy_of_made)
        elif command.startswith("flight-delay review run"):
            copy_of_made.run("flight-delay", "review", "run", "--help")  # an hour's work: tests/slow/test_review.py
        elif command.startswith("dvc queue start"):
            # Two pipelines in folders of their own, and what comes of them: tests/slow/test_experiments.py.
            copy_of_made.run("dvc", "queue", "start", "--help")
        elif command.startswith("make "):
            # The tests do not run themselves, and verifying is the next command, for another commit.
            only_say = ["--dry-run"] if command in {"make test", "make verify"} else []
            copy_of_made.run("make", *AS_SET_UP, *only_say, *command.split()[1:])
        else:
            copy_of_made.run("bash", "-ec", f"source .venv/bin/activate && {command}")


def _ui_answers(project) -> None:
    port = "51387"
    server = project.start("make", *AS_SET_UP, "ui", f"PORT={port}")
    try:
        for _ in range(120):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                    assert answer.read() == b"OK"
                    return
            except OSError:
                time.sleep(1)
        pytest.fail("the MLflow UI does not answer")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
