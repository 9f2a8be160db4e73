"""review.environment and review.clean_clone: locked and installed versions, building environments, variables."""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path

import pytest

from flight_delay.review.clean_clone import clean_environment
from flight_delay.review.environment import build_environment, locked_versions, read_environment, version_mismatches

LOCKED = (Path(__file__).resolve().parents[2] / "requirements.txt").read_text()
# Locked with its hashes; it has no dependencies.
SMALL = re.search(r"^threadpoolctl==(\S+) .*?(?=^\S)", LOCKED, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("python", "scipy"), [("3.11.7", "1.17.1"), ("3.12.0", "1.18.1"), ("3.14.2", "1.18.1")])
def test_pins_of_a_lock_are_read_for_a_version_of_python(python: str, scipy: str) -> None:
    text = """
# This file was made by a tool.
alembic==1.18.0 \\
    --hash=sha256:0f \\
    --hash=sha256:1f
    # via mlflow
Scikit_Learn==1.9.1 ; python_version >= '3.11' \\
    --hash=sha256:2f
scipy==1.17.1 ; python_full_version < '3.12'
scipy==1.18.1 ; python_full_version >= '3.12'
pywin32==311 ; sys_platform == 'win32' \\
    --hash=sha256:3f
-c constraints.txt
loose>=1.0
"""
    assert locked_versions(text, python) == {"alembic": "1.18.0", "scikit-learn": "1.9.1", "scipy": scipy}


def test_the_lock_of_this_repository_is_installed() -> None:
    environment = read_environment(Path(sys.executable))
    locked = locked_versions(LOCKED, environment.python)
    assert len(locked) > 100
    assert version_mismatches(locked, environment.versions) == []
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert not environment.is_fresh


def test_a_built_environment_has_the_locked_packages_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {
        "PIP_USER": "1",
        "PIP_DRY_RUN": "1",
        "PIP_TARGET": str(tmp_path / "elsewhere"),
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "requirements.txt").write_text(SMALL[0])
    environment = read_environment(build_environment(tmp_path, tmp_path / "env"))
    assert environment.is_fresh
    assert {*environment.versions} - {"pip", "setuptools"} == {"threadpoolctl"}
    assert environment.versions["threadpoolctl"] == SMALL[1]


def test_credentials_and_settings_do_not_reach_a_clean_clone() -> None:
    gone = (
        "DVC_ROOT", "MLFLOW_TRACKING_PASSWORD", "GIT_DIR", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "XDG_CONFIG_HOME",
        "SSH_AUTH_SOCK", "GITHUB_TOKEN", "LD_PRELOAD", "http_proxy",
    )  # fmt: skip
    kept = {"LC_ALL": "x", "TZ": "x", "OMP_NUM_THREADS": "x", "LD_LIBRARY_PATH": "x", "USER": "x"}
    given = {**kept, **dict.fromkeys(gone, "x"), "HOME": "/home/ada", "PATH": "/bin"}
    clean = clean_environment(Path("/new"), given, Path("/env/bin/python"))
    assert clean == {**kept, "HOME": "/new", "PATH": "/env/bin:/bin"}
