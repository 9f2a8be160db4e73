"""serving: the exact wording of what its commands print."""

from __future__ import annotations

import datetime as dt
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from answers_database import prediction, request
from checkouts import Project
from small_service import MODEL, inputs

from flight_delay.serving.builder import build_state
from flight_delay.serving.database import insert_answers, open_database
from flight_delay.serving.deployment import describe_deployment
from flight_delay.serving.replay import replay_request
from flight_delay.serving.state import load_state
from flight_delay.serving.table import AnswerTable

AS_OF, STATES = dt.date(2013, 3, 5), Path("service/states")


@pytest.fixture
def project(small_service: Path, project_at: Callable[[Path], Project]) -> Project:
    return project_at(small_service)


def test_state_prints_what_it_built(project: Project) -> None:
    done = project.command("state", "--as-of", "2013-03-05")
    state_id = (project.root / "service/states/current").read_text().strip()
    assert (done.stdout, done.stderr) == (
        f"state {state_id}: as of 2013-03-05, 50 scheduled flights, model checkout\n", "",
    )  # fmt: skip


def test_predict_prints_the_file_and_its_dates(project: Project) -> None:
    done = project.command("predict", "--date", "2013-03-04", "2013-03-05", "--output", "new/week.csv")
    assert done.stdout == "new/week.csv: 20 flights\n"
    assert done.stderr.splitlines() == ["  date 2013-03-04 (1 of 2)", "  date 2013-03-05 (2 of 2)"]
    assert (project.root / "new/week.csv").read_text().splitlines()[0] == (
        '"flight_id","flight_date","carrier","flight_number","origin","destination","scheduled_departure_utc",'
        '"probability","predicted_late","days_behind","reasons","state","model_version"'
    )


KEYS = "give the output of `printf %s KEY | sha256sum`, one per line"
REFUSED = {
    "predict --date 2013-03-05 2013-03-04": "--date 2013-03-05 2013-03-04: give one date, or the first and the last",
    "predict --date 2013-03-05 --output a.xlsx": "--output a.xlsx: unknown format; use .csv or .parquet",
    "predict --date '5 March'": "argument --date: '5 March' is not a date such as 2013-11-30",
    "archive --to to --keep-days -1": "--keep-days -1: give 0 to 36500",
    "archive --to to --keep-days 99999999999": "--keep-days 99999999999: give 0 to 36500",
    "state --as-of 9999-12-31": "argument --as-of: '9999-12-31' is not a date such as 2013-11-30",
    "health --time-limit 0": "argument --time-limit: '0' is not a number of seconds up to 3600, such as 10",
    "deploy --alias previous": "argument --alias: 'previous' is not an alias; give champion or challenger",
    "predict --date 2013-03-05 --output folder.csv": "folder.csv: Is a directory; name another path",
    "predict --date 2013-03-05 --output params.yaml/a.csv": "params.yaml: File exists; name another path",
    "state --as-of 2013-03-05 --service params.yaml": "params.yaml/states: Not a directory; name another path",
    "replay a --database sqlite:///params.yaml/a.db": "params.yaml: File exists; name another path",
    "replay a --database sqlite://": "database sqlite://: would be lost at the end; give sqlite:///FILE",
    "serve --keys none": f"none: no such file; {KEYS}",
    "serve --keys empty": f"empty: no keys; {KEYS}",
    "serve --keys params.yaml": f"params.yaml: line 1: not a SHA-256; {KEYS}",
}


@pytest.mark.parametrize(("command", "message"), REFUSED.items())
def test_what_a_command_refuses(project: Project, command: str, message: str) -> None:
    (project.root / "empty").write_text("\n")
    (project.root / "folder.csv").mkdir()
    before = project.state()
    name, *arguments = shlex.split(command)
    done = project.command(name, *arguments, code=2)
    assert done.stderr.splitlines()[-1] == f"flight-delay {name}: error: {message}"
    assert project.state() == before


def test_archive_prints_numbers(project: Project) -> None:
    engine = open_database("sqlite:///service/predictions.db")
    with engine.begin() as connection:
        insert_answers(connection, [request("a")], [prediction("a", row) for row in range(2)])
    done = project.command("archive", "--to", "to", "--keep-days", "400")
    assert done.stdout == "to: 1 closed months; 2 predictions deleted\n"
    assert done.stderr.splitlines() == ["  month 2013-03 (1 of 1)"]


def test_replay_prints_each_flight_with_its_reasons(project: Project) -> None:
    state_id = build_state(STATES, AS_OF, inputs(), MODEL)
    answered = list(AnswerTable.compute(load_state(STATES, state_id)).by_flight.values())[:3]
    rows = [{**answer.row, "request_id": "a", "row": row} for row, answer in enumerate(answered)]
    rows[1]["probability"] = 0.5
    base_rate = float(np.float32(json.loads((MODEL.bundle / "manifest.json").read_text())["trained_base_rate"]))
    rows[2] |= {"probability": base_rate, "fallback": True}
    engine = open_database("sqlite:///service/predictions.db")
    with engine.begin() as connection:
        insert_answers(connection, [request("a", state=state_id)], rows)
    results = (
        f"{rows[0]['probability']:.9g}  the same bits",
        f"0.5  DIFFERS: now {answered[1].row['probability']:.9g}",
        f"{base_rate:.9g} (base rate, after the time limit)  the same bits",
    )
    expected = [f"request a, answered 2013-03-05 12:00:00 UTC from state {state_id}, model 3, commit cccccccccc"]
    for flight, result in zip(replay_request(engine, STATES, "a")[1], results, strict=True):
        sentences = [f"  {reason.sentence}" for reason in flight.reasons.reasons]
        assert sentences
        expected += ["", f"{flight.flight_id}  {result}", *sentences]
    assert project.command("replay", "a", code=1).stdout.splitlines() == expected
    listed = [json.loads(line) for line in project.command("replay", "a", "--json", code=1).stdout.splitlines()]
    assert [list(flight) for flight in listed] == [["flight_id", "recorded", "repeated", "is_same", "reasons"]] * 3
    assert [flight["is_same"] for flight in listed] == [True, False, True]


def test_a_deployed_state_is_described(small_service: Path) -> None:
    champion, challenger = MODEL._replace(version="3"), MODEL._replace(version="4")
    for shadow, end in ((None, ""), (challenger, ", shadow version 4")):
        built = load_state(STATES, build_state(STATES, AS_OF, inputs(), champion, shadow))
        assert describe_deployment(built) == f"state {built.id}: as of 2013-03-05, model version 3{end}"
