"""The target: was a flight late?"""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column

OUTCOME = "arrival_delay_minutes"


def is_late(arrival_delay_minutes: Column, late_minutes: int) -> Column:
    """Whether flights arrived late, by the definition of the US Department of Transportation (15 minutes or more).

    Args:
        arrival_delay_minutes: NaN for flights that did not arrive where they should, shape (rows,).
        late_minutes: from how many minutes on a flight is late.

    Returns:
        True, False, or None where there was no arrival; shape (rows,).
    """
    outcome = (arrival_delay_minutes >= late_minutes).astype(object)
    outcome[np.isnan(arrival_delay_minutes)] = None
    return outcome
