"""`flight-delay monitor`: exit codes, files, and what is wrong with its arguments."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from small_monitoring import SERVICE, STATES, TODAY, open_service
from small_service import DAY, REPOSITORY

from flight_delay.commands import monitor
from flight_delay.core.errors import UserError
from flight_delay.serving.tables import OUTCOMES


@pytest.fixture(autouse=True)
def service(answered_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy, as working folder."""
    monkeypatch.chdir(shutil.copytree(answered_once, tmp_path / "service"))


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    monitor.add_arguments(parser.add_subparsers())
    parsed = parser.parse_args(["monitor", "--no-mlflow", *arguments])
    code: int = parsed.run(parsed)
    return code


def count_outcomes() -> int:
    engine = open_service()
    with engine.connect() as connection:
        rows: int = connection.execute(sa.select(sa.func.count()).select_from(OUTCOMES)).scalar_one()
    engine.dispose()
    return rows


def test_a_quiet_range_writes_what_a_run_of_each_date_does_and_records_outcomes_once() -> None:
    """Outcomes are those of flights with answers, and count from the time when they became known."""
    path = SERVICE / f"monitoring/{TODAY}/findings.json"
    assert run("--date", str(TODAY)) == 0
    alone, recorded = path.read_bytes(), count_outcomes()
    assert run("--date", str(TODAY - DAY), str(TODAY)) == 0
    assert (path.read_bytes(), count_outcomes()) == (alone, recorded)
    for date in (TODAY - DAY, TODAY):
        result = json.loads((SERVICE / f"monitoring/{date}/findings.json").read_text())
        assert (SERVICE / f"monitoring/{date}/index.html").stat().st_size > 1000
        assert (result["date"], len(result["days"]), len(result["weeks"])) == (str(date), 63, 9)
        assert {finding["check"] for finding in result["findings"]} == {
            "replay", "skew", "freshness", "timetable", "contract", "inputs", "scores", "truth",
        }  # fmt: skip
    # Flights of the last days are still to land.
    assert recorded > sum(day["labelled"] for day in result["days"]) > 0


def test_an_alarm_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--date", str(TODAY + 2 * DAY)) == 1
    shown = capsys.readouterr().out
    assert "ALARM freshness" in shown
    assert "flight-delay state" in shown
    assert "docs/runbook.md#freshness" in shown


def test_the_runbook_needs_no_service(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(SERVICE)
    assert run("--runbook") == 0
    assert capsys.readouterr().out == (REPOSITORY / "docs/runbook.md").read_text()


@pytest.mark.parametrize(
    ("dates", "named"),
    [
        (["2999-01-01"], "2999-01-01"), (["2013-03-08", "2013-03-07"], "2013-03-07"), (["2013-03-01"] * 3, "--date"),
        (["2013-03-01"], "2013-03-01"),
    ],
)  # fmt: skip
def test_wrong_dates_are_refused_before_anything_is_written(dates: list[str], named: str) -> None:
    with pytest.raises(UserError, match=named):
        run("--date", *dates)
    assert not (SERVICE / "monitoring").exists()


def test_a_missing_database_is_named_and_not_created() -> None:
    path = SERVICE / "predictions.db"
    path.unlink()
    with pytest.raises(UserError, match=r"predictions\.db"):
        run("--date", str(TODAY))
    assert not path.exists()


def test_a_missing_state_and_missing_thresholds_are_named() -> None:
    current = (STATES / "current").read_text().strip()
    (STATES / current / "bundle/drift.json").unlink()
    with pytest.raises(UserError, match=r"drift\.json"):
        run("--date", str(TODAY))
    shutil.rmtree(STATES / current)
    with pytest.raises(UserError, match=current):
        run("--date", str(TODAY))
    (STATES / "current").unlink()
    with pytest.raises(UserError, match="current"):
        run("--date", str(TODAY))
