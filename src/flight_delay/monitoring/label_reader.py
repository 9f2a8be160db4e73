"""Labels as of a time, read again and again."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection

import numpy as np
import sqlalchemy as sa

from flight_delay.features.columns import Column
from flight_delay.features.target import is_late
from flight_delay.serving.tables import OUTCOMES

_START = datetime.datetime.fromisoformat("1900-01-01")


class LabelReader:
    """The labels of `labels.read_labels`, without reading them all again.

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
