"""Rates of flights that are the whole timetable."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from flight_delay.features.columns import Columns
from flight_delay.features.history import rate_names
from flight_delay.features.rates import SmoothedRates


def smoothed_rates(flights: Columns, counts: pa.Table, days: Sequence[int], prior: float, horizon: int) -> Columns:
    return SmoothedRates(counts, flights, days, prior, horizon).look_up(flights, rate_names(days))
