"""Read answers from the predictions database, by UTC day of departure."""

from __future__ import annotations

import datetime
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from flight_delay.core.errors import UserError
from flight_delay.drift.psi import count_bins
from flight_delay.drift.thresholds import DriftThresholds
from flight_delay.drift.weeks import Scores
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import ROW_ID
from flight_delay.features.history import COUNTS
from flight_delay.features.parameters import FeatureParameters
from flight_delay.monitoring.day_answers import DateAnswers, DayAnswers
from flight_delay.monitoring.states import (
    DAY,
    FINAL_DATES,
    Row,
    States,
    checked_bins,
    flights_of_rows,
    utc_day,
)
from flight_delay.serving.served_model import NO_OBSERVATIONS
from flight_delay.serving.tables import PREDICTIONS, REQUESTS

KEPT_DAYS = 100  # two months and the one that has begun


class AnswerReader:
    """Answers by day; days that ended are kept, so that many runs are cheap."""

    def __init__(
        self, engine: sa.Engine, states: States, thresholds: DriftThresholds, parameters: FeatureParameters
    ) -> None:
        """Create a reader.

        Args:
            engine: of the predictions database.
            states: the states that answered.
            thresholds: have the bins of inputs and probabilities.
            parameters: of the features.
        """
        self._engine, self._states = engine, states
        self._bins = checked_bins(thresholds)
        every = FeatureBuilder.from_dictionary(parameters, states.dictionary, NO_OBSERVATIONS).features
        self._builder = FeatureBuilder(parameters, tuple(feature for feature in every if feature.name in self._bins))
        self.thresholds = thresholds
        self._rows: dict[datetime.date, list[Row]] = {}
        self._today: datetime.date | None = None
        self._days: dict[datetime.date, DayAnswers] = {}
        self._by_date: dict[datetime.date, DateAnswers] = {}

    def dates(self, today: datetime.date, first: datetime.date) -> dict[datetime.date, DateAnswers]:
        """Return the answers by local date, up to the day before yesterday."""
        last = today - 2 * DAY
        dates = [first + number * DAY for number in range((last - first).days + 1)]
        if missing := [date for date in dates if date not in self._by_date]:
            rows = self._read(missing[0], last, today)
            for date in missing:
                kept = list({row[ROW_ID]: row for row in rows[date]}.values())
                self._by_date[date] = DateAnswers(
                    column_of(kept, ROW_ID, object),
                    column_of(kept, "probability", np.float32),
                    column_of(kept, "predicted_late", bool),
                    column_of(kept, "shadow_probability", np.float32),
                )
        return {date: self._by_date[date] for date in dates}

    def forget(self, today: datetime.date) -> None:
        """Forget what later runs do not need."""
        self._rows = {date: rows for date, rows in self._rows.items() if date > today - 5 * DAY}
        self._days = {day: answers for day, answers in self._days.items() if day > today - KEPT_DAYS * DAY}
        self._by_date = {day: answers for day, answers in self._by_date.items() if day > today - KEPT_DAYS * DAY}

    def days(self, today: datetime.date, number: int) -> dict[datetime.date, DayAnswers]:
        """Return the answers of the days before `today`, oldest first."""
        days = [today - ago * DAY for ago in range(number, 0, -1)]
        if missing := [day for day in days if day not in self._days]:
            rows = self._read(missing[0] - DAY, today, today)
            for day in missing:
                nearby = [row for date in (day - DAY, day, day + DAY) for row in rows.get(date, ())]
                self._days[day] = self._summarize(day, nearby)
        return {day: self._days[day] for day in days}

    def final_answers(self, as_of: datetime.date, today: datetime.date) -> dict[str, list[Row]]:
        """Return the last final answers to flights, by state with a cut-off.

        Fallbacks are left out. Answers of a state that cannot be read are taken to be from this cut-off if their
        flights depart on the date after it.
        """
        rows = self._read(as_of - DAY, as_of + (FINAL_DATES - 1) * DAY, today)
        groups: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        for date in sorted(rows):
            cut_offs = {state_id: self._states.as_of(state_id) for state_id in {row["state"] for row in rows[date]}}
            for row in rows[date]:
                cut_off = cut_offs[row["state"]] or date - DAY
                if cut_off == as_of and not row["days_behind"] and not row["fallback"]:
                    groups[row["state"]][row[ROW_ID]] = row
        return {state_id: list(group.values()) for state_id, group in groups.items()}

    def _read(
        self, first: datetime.date, last: datetime.date, today: datetime.date
    ) -> Mapping[datetime.date, Sequence[Row]]:
        """Read the answers to flights of local dates, in order of request, by date."""
        if today != self._today:  # flights of these dates were still to depart
            complete = self._today - 2 * DAY if self._today else today
            self._rows = {date: rows for date, rows in self._rows.items() if date <= complete}
            self._today = today
        wanted = [first + number * DAY for number in range((last - first).days + 1)]
        if missing := [date for date in wanted if date not in self._rows]:
            # Ids begin with the date, and are indexed.
            ids, end = PREDICTIONS.c.flight_id, missing[-1] + DAY
            query = (
                sa.select(PREDICTIONS, REQUESTS.c.state)
                .join(REQUESTS, PREDICTIONS.c.request_id == REQUESTS.c.request_id)
                .where(ids >= missing[0].isoformat(), ids < end.isoformat())
                .order_by(PREDICTIONS.c.request_id, PREDICTIONS.c.row)
            )
            names = [column.name for column in query.selected_columns]
            read: defaultdict[datetime.date, list[Row]] = defaultdict(list)
            with self._engine.connect() as connection:
                for values in connection.execute(query):
                    row = dict(zip(names, values, strict=True))
                    read[row["flight_date"]].append(row)
            self._rows |= {date: read[date] for date in missing}
        return {date: self._rows[date] for date in wanted}

    def _summarize(self, day: datetime.date, rows: Iterable[Row]) -> DayAnswers:
        groups: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            groups[row["state"]].append(row)
        parts: list[tuple[list[Row], Columns]] = []
        scheduled, unreadable, answered = {}, 0, Counter[str]()
        for state_id, group in groups.items():
            as_of = self._states.as_of(state_id)
            if as_of is not None and as_of > day:  # flights of its timetable depart later
                continue
            try:
                timetable = self._states.timetable(state_id, last_date=max(row["flight_date"] for row in group))
                known, flights = flights_of_rows(self._states, state_id, timetable, group)
            except UserError:
                unreadable += sum(row["flight_date"] == day for row in group)
                continue
            is_of_day = utc_day(flights) == np.datetime64(day)
            if not is_of_day.any():
                continue
            chosen = {name: values[is_of_day] for name, values in flights.items()}
            of_day = [row for row, is_chosen in zip(known, is_of_day.tolist(), strict=True) if is_chosen]
            parts.append((of_day, self._compute_inputs(state_id, timetable, chosen)))
            answered[state_id] = len(of_day)
            scheduled[state_id] = int(np.count_nonzero(utc_day(timetable) == np.datetime64(day)))
        listed = [row for group, _ in parts for row in group]
        order = sorted(range(len(listed)), key=lambda at: (listed[at]["request_id"], listed[at]["row"]))
        kept = np.array(sorted({listed[at][ROW_ID]: at for at in order}.values()), np.intp)
        inputs = {
            name: np.concatenate([columns[name] for _, columns in parts])[kept] if parts else np.array([], object)
            for name in self._bins
        }
        last_answers = [listed[at] for at in kept]
        probability = column_of(last_answers, "probability", np.float32)
        return DayAnswers(
            scheduled=scheduled[answered.most_common(1)[0][0]] if answered else 0,
            unreadable=unreadable,
            flight_id=column_of(last_answers, ROW_ID, object),
            days_behind=column_of(last_answers, "days_behind", np.int64),
            inputs=count_bins(inputs, self._bins),
            scores=Scores(
                self.thresholds.scores.bins.count(probability),
                math.fsum(probability.tolist()),
                sum(row["predicted_late"] for row in last_answers),
            ),
        )

    def _compute_inputs(self, state_id: str, timetable: Columns, flights: Columns) -> Columns:
        """Compute the inputs that have bins, of flights in the timetable or not."""
        counts = self._states.counts(state_id) if "history" in self._builder.groups else COUNTS.empty_table()
        return self._builder.prepare(timetable, counts, NO_OBSERVATIONS).compute(flights)


def column_of(rows: Iterable[Row], name: str, dtype: Any) -> Column:
    """Return the values of rows, shape (rows,)."""
    return np.array([row[name] for row in rows], dtype)
