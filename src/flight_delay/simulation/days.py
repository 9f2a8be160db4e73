"""Scheduled flights and outcomes of UTC days, without faults."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import numpy as np

from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import ROW_ID
from flight_delay.features.history import outcome_known_at
from flight_delay.features.target import is_late
from flight_delay.serving.inputs import Inputs
from flight_delay.simulation.faults import to_feed

HOURS_PER_REPORT = 6
_DAY = datetime.timedelta(days=1)
_EARLIEST = 5 * _DAY  # an outcome is known so long after its date at most

Json = dict[str, Any]


def scheduled_flights(inputs: Inputs, day: datetime.date) -> list[Json]:
    """Return the flights of a UTC day: fields of the API, and `flight_id`."""
    timetable = inputs.timetable(day - _DAY, day + _DAY)
    departs = timetable["scheduled_departure_utc"].to_numpy().astype("datetime64[D]")
    table = timetable.take(np.flatnonzero(departs == np.datetime64(day)))
    rows = to_feed(table).drop(columns="departure_utc").astype(object)
    rows = rows.where(rows.notna(), None).assign(flight_id=table[ROW_ID].to_pylist())
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def outcome_reports(inputs: Inputs, day: datetime.date) -> Iterator[list[Json]]:
    """Yield the outcomes that became known on a UTC day, in order.

    Each list has those of `HOURS_PER_REPORT` hours.
    """
    columns = columns_from_table(inputs.outcomes(day - _EARLIEST, day + _DAY))
    known_at = outcome_known_at(columns)
    hour = (known_at - np.datetime64(day)) // np.timedelta64(HOURS_PER_REPORT, "h")
    for part in range(24 // HOURS_PER_REPORT):
        rows = np.flatnonzero(hour == part)
        if len(rows):
            yield [_outcome(columns, row, known_at[row]) for row in rows[np.argsort(known_at[rows], kind="stable")]]


def labels(inputs: Inputs, first: datetime.date, last: datetime.date) -> dict[str, bool | None]:
    """Return whether each flight was late; None if it did not arrive."""
    columns = columns_from_table(inputs.outcomes(first, last))
    late = is_late(columns["arrival_delay_minutes"].astype(float), inputs.parameters.late_threshold_minutes)
    return dict(zip(columns[ROW_ID].tolist(), late.tolist(), strict=True))


def _outcome(columns: dict[str, Any], row: int, known_at: np.datetime64) -> Json:
    delay = float(columns["arrival_delay_minutes"][row])
    return {
        "flight_id": columns[ROW_ID][row],
        "arrival_delay_minutes": None if np.isnan(delay) else int(delay),
        "cancelled": bool(columns["cancelled"][row]),
        "diverted": bool(columns["diverted"][row]),
        "known_at": f"{known_at.astype('datetime64[s]')}Z",
    }
