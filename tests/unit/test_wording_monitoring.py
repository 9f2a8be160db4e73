"""monitoring: the exact wording of what it finds."""

from __future__ import annotations

import datetime as dt

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
