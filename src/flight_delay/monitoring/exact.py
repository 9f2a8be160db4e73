"""Checks of answers that are exact, and of the feeds of the service."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

from flight_delay.core.errors import UserError
from flight_delay.features.columns import Column, columns_from_table
from flight_delay.model.bundle import load_bundle
from flight_delay.monitoring.answers import AnswerReader
from flight_delay.monitoring.day_answers import DayAnswers
from flight_delay.monitoring.results import Finding, Level
from flight_delay.monitoring.states import DAY, FINAL_DATES, Row, States, flights_of_rows
from flight_delay.serving.inputs import Inputs, require_dates
from flight_delay.serving.served_model import ServedModel
from flight_delay.serving.state import MODEL

MAX_SKEW_SHARE = 0.01
MAX_STATE_AGE_DAYS = 2
MIN_TIMETABLE_RATIO = 0.9
TIMETABLE_WEEKS = 8


def check_replay(reader: AnswerReader, states: States, date: datetime.date) -> Finding:
    """Repeat the final answers of the state of the day before, bit for bit."""
    basis = "exact: a state gives the same bits for ever"
    groups, different, rows, problems = reader.final_answers(date - DAY, date), 0, 0, []
    for state_id, group in groups.items():
        rows += len(group)
        try:
            state = states.load(state_id, last_date=_last_date(group))
        except UserError as error:
            different += len(group)
            problems.append(str(error))
            continue
        known, flights = flights_of_rows(states, state_id, state.timetable, group)
        different += len(group) - len(known)
        if known:
            probability = state.model.bundle.predict_probability(state.model.inputs.compute(flights))
            different += _count_different(known, probability)
    if not rows:
        return Finding("replay", "no_data", None, 0, f"no final answers as of {date - DAY}", basis)
    message = f"{different:,} of {rows:,} final answers as of {date - DAY} are not repeated"
    message = "; ".join([message, *problems])
    return Finding("replay", "alarm" if different else "quiet", different, 0, message, basis)


def check_skew(reader: AnswerReader, states: States, inputs: Inputs, date: datetime.date) -> Finding:
    """Compute the final answers of two days ago again, from present inputs."""
    basis = "fixed: on quiet days no answer differs"
    as_of = date - 2 * DAY
    groups = reader.final_answers(as_of, date)
    rows = sum(map(len, groups.values()))
    if not rows:
        return Finding("skew", "no_data", None, MAX_SKEW_SHARE, f"no final answers as of {as_of}", basis)
    try:
        different = sum(_count_skewed(states, inputs, state_id, group, as_of) for state_id, group in groups.items())
    except UserError as error:
        return Finding("skew", "no_data", None, MAX_SKEW_SHARE, f"cannot be computed: {error}", basis)
    share = different / rows
    message = f"{different:,} of {rows:,} final answers as of {as_of} differ from those of the present inputs"
    return Finding("skew", "alarm" if share > MAX_SKEW_SHARE else "quiet", share, MAX_SKEW_SHARE, message, basis)


def check_freshness(as_of: datetime.date, date: datetime.date, answers: DayAnswers) -> Finding:
    """Compare the cut-off of the current state with the date."""
    age, rows = (date - as_of).days, len(answers.flight_id)
    provisional = int(np.count_nonzero(answers.days_behind))
    level: Level = "alarm" if age > MAX_STATE_AGE_DAYS else "warning" if provisional > rows / 2 else "quiet"
    message = (
        f"the cut-off of the state is {as_of}; {provisional:,} of {rows:,} answers to flights of {date - DAY} "
        "were provisional"
    )
    return Finding("freshness", level, age, MAX_STATE_AGE_DAYS, message, "fixed: a state is built every day")


def check_timetable(scheduled: Mapping[datetime.date, int], date: datetime.date) -> Finding:
    """Compare the scheduled flights of a date with those of its weekday.

    Args:
        scheduled: flights by UTC day, in the state that answered; of `date` and days before it.
        date: of the run.
    """
    basis = "fixed: in 2013, no two such days in succession outside holidays (0 of 44 weeks, below 6.6 % a week)"
    ratio = _timetable_ratio(scheduled, date)
    if ratio is None:
        message = f"no timetable of {date}, or of its weekday in the {TIMETABLE_WEEKS} weeks before"
        return Finding("timetable", "no_data", None, MIN_TIMETABLE_RATIO, message, basis)
    message = f"{scheduled[date]:,} flights are scheduled for {date}, {ratio:.2f} of the usual number for its weekday"
    if is_near_holiday(date):
        return Finding("timetable", "quiet", ratio, MIN_TIMETABLE_RATIO, f"{message} (holiday)", basis)
    before = date - DAY
    while is_near_holiday(before):
        before -= DAY
    ratio_before = _timetable_ratio(scheduled, before)
    is_low = ratio < MIN_TIMETABLE_RATIO
    was_low = ratio_before is not None and ratio_before < MIN_TIMETABLE_RATIO
    level: Level = "alarm" if is_low and was_low else "warning" if is_low else "quiet"
    if ratio_before is not None:
        message = f"{message}; {before}: {ratio_before:.2f}"
    return Finding("timetable", level, ratio, MIN_TIMETABLE_RATIO, message, basis)


def is_near_holiday(date: datetime.date) -> bool:
    """Return whether a day is a federal holiday of the US or next to one."""
    return any(day in _holidays(day.year) for day in (date - DAY, date, date + DAY))


@cache
def _holidays(year: int) -> frozenset[datetime.date]:
    dates = USFederalHolidayCalendar().holidays(pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31))
    return frozenset(dates.date)


def _timetable_ratio(scheduled: Mapping[datetime.date, int], date: datetime.date) -> float | None:
    before = [scheduled.get(date - 7 * weeks * DAY, 0) for weeks in range(1, TIMETABLE_WEEKS + 1)]
    known = [flights for flights in before if flights]
    return scheduled[date] / float(np.median(known)) if known and scheduled.get(date) else None


def _last_date(rows: Sequence[Row]) -> datetime.date:
    last: datetime.date = max(row["flight_date"] for row in rows)
    return last


def _count_skewed(states: States, inputs: Inputs, state_id: str, group: Sequence[Row], as_of: datetime.date) -> int:
    present = inputs.timetable(as_of, as_of + (FINAL_DATES - 1) * DAY)
    require_dates(present, [as_of, as_of + DAY])
    timetable = columns_from_table(present)
    known, flights = flights_of_rows(states, state_id, timetable, group)
    if not known:
        return len(group)
    bundle, counts = load_bundle(states.folder / state_id / MODEL), inputs.count_outcomes(as_of)
    model = ServedModel.prepare(bundle, state_id, states.dictionary, timetable, counts)
    probability = bundle.predict_probability(model.inputs.compute(flights))
    return len(group) - len(known) + _count_different(known, probability)


def _count_different(rows: Sequence[Row], probability: Column) -> int:
    recorded = np.array([row["probability"] for row in rows], np.float32)
    return int(np.count_nonzero(recorded.view(np.uint32) != probability.view(np.uint32)))
