"""Record outcomes of predicted flights, and read labels as of a time."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import ROW_ID
from flight_delay.features.history import outcome_known_at
from flight_delay.features.target import is_late
from flight_delay.serving.database import Outcome, OutcomeCounts, insert_outcomes
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.tables import OUTCOMES, PREDICTIONS

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


def read_labels(
    engine: sa.Engine,
    known_before: datetime.datetime,
    late_threshold_minutes: int,
    first: datetime.date | None = None,
) -> dict[str, bool | None]:
    """Read whether flights were late, as far as it was known before a time.

    Args:
        engine: of the predictions database.
        known_before: in UTC, without zone.
        late_threshold_minutes: smallest delay of a late flight, in minutes.
        first: local date of departure of the first flights; of all flights if None.

    Returns:
        By flight: True, False, or None for cancelled and diverted flights, as the target of training.
    """
    latest = sa.select(sa.func.max(OUTCOMES.c.id)).where(OUTCOMES.c.known_at < known_before)
    if first:
        latest = latest.where(OUTCOMES.c.flight_id >= first.isoformat())
    latest = latest.group_by(OUTCOMES.c.flight_id)
    query = sa.select(OUTCOMES.c.flight_id, OUTCOMES.c.arrival_delay_minutes).where(OUTCOMES.c.id.in_(latest))
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    delay = np.array([row.arrival_delay_minutes for row in rows], np.float64)  # None becomes NaN
    return dict(zip((row.flight_id for row in rows), is_late(delay, late_threshold_minutes).tolist(), strict=True))


def _outcomes(flights: pa.Table) -> list[Outcome]:
    known_at = outcome_known_at(columns_from_table(flights)).astype("datetime64[us]").tolist()
    columns = [flights[name].to_pylist() for name in Outcome._fields[:-1]]
    return [Outcome(*row) for row in zip(*columns, known_at, strict=True)]
