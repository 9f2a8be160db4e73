"""Compare the answers that a client received with those in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from flight_delay.serving.tables import PREDICTIONS, REQUESTS
from flight_delay.simulation.client import Received

_COLUMNS = ("flight_id", "probability", "predicted_late", "days_behind", "fallback")


class Audit(NamedTuple):
    """Numbers of answers to flights.

    Attributes:
        received: by the client.
        lost: received, and not stored exactly as received.
        stored_twice: stored for a request whose response was lost; the client asked again.
    """

    received: int
    lost: int
    stored_twice: int


def audit_answers(engine: sa.Engine, received: Sequence[Received]) -> Audit:
    """Compare received answers with stored ones, bit for bit."""
    request = (REQUESTS.c.request_id, REQUESTS.c.state, REQUESTS.c.model_version)
    joined = sa.select(*request, *(PREDICTIONS.c[name] for name in _COLUMNS)).join(
        PREDICTIONS, PREDICTIONS.c.request_id == REQUESTS.c.request_id
    )
    stored: dict[str, list[tuple[Any, ...]]] = {}
    with engine.connect() as connection:
        for row in connection.execute(joined.order_by(REQUESTS.c.request_id, PREDICTIONS.c.row)):
            stored.setdefault(row[0], []).append((row[1], row[2], row[3], np.float32(row[4]), *map(int, row[5:])))
    lost = 0
    for request_id, state, version, predictions in received:
        rows = stored.pop(request_id, [])
        expected = [(state, version, *_values(prediction)) for prediction in predictions]
        lost += sum(row != answer for row, answer in zip(rows, expected, strict=False)) + abs(len(expected) - len(rows))
    answers = sum(len(request.predictions) for request in received)
    return Audit(answers, lost, sum(map(len, stored.values())))


def _values(prediction: dict[str, Any]) -> tuple[Any, ...]:
    flight_id, probability, *others = (prediction[name] for name in _COLUMNS)
    return flight_id, np.float32(probability), *map(int, others)
