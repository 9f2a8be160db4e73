"""`flight-delay simulate`: a season against a real server, with faults, kills and an interruption."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
from checkouts import Project
from waiting import PATIENCE, wait_until

from flight_delay.serving.database import open_database

FIRST, LAST = "2013-03-04", "2013-03-07"


@pytest.fixture
def project(small_service_once: Path, open_folder: Any, project_at: Any) -> Project:
    root = open_folder("season") / "checkout"
    return project_at(Path(shutil.copytree(small_service_once, root)))


def simulate(project: Project, *arguments: str, code: int = 0) -> list[str]:
    done = project.command("simulate", "--from", FIRST, "--through", LAST, "--no-monitor", *arguments, code=code)
    return done.stdout.splitlines() if code == 0 else done.stderr.splitlines()


def numbers(lines: list[str], start: str) -> list[int]:
    (line,) = [line for line in lines if line.startswith(start)]
    return [int(text.replace(",", "")) for text in re.findall(r"-?\d[\d,]*", line)]


def read(folder: Path, statement: str) -> list[Any]:
    engine = open_database(f"sqlite:///{folder / 'predictions.db'}")
    with engine.connect() as connection:
        rows = list(connection.execute(sa.text(statement)))
    engine.dispose()
    return rows


def no_server_of(folder: Path) -> bool:
    commands = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return not any(str(folder) in command for command in commands)


def test_a_season_with_a_fault_and_a_killed_server_loses_no_answer(project) -> None:
    faults = ["timetable=.5@2013-03-05+1", "server-kill@2013-03-06+1", "no-state@2013-03-07"]
    lines = simulate(project, *(text for fault in faults for text in ("--fault", fault)))
    folder = project.root / "service/simulation"
    received, lost, _, repeated, restarts = numbers(lines, "answers:")
    assert (lost, restarts) == (0, 1)
    assert received >= 40
    assert repeated >= 1
    assert numbers(lines, "no answer:") == [0]

    rows = read(
        folder, "SELECT state, flight_id, schedule, days_behind FROM predictions JOIN requests USING (request_id)"
    )
    assert {row.flight_id for row in rows if row.schedule is None} < {row.flight_id for row in rows}
    assert {row.days_behind for row in rows} == {0, 1}
    as_of = {json.loads((folder / "states" / row.state / "state.json").read_text())["as_of"] for row in rows}
    assert as_of == {"2013-03-03", "2013-03-04", "2013-03-05"}
    outcomes = read(folder, "SELECT flight_id, COUNT(*) AS rows, MIN(known_at) AS known_at FROM outcomes GROUP BY 1")
    assert {row.rows for row in outcomes} == {1}
    assert {row.flight_id for row in rows} <= {row.flight_id for row in outcomes}
    assert min(str(row.known_at) for row in outcomes) >= "2013-03-03"
    assert no_server_of(folder)
    assert simulate(project, code=2)  # the folder has this season


def test_answers_are_in_postgresql_after_it_was_killed(project) -> None:
    lines = simulate(project, "--postgres", "--fault", "database-kill@2013-03-05+2")
    folder = project.root / "service/simulation"
    received, lost, *_, restarts = numbers(lines, "answers:")
    assert (lost, restarts) == (0, 0)
    assert received >= 40
    assert numbers(lines, "no answer:") == [0]
    assert (folder / "postgres/log").read_text().count("not properly shut down") == 2
    assert no_server_of(folder)


def test_an_interrupted_season_keeps_its_folder_and_no_process(project) -> None:
    folder = project.root / "service/kept"
    process = project.start(
        *("flight-delay", "simulate", "--from", FIRST, "--through", "2013-05-20"),  # it must not end before
        *("--no-monitor", "--folder", str(folder)),
    )
    wait_until(lambda: list(folder.glob("requests/*.jsonl")) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, output
    assert no_server_of(folder)
    assert (folder / "predictions.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--through", "2013-03-01"], ["--fault", "meteor"], ["--from", "2013-02-01"], ["--folder", "params.yaml"]],
)
def test_what_cannot_be_simulated_is_one_line(project, arguments: list[str]) -> None:
    *_, line = simulate(project, *arguments, code=2)
    assert line.startswith("flight-delay simulate: error: ")
    assert no_server_of(project.root / "service/simulation")
