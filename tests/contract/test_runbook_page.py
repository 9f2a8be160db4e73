"""The runbook is made from references/alarms.yaml, and has a section for every check."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from flight_delay.cli import COMMANDS
from flight_delay.monitoring.alarms import load_alarms, runbook

REPOSITORY = Path(__file__).resolve().parents[2]
ALARMS = load_alarms(REPOSITORY / "references/alarms.yaml")
PAGE = (REPOSITORY / "docs/runbook.md").read_text()


def test_the_page_is_made_from_the_alarms() -> None:
    assert runbook(ALARMS) == PAGE


def test_every_check_of_the_library_has_an_alarm_and_a_section() -> None:
    sources = [path.read_text() for path in (REPOSITORY / "src/flight_delay/monitoring").glob("*.py")]
    checks = set(re.findall(r'Finding\(\s*"(\w+)"', "\n".join(sources)))
    assert checks == set(ALARMS)
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == list(ALARMS)


@pytest.mark.parametrize("check", ALARMS)
def test_the_command_of_an_alarm_exists(check: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()
    for command in COMMANDS:
        command.add_arguments(commands)
    tool, verb, *_ = shlex.split(ALARMS[check].command)
    assert tool == "flight-delay"
    options = set(re.findall(r"--[a-z-]+", ALARMS[check].command))
    assert options <= set(re.findall(r"--[a-z-]+", commands.choices[verb].format_help()))
