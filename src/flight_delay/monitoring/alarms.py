"""What each alarm means, and what to do: references/alarms.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference

ALARMS_FILE = Path("references/alarms.yaml")


class Alarm(Parameters):
    """An alarm for operators.

    `severity` page: a person looks now; warn: on the next working day.
    """

    title: str
    severity: Literal["page", "warn"]
    meaning: str
    first_check: str
    command: str


class Alarms(Parameters):
    """Alarms by check of monitoring, or by alert on the service."""

    format: Literal[1]
    alarms: dict[str, Alarm]


def load_alarms(path: Path = ALARMS_FILE) -> dict[str, Alarm]:
    """Read the alarms by check.

    Raises:
        UserError: the file is missing, or an entry is invalid.
    """
    return read_reference(path, Alarms).alarms


def runbook(alarms: dict[str, Alarm]) -> str:
    """Return the runbook as Markdown: a section per alarm."""
    lines = [
        "# Runbook",
        "",
        f"<!-- Made from {ALARMS_FILE} by `flight-delay monitor --runbook`. -->",
        "",
        "What findings of `flight-delay monitor` and alerts on the service mean ([monitoring.md](monitoring.md)), and",
        "what to do.",
    ]
    for check, alarm in alarms.items():
        urgency = {"page": "look now", "warn": "look on the next working day"}[alarm.severity]
        lines += ["", f"## {check}", "", f"**{alarm.title}** ({urgency}). {alarm.meaning}", ""]
        lines += [f"First check: {alarm.first_check}", "", "```sh", alarm.command, "```"]
    return "\n".join(lines) + "\n"
