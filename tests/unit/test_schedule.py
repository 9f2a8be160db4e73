"""features.schedule: how long a flight takes by the timetable."""

from __future__ import annotations

import numpy as np

from flight_delay.features.schedule import block_minutes


def test_block_minutes_are_those_from_gate_to_gate() -> None:
    departure = np.array(["2013-01-05T14:05", "2013-01-05T23:30"], "datetime64[ms]")
    arrival = np.array(["2013-01-05T20:15", "2013-01-06T00:40"], "datetime64[ms]")
    assert block_minutes(departure, arrival).tolist() == [370.0, 70.0]


def test_block_minutes_do_not_depend_on_the_unit_of_time() -> None:
    departure, arrival = (np.array([time], "datetime64[s]") for time in ("2013-01-05T14:05", "2013-01-05T20:15"))
    assert block_minutes(departure.astype("datetime64[ns]"), arrival).tolist() == [370.0]


def test_block_minutes_are_missing_where_the_arrival_is() -> None:
    departure = np.array(["2013-01-05T14:05"] * 2, "datetime64[ms]")
    arrival = np.array(["NaT", "2013-01-05T14:35"], "datetime64[ms]")
    np.testing.assert_array_equal(block_minutes(departure, arrival), [np.nan, 30.0])
