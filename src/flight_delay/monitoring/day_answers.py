"""Answers of a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flight_delay.drift.psi import Counts
from flight_delay.drift.weeks import Scores
from flight_delay.features.columns import Column


class DayAnswers(NamedTuple):
    """The last answer to each flight of a UTC day, each of shape (flights,).

    `scheduled` is the number of flights of the day in the timetable of the state that answered most of them.
    `unreadable` answers, whose state cannot be read, are left out.
    """

    scheduled: int
    unreadable: int
    flight_id: Column
    days_behind: Column
    inputs: Mapping[str, Counts]  # rows per bin, by input of the model
    scores: Scores


class DateAnswers(NamedTuple):
    """The last answer to each flight of a local date, each of shape (flights,)."""

    flight_id: Column
    probability: Column
    predicted_late: Column
    shadow: Column  # NaN without shadow
