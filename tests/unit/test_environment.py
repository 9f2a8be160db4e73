"""review.environment: which versions a lock wants and an interpreter has; and one environment that pip really builds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.environment import build_environment, locked_versions, read_environment, version_mismatches

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKED = (REPOSITORY / "requirements.txt").read_text()
# Locked with its hashes; it needs nothing else.
SMALL = re.search(r"^threadpoolctl==(\S+) .*?(?=^\S)", LOCKED, re.DOTALL | re.MULTILINE)


def test_pins_are_read_as_a_lock_has_them() -> None:
    text = """
# This file was made by a tool.
alembic==1.18.0 \\
    --hash=sha256:0f \\
    --hash=sha256:1f
    # via mlflow
Scikit_Learn==1.9.1 ; python_full_version >= '3.11' \\
    --hash=sha256:2f
pywin32==311 ; sys_platform == 'win32' \\
    --hash=sha256:3f
-c constraints.txt
loose>=1.0
"""
    assert locked_versions(text, "3.11.7") == {"alembic": "1.18.0", "scikit-learn": "1.9.1"}


@pytest.mark.parametrize(("python", "scipy"), [("3.11.7", "1.17.1"), ("3.12.0", "1.18.1"), ("3.14.2", "1.18.1")])
def test_pins_are_those_for_the_python_that_is_asked_about(python: str, scipy: str) -> None:
    text = """
numpy==2.4.6 ; python_version >= '3.11'
scipy==1.17.1 ; python_full_version < '3.12'
scipy==1.18.1 ; python_full_version >= '3.12'
"""
    assert locked_versions(text, python) == {"numpy": "2.4.6", "scipy": scipy}


def test_the_lock_of_this_repository_is_what_is_installed() -> None:
    has = read_environment(Path(sys.executable))
    wanted = locked_versions(LOCKED, has.python)
    assert len(wanted) > 100
    assert version_mismatches(wanted, has.versions) == []
    assert has.python == ".".join(map(str, sys.version_info[:3]))
    assert not has.fresh


def test_other_and_missing_versions_are_named() -> None:
    other, missing = version_mismatches({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "2.1", "d": "4"})
    assert other.startswith("b 2 ")
    assert " 2.1 " in other
    assert missing.startswith("c 3 ")


def test_an_environment_has_what_the_lock_wants_and_nothing_of_this_one(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(SMALL[0])
    has = read_environment(build_environment(tmp_path, tmp_path / "env"))
    assert has.fresh
    assert {*has.versions} - {"pip", "setuptools"} == {"threadpoolctl"}
    assert has.versions["threadpoolctl"] == SMALL[1]


def test_a_python_that_cannot_make_environments_is_one_line_of_advice(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "requirements.txt").write_text(SMALL[0])

    def without_ensurepip(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr("venv.create", without_ensurepip)
    with pytest.raises(UserError, match=r"^[^\n]*virtual environments [^\n]*--fresh-env$"):
        build_environment(tmp_path, tmp_path / "env")


def test_a_wrong_hash_and_no_lock_at_all_are_one_line_of_advice(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"requirements.txt; [^\n]*--fresh-env [^\n]*$"):
        build_environment(tmp_path, tmp_path / "env")
    (tmp_path / "requirements.txt").write_text(re.sub("sha256:[0-9a-f]", "sha256:0", SMALL[0]).replace("0", "1"))
    with pytest.raises(UserError, match=r"^pip [^\n]* requirements.txt [^\n]*$"):
        build_environment(tmp_path, tmp_path / "env")
