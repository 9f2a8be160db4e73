"""monitoring: the exact wording of what it finds, and of the health of an environment."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from checkouts import Project
from waiting import free_port

from flight_delay.monitoring.exact import check_timetable

TODAY = dt.date(2013, 8, 20)


def test_a_small_timetable() -> None:
    scheduled = {TODAY - dt.timedelta(ago): 1000 for ago in range(64)} | {TODAY: 850}
    finding = check_timetable(scheduled, TODAY)
    assert finding.message == (
        "850 flights are scheduled for 2013-08-20, 0.85 of the usual number for its weekday; 2013-08-19: 1.00"
    )
    assert finding.basis == (
        "fixed: in 2013, no two such days in succession outside holidays (0 of 44 weeks, below 6.6 % a week)"
    )


@pytest.fixture
def project(small_service: Path, project_at: Callable[[Path], Project]) -> Project:
    return project_at(small_service)


def cells(output: str) -> list[list[str]]:
    return [re.split(" {2,}", line) for line in output.splitlines()]


def test_health(project: Project) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = project.command("health", "--only", "state", "service", "clock", "--url", url, code=2)
    advice = "start it with `flight-delay serve`, or correct --url"
    assert cells(done.stdout) == [
        ["component", "status", "detail", "what to do"],
        ["state", "down", "service/states: no current state", "`flight-delay deploy --as-of DATE` builds one"],
        ["service", "down", f"{url}/ready: no connection", advice],
        ["clock", "warning", "no other clock answers", "start the service, or leave it out with --only"],
    ]
    state_id = project.command("state", "--as-of", "2013-03-05").stdout[6:22]
    detail = f"{state_id}: cut-off 2013-03-05, %s days ago, model checkout"
    for date, code, row in (
        ("2013-03-07", 0, ["state", "ok", detail % 2]),
        ("2013-03-08", 1, ["state", "warning", detail % 3, "`flight-delay deploy --as-of 2013-03-08`"]),
    ):
        done = project.command("health", "--only", "state", "--date", date, code=code)
        assert cells(done.stdout)[1:] == [row]
