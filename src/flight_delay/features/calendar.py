"""Features of the date of the scheduled departure."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column

_DAYS = np.array(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], dtype=object)


def day_of_week(flight_date: Column) -> Column:
    """Return the day of the week at the origin, 'Mon' … 'Sun'."""
    days_since_thursday = flight_date.astype("datetime64[D]").astype(np.int64)  # 1970-01-01 was a Thursday
    return _DAYS[(days_since_thursday + 3) % 7]
