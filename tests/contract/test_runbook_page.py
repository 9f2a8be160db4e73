"""The runbook is made from references/alarms.yaml, and has a section for every check."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from flight_delay.monitoring.alarms import load_alarms

REPOSITORY = Path(__file__).resolve().parents[2]
ALARMS = load_alarms(REPOSITORY / "references/alarms.yaml")
PAGE = (REPOSITORY / "docs/runbook.md").read_text()


def test_the_page_is_the_one_that_the_command_prints() -> None:
    command = ["flight-delay", "monitor", "--runbook"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == PAGE


def test_every_check_of_the_library_has_an_alarm_and_a_section() -> None:
    sources = [path.read_text() for path in (REPOSITORY / "src/flight_delay/monitoring").glob("*.py")]
    checks = set(re.findall(r'Finding\(\s*"(\w+)"', "\n".join(sources)))
    assert checks == set(ALARMS)
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == list(ALARMS)


@pytest.mark.parametrize("check", ALARMS)
def test_the_command_of_an_alarm_exists(check: str) -> None:
    tool, verb, *_ = shlex.split(ALARMS[check].command)
    options = re.findall(r"--[a-z-]+", ALARMS[check].command)
    shown = subprocess.run([tool, verb, "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert [option for option in options if option not in shown] == []
