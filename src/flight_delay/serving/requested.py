"""Check the flights of a request against a state."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from flight_delay.data.dictionary import Dictionary
from flight_delay.features.columns import Columns, columns_from_table
from flight_delay.features.feature import DATE, ROW_ID
from flight_delay.serving.answers import days_behind, scheduled_dates
from flight_delay.serving.feeds import Problem, parse_schedules
from flight_delay.serving.state import State


class CheckedSchedules(NamedTuple):
    """Flights that a state can answer, and problems of the others.

    `flights` has the canonical schedule columns, each of shape (flights,); `rows` are their positions in the request.
    """

    flights: Columns
    rows: list[int]
    problems: list[Problem]


def check_schedules(state: State, dictionary: Dictionary, schedules: Sequence[Mapping[str, Any]]) -> CheckedSchedules:
    """Parse schedules and find those that a state can answer.

    Args:
        state: that is asked.
        dictionary: that of a timetable.
        schedules: fields of the API.
    """
    parsed = parse_schedules(schedules, dictionary, state.zones)
    flights, problems = columns_from_table(parsed.flights), list(parsed.problems)
    rows = np.array([parsed.rows[flight_id] for flight_id in flights[ROW_ID].tolist()], np.intp)
    dates = scheduled_dates(state.timetable)
    behind = days_behind(state.model, state.as_of, flights)
    refused = np.zeros(len(rows), bool)
    for is_refused, name, message in (
        (~np.isin(flights[DATE].astype("datetime64[D]"), np.array(dates, "datetime64[D]")), DATE, outside(state)),
        (behind > state.manifest.max_days_behind, DATE, too_late(state)),
        (np.isnat(flights["scheduled_arrival_utc"]), "destination", "is not in the airports table"),
    ):
        problems += [Problem(int(row), name, message) for row in rows[is_refused & ~refused]]
        refused |= is_refused
    return CheckedSchedules(
        {name: values[~refused] for name, values in flights.items()}, rows[~refused].tolist(), problems
    )


def outside(state: State) -> str:
    """Say which dates a state has."""
    dates = scheduled_dates(state.timetable)
    return f"the state has the timetable of {dates[0]} … {dates[-1]}"


def too_late(state: State) -> str:
    """Say until when a state answers."""
    last = state.as_of + datetime.timedelta(days=1 + state.manifest.max_days_behind)
    return f"departs after {last} in UTC, too late for a state as of {state.as_of}; ask again with a later state"
