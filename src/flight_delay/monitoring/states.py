"""States that answered, as monitoring needs them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.data.dictionary import Dictionary, load_dictionary
from flight_delay.drift.psi import Bins
from flight_delay.drift.thresholds import DriftThresholds
from flight_delay.features.columns import Column, Columns, columns_from_table
from flight_delay.features.feature import ROW_ID
from flight_delay.features.history import COUNTS
from flight_delay.serving.replay import flights_of
from flight_delay.serving.state import (
    HISTORY,
    State,
    StateManifest,
    load_state,
    read_manifest,
    read_timetable,
    verify_folder,
)

DAY = datetime.timedelta(days=1)
# Dates of a timetable on which flights of final answers depart: that of the cut-off, the next, and one more because of
# time zones ahead of UTC.
FINAL_DATES = 3

Row: TypeAlias = dict[str, Any]  # of `tables.PREDICTIONS`, with the `state`


class States:
    """States by id; the last few stay loaded, since checks and days share them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifests: dict[str, StateManifest] = {}
        self._load = lru_cache(maxsize=2)(self._load_uncached)
        self._timetable = lru_cache(maxsize=4)(self._timetable_uncached)

    @cached_property
    def dictionary(self) -> Dictionary:
        """The data dictionary."""
        return load_dictionary()

    def manifest(self, state_id: str) -> StateManifest | None:
        """Return the description of a state; None if it cannot be read."""
        if state_id not in self._manifests:
            with suppress(UserError):
                if manifest := read_manifest(self.folder, state_id):
                    self._manifests[state_id] = manifest
        return self._manifests.get(state_id)

    def as_of(self, state_id: str) -> datetime.date | None:
        """Return the cut-off of a state; None if its description cannot be read."""
        manifest = self.manifest(state_id)
        return datetime.date.fromisoformat(manifest.as_of) if manifest else None

    def load(self, state_id: str, *, last_date: datetime.date, any_code: bool = False) -> State:
        """Load a state, with its timetable up to `last_date` at least.

        Raises:
            UserError: see `load_state`.
        """
        verify_folder(self.folder / state_id, state_id, any_code=any_code)  # it may have been damaged meanwhile
        return self._load(state_id, self._dates(state_id, last_date))

    def timetable(self, state_id: str, *, last_date: datetime.date) -> Columns:
        """Return the timetable of a state of any code, up to a date at least.

        Raises:
            UserError: the state is missing or damaged.
        """
        return self._timetable(state_id, self._dates(state_id, last_date))

    def counts(self, state_id: str) -> pa.Table:
        """Return the counts of outcomes of a state."""
        return read_table(self.folder / state_id / HISTORY, COUNTS)

    def _dates(self, state_id: str, last_date: datetime.date) -> int | None:
        as_of = self.as_of(state_id)
        return FINAL_DATES if as_of is not None and last_date < as_of + FINAL_DATES * DAY else None

    def _load_uncached(self, state_id: str, dates: int | None) -> State:
        return load_state(self.folder, state_id, dates=dates, any_code=True)

    def _timetable_uncached(self, state_id: str, dates: int | None) -> Columns:
        folder = self.folder / state_id
        return columns_from_table(read_timetable(folder, verify_folder(folder, state_id, any_code=True), dates))


def flights_of_rows(
    states: States, state_id: str, timetable: Columns, rows: Sequence[Row]
) -> tuple[list[Row], Columns]:
    """Return answers that a state can repeat, and schedules of their flights.

    Answers to flights of the timetable that the state does not have are left out.
    """
    position = {flight_id: at for at, flight_id in enumerate(timetable[ROW_ID].tolist())}
    scheduled = [row for row in rows if row["schedule"] is None and row[ROW_ID] in position]
    at = np.array([position[row[ROW_ID]] for row in scheduled], np.intp)
    parts: list[Mapping[str, Column]] = [{name: column[at] for name, column in timetable.items()}]
    if requested := [row for row in rows if row["schedule"] is not None]:
        last = max(row["flight_date"] for row in requested)
        parts.append(flights_of(states.load(state_id, last_date=last, any_code=True), requested))
    return [*scheduled, *requested], {name: np.concatenate([part[name] for part in parts]) for name in timetable}


def utc_day(flights: Columns) -> Column:
    """Return the UTC day of each departure."""
    return flights["scheduled_departure_utc"].astype("datetime64[D]")


def checked_bins(thresholds: DriftThresholds) -> dict[str, Bins]:
    """Return the bins of checked inputs: monitored ones, and categories."""
    columns = thresholds.columns
    return {name: column.bins for name, column in columns.items() if column.is_monitored or column.unknown_share}
