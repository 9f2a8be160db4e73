"""monitoring: exact checks find on the first day what is wrong, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from small_monitoring import DAYS, FIRST, STATES, TODAY, answer_days, monitor, open_service
from small_service import DAY, all_dates, inputs, scheduled, with_outcomes, write_feed

from flight_delay.core.errors import UserError
from flight_delay.monitoring.results import Finding, Monitored
from flight_delay.serving import state as states_module
from flight_delay.serving.tables import PREDICTIONS


@pytest.fixture
def engine(small_service: Path) -> Iterator[sa.Engine]:
    opened = open_service()
    yield opened
    opened.dispose()


@pytest.fixture
def answered(answered_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """Correct answers of all days, in a folder of its own."""
    monkeypatch.chdir(shutil.copytree(answered_once, tmp_path / "answered"))
    opened = open_service()
    yield opened
    opened.dispose()


def built() -> list[str]:
    """The states, oldest first."""
    ids = [path.parent.name for path in STATES.glob("*/state.json")]
    return sorted(ids, key=lambda name: json.loads((STATES / name / "state.json").read_text())["as_of"])


def by_check(monitored: Monitored) -> dict[str, Finding]:
    return {finding.check: finding for finding in monitored.findings if not finding.subject}


def levels(monitored: Monitored) -> dict[str, str]:
    return {check: finding.level for check, finding in by_check(monitored).items()}


def test_correct_answers_raise_no_alarm_and_are_counted(answered: sa.Engine) -> None:
    monitored = monitor(answered).run(TODAY)
    assert levels(monitored) | {"inputs": "", "truth": ""} == {
        "replay": "quiet", "skew": "quiet", "freshness": "quiet", "timetable": "no_data", "contract": "quiet",
        "inputs": "", "truth": "",
    }  # fmt: skip
    assert [(day.date, day.answered) for day in monitored.days if day.answered] == [
        (FIRST + DAY, 10), (FIRST + 2 * DAY, 10), (FIRST + 3 * DAY, 10),
    ]  # fmt: skip
    assert {day.scheduled for day in monitored.days if day.answered} == {10}
    assert monitored.as_of == TODAY - DAY
    assert sum(monitored.score_counts.current) == 30


def test_one_run_and_many_find_the_same(answered: sa.Engine) -> None:
    many = monitor(answered)
    runs = [many.run(date) for date in (TODAY - 2 * DAY, TODAY - DAY, TODAY)]
    assert runs == [monitor(answered).run(date) for date in (TODAY - 2 * DAY, TODAY - DAY, TODAY)]


def test_a_later_answer_changes_no_earlier_run(engine: sa.Engine) -> None:
    answer_days(engine, DAYS[:-1])
    before = monitor(engine).run(TODAY - DAY)
    answer_days(engine, DAYS[-1:])
    assert monitor(engine).run(TODAY - DAY) == before


def test_one_other_bit_of_an_answer_is_an_alarm_of_replay(answered: sa.Engine) -> None:
    last = built()[-1]
    row = PREDICTIONS.c.request_id == f"{DAYS[-1]}-{last}", PREDICTIONS.c.row == 3
    with answered.begin() as connection:
        recorded = connection.execute(sa.select(PREDICTIONS.c.probability).where(*row)).scalar_one()
        other = float(np.nextafter(np.float32(recorded), np.float32(1)))
        connection.execute(sa.update(PREDICTIONS).where(*row).values(probability=other))
    finding = by_check(monitor(answered).run(TODAY))["replay"]
    assert (finding.level, finding.value) == ("alarm", 1)


@pytest.mark.parametrize("name", ["history.parquet", "bundle/model.ubj"])
def test_a_damaged_file_is_an_alarm_of_replay(answered: sa.Engine, name: str) -> None:
    path = STATES / built()[-1] / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    finding = by_check(monitor(answered).run(TODAY))["replay"]
    assert (finding.level, finding.value) == ("alarm", 10)
    assert name in finding.message


def test_damage_is_noticed_by_a_monitor_that_had_loaded_the_state(answered: sa.Engine) -> None:
    last = built()[-1]
    running = monitor(answered)
    assert levels(running.run(TODAY))["replay"] == "quiet"
    (STATES / last / "history.parquet").write_bytes(b"")
    assert levels(running.run(TODAY))["replay"] == "alarm"


def test_a_missing_state_is_an_alarm_and_its_answers_are_left_out(answered: sa.Engine) -> None:
    shutil.rmtree(STATES / built()[-2])
    monitored = monitor(answered).run(TODAY - DAY)  # the current state is of another day
    assert (monitored.level, levels(monitored)["replay"]) == ("alarm", "alarm")
    assert monitor(answered).run(TODAY).days[-1].answered == 0


def test_a_state_of_other_code_is_an_alarm_and_its_answers_count(
    answered: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states_module, "code_digest", lambda: "other")
    monitored = monitor(answered).run(TODAY)
    assert levels(monitored)["replay"] == "alarm"
    assert (levels(monitored)["skew"], monitored.days[-1].answered) == ("quiet", 10)


def test_outcomes_that_were_missing_are_an_alarm_of_skew(engine: sa.Engine, tmp_path: Path) -> None:
    late = [row | {"arrival_delay_minutes": 80, "cancelled": 0, "diverted": 0} for row in scheduled(DAYS[0] - DAY)]
    stale = inputs(outcomes=write_feed(tmp_path / "stale.csv", late))
    answer_days(engine, DAYS[:1], built_from=stale)
    answer_days(engine, DAYS[1:])
    assert levels(monitor(engine).run(DAYS[0] + 2 * DAY))["skew"] == "alarm"
    assert levels(monitor(engine, stale).run(DAYS[0] + 2 * DAY))["skew"] == "quiet"
    assert levels(monitor(engine).run(DAYS[0] + 3 * DAY))["skew"] == "quiet"


def test_flights_that_the_present_timetable_lacks_differ(answered: sa.Engine, tmp_path: Path) -> None:
    dates = all_dates(DAYS[-2], DAYS[-2] + 4 * DAY)
    moved = [row | {"scheduled_departure": 615} if row["flight_number"] == 1 else row for row in scheduled(*dates)]
    now = inputs(timetable=write_feed(tmp_path / "moved.csv", moved))
    finding = by_check(monitor(answered, now).run(TODAY))["skew"]
    assert finding.level == "alarm"
    assert finding.value is not None
    assert finding.value >= 0.1


def test_skew_has_no_data_where_the_present_outcomes_end(answered: sa.Engine, tmp_path: Path) -> None:
    shutil.rmtree("data/interim/flights")
    rows = with_outcomes(scheduled(*all_dates(FIRST - 10 * DAY, FIRST)))
    now = inputs(outcomes=write_feed(tmp_path / "few.csv", rows))
    assert levels(monitor(answered, now).run(TODAY))["skew"] == "no_data"


@pytest.mark.parametrize(("days", "level"), [(1, "quiet"), (2, "quiet"), (3, "alarm")])
def test_an_old_state_is_an_alarm_of_freshness(answered: sa.Engine, days: int, level: str) -> None:
    finding = by_check(monitor(answered).run(DAYS[-1] + days * DAY))["freshness"]
    assert (finding.level, finding.value) == (level, days)


def test_a_monitor_needs_answers_and_a_state(engine: sa.Engine) -> None:
    with pytest.raises(UserError, match="current"):
        monitor(engine).run(TODAY)
    answer_days(engine, DAYS)
    with pytest.raises(UserError, match=str(FIRST)):
        monitor(engine).run(FIRST)
    shutil.rmtree(STATES / (STATES / "current").read_text().strip())
    with pytest.raises(UserError, match=str(STATES)):
        monitor(engine).run(TODAY)
