"""Build the states of a season, with the faults of its feeds."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_table
from flight_delay.core.params import load_params
from flight_delay.serving.builder import Serve, build_state
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.model_package import ModelFiles
from flight_delay.simulation.challenger import train_challenger
from flight_delay.simulation.faults import HISTORY_STUCK, NO_STATE, TIMETABLE_FAULTS, Fault, spoil, to_feed

_DAY = datetime.timedelta(days=1)


class Built(NamedTuple):
    """The state of a day, or why there is none."""

    state: str | None
    refusal: str = ""


@dataclass(frozen=True)
class StuckHistory(Inputs):
    """Inputs whose outcomes end before a date, which no check of theirs notices."""

    stuck_on: datetime.date = datetime.date.max

    def count_outcomes(self, as_of: datetime.date) -> pa.Table:
        """Count the outcomes that were known before both dates."""
        return super().count_outcomes(min(as_of, self.stuck_on))


@dataclass(frozen=True)
class StateBuilder:
    """Builds the state of each day, from right data or a feed with faults.

    Attributes:
        folder: of the simulation; states and feeds are kept in it.
        inputs: without faults.
        model: that answers.
        faults: of all days.
        retrain_since: train a challenger whenever this month, or a later one, has ended; never if empty.
        challengers: by the last month that they know; the last one is the shadow.
    """

    folder: Path
    inputs: Inputs
    model: ModelFiles
    faults: Sequence[Fault] = ()
    retrain_since: str = ""
    challengers: dict[str, ModelFiles] = field(default_factory=dict)

    def build(self, day: datetime.date) -> Built:
        """Build the state of the flights of a UTC day."""
        as_of, active = day - _DAY, [fault for fault in self.faults if fault.is_active(day)]
        names = {fault.name for fault in active}
        if NO_STATE in names:
            return Built(None, "no state was built")
        inputs = self.inputs
        feed = self._write_feed(as_of, active) if names & set(TIMETABLE_FAULTS) else None
        if feed or HISTORY_STUCK in names:
            starts = [fault.first - 2 * _DAY for fault in active if fault.name == HISTORY_STUCK]
            inputs = StuckHistory(inputs.parameters, feed, stuck_on=min(starts, default=datetime.date.max))
        try:
            return Built(build_state(self.folder / "states", as_of, inputs, self.model, self._shadow(as_of)))
        except UserError as error:
            return Built(None, str(error))

    def _shadow(self, as_of: datetime.date) -> ModelFiles | None:
        """Return the newest challenger.

        It is trained a day after the end of a month, when the flights of the month have landed.
        """
        month = f"{(as_of - _DAY).replace(day=1) - _DAY:%Y-%m}"
        if self.retrain_since and self.retrain_since <= month not in self.challengers:
            self.challengers[month] = train_challenger(self.folder, self.model, month)
        return next(reversed(self.challengers.values()), None)

    def _write_feed(self, as_of: datetime.date, active: Sequence[Fault]) -> Path:
        days = 2 + load_params("serve", Serve).max_days_behind
        rows = to_feed(self.inputs.timetable(as_of, as_of + days * _DAY))
        for fault in active:
            if fault.name in TIMETABLE_FAULTS:
                rows = spoil(rows, fault)
        path = self.folder / "feeds" / f"timetable-{as_of}.parquet"
        write_table(path, pa.Table.from_pandas(rows.drop(columns="departure_utc"), preserve_index=False))
        return path
