"""Collect timetable and outcomes for states.

They come from the pipeline's data and from feeds.

A feed is a CSV or Parquet file in a layout of the data dictionary, or with the columns of the API."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core import months, paths
from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.data.airports import RAW_AIRPORTS, time_zones
from flight_delay.data.dictionary import Dictionary, load_dictionary
from flight_delay.features import history
from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import DATE, ROW_ID
from flight_delay.features.parameters import FeatureParameters
from flight_delay.serving.feeds import read_feed
from flight_delay.serving.model_package import AIRPORTS, find_installed_model

AIRPORTS_FILE = paths.RAW / "tables/airports.parquet"
_DAY = datetime.timedelta(days=1)
# An outcome is known so long after the date at most: a delay of three days, and an unknown arrival.
_LATEST = 5 * _DAY


@dataclass(frozen=True)
class Inputs:
    """Timetable and outcomes of the pipeline's data, with those of feeds.

    An object reads a file once, while consecutive dates are asked for.

    Attributes:
        parameters: of the features of the model.
        timetable_feed: scheduled flights; the dates in it are taken from it alone.
        outcomes_feed: flights with outcomes; they replace the pipeline's.
    """

    parameters: FeatureParameters
    timetable_feed: Path | None = None
    outcomes_feed: Path | None = None
    # States of consecutive days share months and the counts of all days but one.
    _months: dict[tuple[str, ...], dict[str, pa.Table]] = field(default_factory=dict, init=False, repr=False)
    _counts: dict[datetime.date, pa.Table] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def airports(self) -> pa.Table:
        """Time zones of airports, of this checkout or of the installed model."""
        installed = None if AIRPORTS_FILE.exists() else find_installed_model()
        return read_table(installed.folder / AIRPORTS if installed else AIRPORTS_FILE, RAW_AIRPORTS)

    def timetable(self, first: datetime.date, last: datetime.date) -> pa.Table:
        """Return the scheduled flights of some dates, in order of departure."""
        months = self._read_months(first, last, self._schedule_schema)
        return _in_order(_between(_replace(months, self._scheduled, DATE), first, last))

    def outcomes(self, first: datetime.date, last: datetime.date) -> pa.Table:
        """Return flights of some dates with outcomes, in order of departure."""
        months = self._read_months(first, last, self._outcome_schema)
        return _in_order(_between(_replace(months, self._outcomes, ROW_ID), first, last))

    def count_outcomes(self, as_of: datetime.date) -> pa.Table:
        """Count the outcomes that were known before a date began in UTC.

        Raises:
            UserError: those of a date are missing; the message names it.
        """
        days = max(self.parameters.history_days) + self.parameters.horizon_hours // 24 + 3  # as first_day_of_counts
        first = as_of - days * _DAY
        flights = self.outcomes(first - _LATEST, as_of)
        _require_outcomes(flights, as_of)
        wanted = days_between(first, as_of - _DAY)
        counted = {day: table for day, table in self._counts.items() if day in wanted}
        if missing := [day for day in wanted if day not in counted]:
            counted |= self._count_days(_between(flights, missing[0] - _LATEST, as_of), missing)
        self._counts.clear()
        self._counts.update(counted)
        return pa.concat_tables(counted[day] for day in wanted).combine_chunks()

    def last_known_day(self) -> datetime.date:
        """Return the last date that has flights with outcomes."""
        last: list[datetime.date] = []
        if paths.CANONICAL.is_dir():
            month = months.list_months(paths.CANONICAL)[-1]
            last.append(pc.max(read_table(months.month_path(paths.CANONICAL, month), columns=[DATE])[DATE]).as_py())
        if self._outcomes is not None:
            last.append(pc.max(self._outcomes[DATE]).as_py())
        if not last:
            raise UserError(f"{paths.CANONICAL}: no flights; run `dvc repro make_dataset`, or give `--outcomes FILE`")
        return max(last)

    @cached_property
    def _dictionary(self) -> Dictionary:
        return load_dictionary()

    @cached_property
    def _scheduled(self) -> pa.Table | None:
        return self._read_feed(self.timetable_feed, self._dictionary.schedule_only(), self._schedule_schema)

    @cached_property
    def _outcomes(self) -> pa.Table | None:
        return self._read_feed(self.outcomes_feed, self._dictionary, self._outcome_schema)

    @property
    def _schedule_schema(self) -> pa.Schema:
        return self._dictionary.schedule_only().schema

    @property
    def _outcome_schema(self) -> pa.Schema:
        names = [ROW_ID, DATE, *history.HISTORY_COLUMNS, *history.OUTCOMES, "diverted"]
        return pa.schema([self._dictionary.schema.field(name) for name in dict.fromkeys(names)])

    def _read_feed(self, path: Path | None, dictionary: Dictionary, schema: pa.Schema) -> pa.Table | None:
        return read_feed(path, dictionary, time_zones(self.airports)).select(schema.names) if path else None

    def _count_days(self, flights: pa.Table, days: Sequence[datetime.date]) -> dict[datetime.date, pa.Table]:
        columns = columns_from_table(flights)
        known_on = history.outcome_known_at(columns).astype("datetime64[D]")
        counts = {}
        for day in days:
            rows = np.flatnonzero(known_on == np.datetime64(day))
            known = {name: values[rows] for name, values in columns.items()}
            counts[day] = history.count_daily_outcomes(known, self.parameters.late_threshold_minutes)
        return counts

    def _read_months(self, first: datetime.date, last: datetime.date, schema: pa.Schema) -> pa.Table:
        present = months.list_months(paths.CANONICAL) if paths.CANONICAL.is_dir() else []
        kept = self._months.get(tuple(schema.names), {})
        wanted = [month for month in present if f"{first:%Y-%m}" <= month <= f"{last:%Y-%m}"]
        kept |= dict(months.iterate_months(paths.CANONICAL, [month for month in wanted if month not in kept], schema))
        self._months[tuple(schema.names)] = kept = {month: kept[month] for month in wanted}
        return _between(pa.concat_tables(kept.values()), first, last) if kept else schema.empty_table()


def days_between(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """List the dates from `first` to `last`, both included."""
    return [first + number * _DAY for number in range((last - first).days + 1)]


def require_dates(timetable: pa.Table, dates: Sequence[datetime.date]) -> None:
    """Check that a timetable has flights on each date.

    Raises:
        UserError: it has none on a date; the message names it.
    """
    present = set(pc.unique(timetable[DATE]).to_pylist())
    if missing := [date for date in dates if date not in present]:
        raise UserError(f"no timetable of {missing[0]}; choose another date, or give `--timetable FILE`")


def _require_outcomes(flights: pa.Table, as_of: datetime.date) -> None:
    present = set(pc.unique(flights[DATE]).to_pylist())
    date = min([*present, as_of - _DAY])
    while date in present:
        date += _DAY
    if date < as_of:
        raise UserError(
            f"no outcomes of {date}, which predictions as of {as_of} need; choose another date, or give "
            "`--outcomes FILE`"
        )


def _between(table: pa.Table, first: datetime.date, last: datetime.date) -> pa.Table:
    first_day, last_day = (pa.scalar(date, pa.date32()) for date in (first, last))
    return table.filter(pc.and_(pc.greater_equal(table[DATE], first_day), pc.less_equal(table[DATE], last_day)))


def _replace(table: pa.Table, feed: pa.Table | None, key: str) -> pa.Table:
    """Replace the rows that have a key of a feed by all rows of the feed."""
    if feed is None:
        return table
    return pa.concat_tables([table.filter(pc.invert(pc.is_in(table[key], pc.unique(feed[key])))), feed])


def _in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("scheduled_departure_utc", "ascending"), (ROW_ID, "ascending")])
