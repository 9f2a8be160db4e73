"""The runbook is made from references/alarms.yaml, and has a section for every check."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path

import pytest

from flight_delay.cli import COMMANDS
from flight_delay.monitoring.alarms import load_alarms

REPOSITORY = Path(__file__).resolve().parents[2]
ALARMS = load_alarms(REPOSITORY / "references/alarms.yaml")
PAGE = (REPOSITORY / "docs/runbook.md").read_text()
SERVER_PATHS = json.loads((REPOSITORY / "references/openapi.json").read_text())["paths"]


def test_every_check_of_the_library_and_every_alert_has_a_section() -> None:
    sources = [path.read_text() for path in (REPOSITORY / "src/flight_delay/monitoring").glob("*.py")]
    checks = set(re.findall(r'Finding\(\s*"(\w+)"', "\n".join(sources)))
    rules = (REPOSITORY / "deploy/prometheus/rules.yml").read_text()
    alerts = set(re.findall(r"runbook\.md#(\w+)", rules))
    assert checks
    assert alerts
    assert checks | alerts == set(ALARMS)
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == list(ALARMS)


@pytest.mark.parametrize("check", ALARMS)
def test_the_command_of_an_alarm_exists(check: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()
    for command in COMMANDS:
        command.add_arguments(commands)
    tool, verb, *_ = shlex.split(ALARMS[check].command)
    if tool == "curl":
        assert verb.rpartition("8000")[2] in {"/openapi.json", *SERVER_PATHS}
        return
    if tool == "docker":
        assert verb == "compose"
        return
    assert tool == "flight-delay"
    options = set(re.findall(r"--[a-z-]+", ALARMS[check].command))
    assert options <= set(re.findall(r"--[a-z-]+", commands.choices[verb].format_help()))
