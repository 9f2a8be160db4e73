"""data.canonical: counting what became of flights."""

from __future__ import annotations

import pandas as pd

from flight_delay.data.canonical import COUNTS, count_flights


def test_every_flight_is_counted_as_what_became_of_it() -> None:
    became = [(False, False)] * 4 + [(True, False)] * 2 + [(False, True)]  # cancelled, diverted
    flights = pd.DataFrame(became, columns=["cancelled", "diverted"])
    flights["scheduled_arrival_utc"] = [None, *[pd.Timestamp("2013-01-01", tz="UTC")] * 6]
    counts = count_flights(flights)
    assert counts == {"scheduled": 7, "completed": 4, "cancelled": 2, "diverted": 1, "unknown_destination": 1}
    assert tuple(counts) == COUNTS
