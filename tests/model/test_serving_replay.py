"""serving.replay: a stored answer is repeated bit for bit, and what differs is found."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import sqlalchemy as sa
from answers_database import request
from small_service import DAY, MODEL, inputs, scheduled

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import load_dictionary
from flight_delay.serving import replay
from flight_delay.serving.answers import predict_flights
from flight_delay.serving.builder import build_state
from flight_delay.serving.database import insert_answers, open_database
from flight_delay.serving.replay import replay_request
from flight_delay.serving.requested import check_schedules
from flight_delay.serving.state import load_state
from flight_delay.serving.table import AnswerTable, list_answers
from flight_delay.serving.tables import PREDICTIONS

AS_OF, STATES = dt.date(2013, 3, 5), Path("states")


class Stored(NamedTuple):
    """A database with a request, its predictions and its state."""

    engine: sa.Engine
    rows: list[dict[str, Any]]
    state: str

    def replay(self) -> list[replay.ReplayedFlight]:
        return replay_request(self.engine, STATES, "a")[1]

    def change(self, row: int, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.update(PREDICTIONS).where(PREDICTIONS.c.row == row).values(**values))


@pytest.fixture
def stored(small_service: Path) -> Iterator[Stored]:
    """Answers to flights of the timetable and to others, one of them after the time limit."""
    state = load_state(STATES, build_state(STATES, AS_OF, inputs(), MODEL))
    known = list(AnswerTable.compute(state).by_flight.values())
    base = np.float32(state.model.bundle.manifest.trained_base_rate)
    answers = [known[7], known[2]]
    for number, fallback in ((77, False), (3, True), (4, False)):
        schedule = scheduled(AS_OF + DAY)[2] | {"flight_number": number}
        flights = check_schedules(state, load_dictionary().schedule_only(), [schedule]).flights
        computed = predict_flights(state.model, AS_OF, flights)
        if fallback:
            computed = computed._replace(probability=np.array([base]))
        answers[1:1] = list_answers(state, flights, computed, schedules=[schedule], fallback=fallback)
    rows = [{**answer.row, "request_id": "a", "row": row} for row, answer in enumerate(answers)]
    engine = open_database("sqlite:///predictions.db")
    with engine.begin() as connection:
        insert_answers(connection, [request("a", state=state.id)], rows)
    yield Stored(engine, rows, state.id)
    engine.dispose()


def test_every_answer_is_repeated_in_the_order_of_the_request(stored: Stored) -> None:
    flights = stored.replay()
    assert [flight.flight_id for flight in flights] == [row["flight_id"] for row in stored.rows]
    assert [(f.recorded, f.repeated) for f in flights] == [(row["probability"],) * 2 for row in stored.rows]
    assert [(flight.is_same, flight.fallback) for flight in flights] == [(True, row == 2) for row in range(5)]
    for flight in flights:
        assert flight.reasons.flight_id == flight.flight_id
        assert flight.reasons.reasons


def test_one_other_bit_is_a_difference(stored: Stored) -> None:
    for row in (0, 2, 3):  # of the timetable, a fallback, with a schedule
        other = np.nextafter(np.float32(stored.rows[row]["probability"]), np.float32(1))
        stored.change(row, probability=float(other))
    assert [flight.is_same for flight in stored.replay()] == [False, True, False, False, True]


def test_a_missing_state_is_named(stored: Stored) -> None:
    shutil.rmtree(STATES / stored.state)
    with pytest.raises(UserError, match=stored.state):
        stored.replay()


def test_a_request_without_answers_is_repeated(stored: Stored) -> None:
    with stored.engine.begin() as connection:
        insert_answers(connection, [request("b", state=stored.state)], [])
    assert replay_request(stored.engine, STATES, "b")[1] == []
