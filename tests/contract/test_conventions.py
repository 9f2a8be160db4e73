"""Hooks, continuous integration and CONTRIBUTING.md call what is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = Path(sys.executable).parent
WORKFLOW = REPOSITORY / ".github/workflows/ci.yaml"
JOBS = yaml.safe_load(WORKFLOW.read_text())["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
HOOKS = [
    hook
    for repository in yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


def run(*command: str | Path, code: int = 0, text: str | None = None) -> str:
    """Run a command of the environment in this repository, and return all that it says."""
    done = subprocess.run(command, cwd=REPOSITORY, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_pre_commit_accepts_its_settings() -> None:
    run(ENVIRONMENT / "pre-commit", "validate-config", ".pre-commit-config.yaml")


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_a_locked_tool_that_knows_its_options(hook: dict[str, str]) -> None:
    tool, *arguments = shlex.split(hook["entry"])
    assert tool == f".venv/bin/{Path(tool).name}"
    assert hook["language"] == "system"
    help_text = run(ENVIRONMENT / Path(tool).name, arguments[0], "--help")
    assert [option for option in arguments[1:] if option not in help_text] == []


def test_the_workflow_fits_the_schema_of_workflows() -> None:
    run(ENVIRONMENT / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW)


def test_a_workflow_with_a_misspelt_key_does_not(tmp_path: Path) -> None:
    wrong = tmp_path / "ci.yaml"
    wrong.write_text(WORKFLOW.read_text().replace("runs-on:", "run-on:", 1))
    run(ENVIRONMENT / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", wrong, code=1)


def test_the_workflow_runs_what_is_there() -> None:
    assert ".ci/run" in [step.get("run") for step in STEPS]
    for script in [step["run"] for step in STEPS if "run" in step]:
        run("bash", "-n", text=script)
        assert set(re.findall(r"\bmake ([a-z-]+)", script)) <= TARGETS
        for command in re.findall(r"flight-delay ([a-z]+)", script):
            run(ENVIRONMENT / "flight-delay", command, "--help")


def test_actions_have_versions_and_nothing_of_a_pull_request_is_pasted_into_a_script() -> None:
    assert [
        step["uses"] for step in STEPS if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*", step.get("uses", "a/b@v1"))
    ] == []
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_only_a_tag_of_main_is_published_after_all_tests() -> None:
    assert JOBS["publish"]["needs"] == "package"
    assert JOBS["package"]["needs"] == "check"
    assert JOBS["package"]["if"] == "startsWith(github.ref, 'refs/tags/v')"
    scripts = "\n".join(step.get("run", "") for step in JOBS["package"]["steps"])
    assert scripts.index("merge-base --is-ancestor HEAD origin/main") < scripts.index("-m build")
    assert [step for step in JOBS["publish"]["steps"] if "run" in step or "password" in step.get("with", {})] == []


def test_only_the_comment_may_write_and_not_for_a_fork() -> None:
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job} == {
        "compare": {"contents": "read", "pull-requests": "write"},
        "publish": {"id-token": "write"},
    }
    writing = [step for step in STEPS if "GH_TOKEN" in step.get("env", {})]
    assert [step["name"] for step in writing] == ["Comment"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in writing[0]["if"]
    assert "pull_request_target" not in WORKFLOW.read_text()


def test_the_commands_of_contributing_exist() -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (REPOSITORY / "CONTRIBUTING.md").read_text(), re.DOTALL)
    commands = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    assert len(commands) > 5
    for tool, *words in commands:
        if tool == "make":
            assert words[0] in TARGETS
        elif tool != "source":
            assert shutil.which(tool, path=ENVIRONMENT), tool
    for path in re.findall(r"`((?:src|tests|\.ci|\.github)/[\w./]+)`", (REPOSITORY / "CONTRIBUTING.md").read_text()):
        assert (REPOSITORY / path).exists(), path


def test_the_help_of_make_fits_on_one_screen() -> None:
    lines = run("make", "--no-print-directory", "help").splitlines()
    assert {line.split()[1] for line in lines} == TARGETS
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert len({line.index(line.split()[2], 5 + len(line.split()[1])) for line in lines}) == 1  # one column
