"""Everything that names the supported versions of Python names the same ones."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

REPOSITORY = Path(__file__).resolve().parents[2]
SUPPORTED = re.search(r"^supported='(.+)'$", (REPOSITORY / "tools/create_venv.sh").read_text(), re.MULTILINE)[1].split()
OLDEST, NEWEST = SUPPORTED[-1], SUPPORTED[0]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def test_the_environment_is_created_with_the_newest_that_the_package_admits() -> None:
    admits = SpecifierSet(PROJECT["project"]["requires-python"])
    assert [version for version in (f"3.{minor}" for minor in range(30, 0, -1)) if version in admits] == SUPPORTED


def test_linter_types_and_locks_are_for_the_oldest() -> None:
    assert PROJECT["tool"]["mypy"]["python_version"] == OLDEST
    assert "target-version" not in PROJECT["tool"]["ruff"]  # ruff takes the oldest that the package admits
    locks = re.findall(r"uv pip compile .*", (REPOSITORY / "Makefile").read_text())
    assert len(locks) == 5
    assert [line for line in locks if f"--universal --python-version {OLDEST} " not in line] == []


def test_continuous_integration_runs_on_each() -> None:
    jobs = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yaml").read_text())["jobs"]
    check = jobs["check"]
    assert sorted(check["strategy"]["matrix"]["python"]) == sorted(SUPPORTED)
    assert check["env"]["PYTHON"] == "python${{ matrix.python }}"  # else make would take the newest of the machine
    for job in (job for job in jobs.values() if any("run" in step for step in job["steps"])):
        named = [step["with"]["python-version"] for step in job["steps"] if "setup-python" in step.get("uses", "")]
        assert len(named) == 1
        assert named[0] in {*SUPPORTED, "${{ matrix.python }}"}
        assert job["env"]["PYTHON"] == f"python{named[0]}"


def test_readme_and_contributing_name_them() -> None:
    oldest_first = SUPPORTED[::-1]
    assert f"Python {', '.join(oldest_first[:-1])} or {NEWEST}" in (REPOSITORY / "README.md").read_text()
    contributing = (REPOSITORY / "CONTRIBUTING.md").read_text()
    assert f"Python {OLDEST} to {NEWEST}" in contributing
    assert f"write for {OLDEST}" in contributing
    assert f"Python {OLDEST} to {NEWEST}" in (REPOSITORY / "docs/review.md").read_text()
