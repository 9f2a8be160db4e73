"""monitoring: checks of a week find what moved, and say nothing on quiet weeks."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_monitoring import THRESHOLDS

from flight_delay.drift.psi import count_bins
from flight_delay.drift.weeks import Scores
from flight_delay.monitoring.day_answers import DayAnswers
from flight_delay.monitoring.exact import check_timetable, is_near_holiday
from flight_delay.monitoring.request_log import RequestLogs, read_request_logs
from flight_delay.monitoring.results import Finding
from flight_delay.monitoring.states import checked_bins
from flight_delay.monitoring.statistical import check_contract, check_inputs, check_scores, summarize_week

DAY = dt.timedelta(days=1)
NO_LOG = RequestLogs(0, 0, {})


def answers(carriers: str = "UA AA", miles: float = 2454, probability: float = 0.25, rows: int = 100) -> DayAnswers:
    """Answers of a day; carriers take turns."""
    names = np.resize(np.array(carriers.split(), object), rows)
    inputs = {
        "carrier": np.where(names == "missing", None, names),
        "distance_miles": np.full(rows, miles, np.float32),
    }
    scores = np.full(rows, probability, np.float32)
    return DayAnswers(
        rows, 0, np.arange(rows).astype(object), np.zeros(rows, int),
        count_bins(inputs, checked_bins(THRESHOLDS)),
        Scores(THRESHOLDS.scores.bins.count(scores), float(scores.sum(dtype=float)), rows * (probability >= 0.25)),
    )  # fmt: skip


def findings(week: list[DayAnswers], before: list[DayAnswers], log: RequestLogs = NO_LOG) -> dict[str, Finding]:
    statistics = summarize_week(week, before, THRESHOLDS)
    result = [*check_contract(statistics, THRESHOLDS, log), *check_inputs(statistics, THRESHOLDS)]
    return {f"{finding.check} {finding.subject}".strip(): finding for finding in result}


WEEKS: dict[str, tuple[list[DayAnswers], RequestLogs, dict[str, tuple[str, float | None]]]] = {
    "quiet": ([answers()] * 7, NO_LOG, {"contract": ("quiet", 0), "inputs": ("quiet", 0)}),
    "a renamed carrier, on its first day": (
        [*[answers()] * 6, answers("UA A1")], NO_LOG,
        {"contract carrier": ("alarm", 50 / 700), "inputs carrier": ("alarm", 0.492)},
    ),
    "missing values": (
        [answers(miles=np.nan)] * 7, NO_LOG,
        {"contract distance_miles": ("alarm", 1), "inputs distance_miles": ("alarm", 16.555)},
    ),
    "another unit": (
        [answers(miles=2454 * 1.609)] * 7, NO_LOG,
        {"contract": ("quiet", 0), "inputs distance_miles": ("alarm", 16.555)},
    ),
    "no answers": ([answers(rows=0)] * 7, NO_LOG, {"contract": ("no_data", None), "inputs": ("no_data", None)}),
    "refused rows": (
        [answers()] * 7, RequestLogs(rows=1000, refused=11, latency_ms={}),
        {"contract requests": ("warning", 0.011), "inputs": ("quiet", 0)},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("week", "log", "expected"), WEEKS.values(), ids=WEEKS)
def test_a_week_has_findings_about_what_moved_only(
    week: list[DayAnswers], log: RequestLogs, expected: dict[str, tuple[str, float | None]]
) -> None:
    result = findings(week, [answers()] * 56, log)
    assert {name: finding.level for name, finding in result.items()} == {name: row[0] for name, row in expected.items()}
    for name, (_, value) in expected.items():
        assert result[name].value == (value if value is None else pytest.approx(value, abs=1e-3))


@pytest.mark.parametrize(("days", "level"), [(27, "no_data"), (28, "quiet")])
def test_inputs_need_28_days_with_answers_to_compare_with(days: int, level: str) -> None:
    before = [answers(rows=0)] * (56 - days) + [answers()] * days
    assert findings([answers()] * 7, before)["inputs"].level == level


@given(probability=st.floats(0, 1, width=32))
def test_scores_outside_every_week_of_the_backtest_warn_and_never_alarm(probability: float) -> None:
    week = summarize_week([answers(probability=probability)] * 7, [answers()] * 56, THRESHOLDS)
    result = {finding.subject: finding.level for finding in check_scores(week, THRESHOLDS)}
    assert set(result.values()) <= {"quiet", "warning"}
    assert week.mean_probability is not None
    assert (result["mean_probability"] == "quiet") == (0.2 <= week.mean_probability <= 0.3)
    assert result["share_predicted_late"] == "warning"  # none or all of them


def test_a_holiday_is_a_federal_one_or_next_to_one() -> None:
    days = [dt.date(2013, 11, 25) + number * DAY for number in range(8)]
    assert [day.day for day in days if is_near_holiday(day)] == [27, 28, 29]
    assert [is_near_holiday(dt.date(year, month, day)) for year, month, day in
            ((2013, 12, 31), (2014, 1, 2), (2014, 1, 3))] == [True, True, False]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "quiet"), ({0: 899}, "warning"), ({0: 900}, "quiet"), ({0: 899, 1: 899}, "alarm"),
        ({1: 899}, "quiet"), ({0: 899, 7: 10, 14: 10, 21: 10}, "warning"), ({0: 0}, "no_data"),
    ],
)  # fmt: skip
def test_a_timetable_that_shrinks_twice_is_an_alarm(changes: dict[int, int], level: str) -> None:
    today = dt.date(2013, 8, 20)
    scheduled = {today - ago * DAY: changes.get(ago, 1000) for ago in range(64)}
    assert check_timetable(scheduled, today).level == level


def test_a_small_timetable_of_a_holiday_is_quiet_and_counts_in_no_succession() -> None:
    before, thanksgiving, after = (dt.date(2013, 11, day) for day in (26, 28, 30))
    scheduled = {after - ago * DAY: 1000 for ago in range(70)} | {thanksgiving: 600, after: 600}
    assert check_timetable(scheduled, thanksgiving).level == "quiet"
    assert check_timetable(scheduled, after).level == "warning"
    assert check_timetable(scheduled | {before: 600}, after).level == "alarm"


def test_refused_rows_and_latency_are_those_of_the_log(tmp_path: Path) -> None:
    def line(milliseconds: float, request: Any, response: Any, method: str = "POST") -> str:
        head = {"method": method, "path": "/v1/predictions", "milliseconds": milliseconds}
        return json.dumps(head | {"request": request, "response": response}) + "\n"

    refused = {"errors": [{"row": 1, "field": "origin"}, {"row": 1, "field": "carrier"}]}
    log = tmp_path / "requests-2013-03-05-1.jsonl"
    log.write_text(line(1, {"flights": [{}, {}]}, refused) + line(2, {"bytes": 70_000}, None) + '[]\n{"cut')
    (tmp_path / "requests-2013-03-05-2.jsonl").write_text(
        line(3, {"flights": [{}]}, {"invalid": [{"row": 0}]}) + line(4, None, {}, "GET")
    )
    (tmp_path / "requests-2013-03-06-1.jsonl").write_text(line(99, {"flights": [{}]}, {}))
    logs = read_request_logs(tmp_path, dt.date(2013, 3, 5))
    assert (logs.rows, logs.refused) == (3, 2)
    assert logs.latency_ms["p50"] == 2.5
    assert list(logs.latency_ms) == ["p50", "p95", "p99"]
    assert read_request_logs(tmp_path / "none", dt.date(2013, 3, 5)) == RequestLogs(0, 0, {})
