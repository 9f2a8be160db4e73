"""Record outcomes of predicted flights, and read labels as of a time."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flight_delay.features.columns import Column, columns_from_table
from flight_delay.features.feature import ROW_ID
from flight_delay.features.history import outcome_known_at
from flight_delay.features.target import is_late
from flight_delay.serving.database import Outcome, OutcomeCounts, insert_outcomes
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.tables import OUTCOMES, PREDICTIONS

_START = datetime.datetime.fromisoformat("1900-01-01")
_BATCH_ROWS = 10_000  # of a transaction: servers wait for it before they can store an answer


def record_outcomes(
    engine: sa.Engine, inputs: Inputs, first: datetime.date | None = None, last: datetime.date | None = None
) -> OutcomeCounts:
    """Append outcomes of flights that have a prediction.

    They are those of the pipeline's months and of the feed, known from when training knows them. Another run appends
    what is new or corrected, also after a crash.

    Args:
        engine: of the predictions database.
        inputs: timetable and outcomes.
        first: local date of departure; the first one with a prediction if None.
        last: local date of departure; the last one with a prediction if None.

    Raises:
        UserError: the feed is invalid.
    """
    flight_id = PREDICTIONS.c.flight_id
    query = sa.select(flight_id).distinct()  # ids begin with the date
    if first:
        query = query.where(flight_id >= first.isoformat())
    if last:
        query = query.where(flight_id < (last + datetime.timedelta(days=1)).isoformat())
    with engine.connect() as connection:
        predicted = pa.array(connection.execute(query).scalars(), pa.string())
    counts = [OutcomeCounts(0, 0, 0)]
    if len(predicted):
        dates = pc.min_max(pc.utf8_slice_codeunits(predicted, 0, 10)).as_py()
        flights = inputs.outcomes(*(datetime.date.fromisoformat(dates[end]) for end in ("min", "max")))
        outcomes = _outcomes(flights.filter(pc.is_in(flights[ROW_ID], predicted)))
        for start in range(0, len(outcomes), _BATCH_ROWS):
            with engine.begin() as connection:
                counts.append(insert_outcomes(connection, outcomes[start : start + _BATCH_ROWS]))
    return OutcomeCounts(*map(sum, zip(*counts, strict=True)))


class LabelReader:
    """Labels as of a time: of each flight the last outcome that was known before.

    A later time reads only what was not known or stored before.
    """

    def __init__(self, engine: sa.Engine, late_threshold_minutes: int) -> None:
        self._engine, self._threshold = engine, late_threshold_minutes
        self._forget()

    def _forget(self) -> None:
        self._before, self._last_id = _START, 0
        # Id of the outcome and label by flight, by date; ids of flights begin with the date.
        self._dates: defaultdict[str, dict[str, tuple[int, bool | None]]] = defaultdict(dict)
        self._versions: defaultdict[str, int] = defaultdict(int)

    def read(self, known_before: datetime.datetime, first: datetime.date) -> None:
        """Read the labels that were known before a time.

        Args:
            known_before: in UTC, without zone.
            first: local date of departure of the first flights; earlier ones are forgotten.
        """
        if known_before < self._before:
            self._forget()
        for date in [date for date in self._dates if date < first.isoformat()]:
            del self._dates[date]
        table = OUTCOMES.c
        query = sa.select(table.id, table.flight_id, table.arrival_delay_minutes).where(
            table.known_at < known_before,
            table.flight_id >= first.isoformat(),
            sa.or_(table.known_at >= self._before, table.id > self._last_id),
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(table.id)).all()
        late = is_late(np.array([row[2] for row in rows], np.float64), self._threshold).tolist()
        for (number, flight_id, _), label in zip(rows, late, strict=True):
            date = flight_id[:10]
            if number >= self._dates[date].get(flight_id, (0, None))[0]:
                self._dates[date][flight_id] = number, label
                self._versions[date] += 1
            self._last_id = max(self._last_id, number)
        self._before = known_before

    def version(self, dates: Collection[datetime.date]) -> int:
        """Return a number that grows when a label of the dates changes."""
        return sum(self._versions.get(str(date), 0) for date in dates)

    def labels(self, flight_ids: Column) -> list[bool | None]:
        """Return the label of each flight; None if unknown, cancelled or diverted."""
        return [self._dates.get(name[:10], {}).get(name, (0, None))[1] for name in flight_ids.tolist()]


def _outcomes(flights: pa.Table) -> list[Outcome]:
    known_at = outcome_known_at(columns_from_table(flights)).astype("datetime64[us]").tolist()
    columns = [flights[name].to_pylist() for name in Outcome._fields[:-1]]
    return [Outcome(*row) for row in zip(*columns, known_at, strict=True)]
