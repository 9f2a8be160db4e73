"""review.clean_clone: what of the user's environment reaches a clean room. Cloning and running is tested in tests/slow."""

from __future__ import annotations

import sys
from pathlib import Path

from flight_delay.review.clean_clone import clean_environment


def test_the_environment_does_not_lead_to_the_users_own_state() -> None:
    given = {
        "DVC_ROOT": "/x",
        "MLFLOW_TRACKING_URI": "y",
        "GIT_DIR": "z",
        "PYTHONPATH": "src",
        "HOME": "/h",
        "PATH": "/bin",
    }
    kept = clean_environment(given)
    assert {*kept} == {"HOME", "PATH"}
    assert kept["PATH"].split(":") == [str(Path(sys.executable).parent), "/bin"]


def test_another_interpreter_comes_first() -> None:
    assert clean_environment({"PATH": "/bin"}, Path("/env/bin/python"))["PATH"] == "/env/bin:/bin"
