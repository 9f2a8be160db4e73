"""features.schedule: the duration of a flight by the timetable."""

from __future__ import annotations

import numpy as np
import pytest

from flight_delay.features.schedule import block_minutes


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_block_minutes_are_those_from_gate_to_gate(unit: str) -> None:
    departure = np.array(["2013-01-05T14:05", "2013-01-05T23:30", "2013-01-05T14:05"], f"datetime64[{unit}]")
    arrival = np.array(["2013-01-05T20:15", "2013-01-06T00:40", "NaT"], "datetime64[s]")
    np.testing.assert_array_equal(block_minutes(departure, arrival), [370.0, 70.0, np.nan])
