"""Run the commands of README and docs as they are written, in one checkout, except those that another test runs.

That commands which are only named in the text exist: tests/contract/test_documentation.py."""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from waiting import HERE, PATIENCE, free_port, wait_until

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[1]
# Commands of these pages need services or registered models; test_promotion.py, test_service_docs.py and
# tests/services/ read the pages.
ELSEWHERE = {"server.md", "registry.md", "service.md", "api.md", "tables.md", "environments.md"}
PAGES = [
    REPOSITORY / "README.md",
    *(page for page in sorted((REPOSITORY / "docs").glob("*.md")) if page.name not in ELSEWHERE),
]
BLOCKS = [block for page in PAGES for block in re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL)]
COMMANDS = [line.partition(" #")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
# The environment is there already; make is told not to look whether it is up to date.
AS_SET_UP = [word for name in ("runtime", "team", "dev") for word in ("-o", f".venv/.{name}-installed")]
# The tests do not run themselves, and what is verified is verified in test_verify.py.
ONLY_SAID = {"make test", "make verify"}


def documented_in(path: Path) -> list[str]:
    """Commands that a test says it runs as they are documented: its constant DOCUMENTED."""
    documented = [
        ast.literal_eval(statement.value)
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "DOCUMENTED"
    ]
    return [command for commands in documented for command in commands]


RUN_BY = {path.name: commands for path in sorted(FOLDER.rglob("test_*.py")) if (commands := documented_in(path))}
RUN_ELSEWHERE = [command for commands in RUN_BY.values() for command in commands]


def test_every_documented_command_is_run_by_one_test() -> None:
    assert set(RUN_BY) == {
        "test_download.py", "test_experiments.py", "test_remote.py", "test_review.py", "test_search.py",
        "test_season.py",
    }  # fmt: skip
    assert [command for command in RUN_ELSEWHERE if command not in COMMANDS] == []
    assert len(RUN_ELSEWHERE) == len(set(RUN_ELSEWHERE))


@pytest.fixture
def of_two_stages(small):
    """A pipeline of two stages, in which everything is made again in seconds, with a commit before the last one."""
    small.run("git", "commit", "--quiet", "--allow-empty", "--message", "so that there is a commit before this")
    return small


def test_the_commands_of_all_pages_run(copy_of_made, of_two_stages) -> None:
    project = copy_of_made
    (project.root / ".venv").symlink_to(sys.prefix)
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "so that there is a commit before this")
    assert COMMANDS[:2] == ["make repro", "make test"]
    project.dvc("repro")  # publishes, which takes `make repro` longer
    for command in dict.fromkeys(COMMANDS):  # once, wherever it stands
        if command in RUN_ELSEWHERE:
            continue
        if command == "flight-delay verify HEAD~1":
            # Where it says that the real pipeline is the same: test_verify.py.
            of_two_stages.command(*shlex.split(command)[1:])
        elif command == "make ui":
            _ui_answers(project)
        elif command.startswith("make "):
            only_say = ["--dry-run"] if command in ONLY_SAID else []
            project.run("make", *AS_SET_UP, *only_say, *command.split()[1:])
        elif re.match(r"(flight-delay|dvc) [^|*]+$", command):
            run = project.dvc if command.startswith("dvc ") else project.command
            run(*shlex.split(command)[1:])
        else:
            project.run("bash", "-ec", f"source .venv/bin/activate && {command}")


def test_the_explanation_in_the_docs_is_the_output_of_its_command(whole_year) -> None:
    page = (REPOSITORY / "docs/explanations.md").read_text()
    ((arguments, output),) = re.findall(r"```text\n\$ flight-delay (.+)\n([^`]*)```", page)
    example = [*output.splitlines(), ""]  # the terms that are printed after it are left out
    assert whole_year.command(*shlex.split(arguments)).stdout.splitlines()[: len(example)] == example


def _ui_answers(project) -> None:
    port = free_port()

    def is_healthy() -> bool:
        assert server.poll() is None, Path(output.name).read_text()
        with suppress(OSError), urllib.request.urlopen(f"http://{HERE}:{port}/health", timeout=60) as answer:
            return answer.read() == b"OK"
        return False

    with (project.root / "logs/ui.txt").open("w") as output:
        server = project.start(
            "sh", "-c", f'exec "$@" > {output.name} 2>&1', "sh", "make", *AS_SET_UP, "ui", f"PORT={port}",
            MLFLOW_WORKERS="1", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", http_proxy=f"http://{HERE}:9",
        )  # fmt: skip
    try:
        wait_until(is_healthy, lambda: Path(output.name).read_text())
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(PATIENCE)
