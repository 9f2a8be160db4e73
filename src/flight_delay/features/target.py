"""The target: whether a flight arrived late."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column

OUTCOME = "arrival_delay_minutes"


def is_late(arrival_delay_minutes: Column, late_threshold_minutes: int) -> Column:
    """Compute whether flights arrived late.

    Args:
        arrival_delay_minutes: shape (rows,), NaN for cancelled and diverted flights.
        late_threshold_minutes: smallest delay of a late flight, in minutes; 15 at the US Department of
            Transportation.

    Returns:
        True, False, or None for cancelled and diverted flights, shape (rows,).
    """
    outcome = (arrival_delay_minutes >= late_threshold_minutes).astype(object)
    outcome[np.isnan(arrival_delay_minutes)] = None
    return outcome
