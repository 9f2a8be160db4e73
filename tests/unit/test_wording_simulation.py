"""The wording of the simulation: refused faults, days, and what came of a season."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from flight_delay.core.errors import UserError
from flight_delay.promotion.gate import Check
from flight_delay.simulation.audit import Audit
from flight_delay.simulation.challenger import Judgement
from flight_delay.simulation.faults import Fault, parse_fault
from flight_delay.simulation.game import Score
from flight_delay.simulation.season import Day, Result, describe_day
from flight_delay.simulation.summary import describe_result

FIRST, LAST = dt.date(2013, 11, 1), dt.date(2013, 11, 30)
QUIET = Day(FIRST, "0123456789abcdef", "", 964, 964, (), ())
LOUD = Day(
    LAST, None, "no timetable of 2013-12-01", 1_200, 1_100, (Fault("timetable", "0.3", FIRST, 3),),
    (SimpleNamespace(check="skew", level="alarm", message="9 of 9 answers differ"),),
)  # fmt: skip
RESULT = Result(
    [QUIET, LOUD], Score(2_000, 1_400, 1_500, 100, 2.484), Audit(2_064, 0, 250), 3, 2, {5: 297.2, 20: 306.8},
    {"states": 0.4, "customers": 0.2, "monitoring": 0.0, "server": 1.0}, 5.0,
    Judgement(900, (Check("better", False, "not significant"), Check("slices", True, "0 of 9"))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "meteor",
            "--fault meteor: no such fault; give NAME[=VALUE][@DATE[+DAYS]] with NAME one of timetable, utc-departures, "
            "renamed-carrier, kilometres, history-stuck, no-state, server-kill, database-kill",
        ),
        ("timetable=3", "--fault timetable=3: '3' is no value of timetable; see `flight-delay simulate --help`"),
        (
            "kilometres@2013-02-30",
            "--fault kilometres@2013-02-30: '2013-02-30' is not a date such as 2013-11-20",
        ),
        (
            "no-state@2013-12-01",
            "--fault no-state@2013-12-01: starts outside the season; choose a day of 2013-11-01 … 2013-11-30",
        ),
    ],
)
def test_what_is_no_fault(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        parse_fault(text, FIRST, LAST)
    assert str(error.value) == message


def test_a_day_is_a_line() -> None:
    assert describe_day(QUIET) == "2013-11-01: state 0123456789abcdef, 964 of 964 flights answered"
    assert describe_day(LOUD) == (
        "2013-11-30: no new state (no timetable of 2013-12-01), 1,100 of 1,200 flights answered; "
        "timetable=0.3@2013-11-01+3; alarm skew"
    )


def test_a_season_is_its_score_its_answers_its_cost_and_its_alarms() -> None:
    assert list(describe_result(RESULT)) == [
        "game: 1,400 points of 2,000 flights; 'always on time' 1,500",
        "no answer: 100 of these flights",
        "profit: 2.48 per answered flight",
        "answers: 2,064 received, 0 lost, 250 stored twice; 3 attempts repeated, 2 restarts of the server",
        "memory of the server: 297 MiB on day 5, 307 MiB on day 20",
        "a day took 2.50 s; CPU: states 0.20 s, customers 0.10 s, server 0.50 s",
        "challenger: rejected by the gate on 900 flights that both models answered",
        "  failed better: not significant",
        "  passed slices: 0 of 9",
        f"  {describe_day(LOUD)}",
        "    skew: 9 of 9 answers differ",
    ]
