"""Answer requests from the current state, and store the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from flight_delay.data.dictionary import Dictionary, load_dictionary
from flight_delay.serving.answers import decide, predict_flights
from flight_delay.serving.api.schemas import AGAIN, FlightKey, FlightSchedule, InvalidRow
from flight_delay.serving.current import CurrentState
from flight_delay.serving.database import utc_now
from flight_delay.serving.requested import check_schedules, outside, too_late
from flight_delay.serving.state import State
from flight_delay.serving.store import PredictionStore
from flight_delay.serving.table import Answer, AnswerTable, list_answers


class Result(NamedTuple):
    """Answers in the order of the request, and its invalid rows."""

    answers: list[Answer]
    invalid: list[InvalidRow]


@dataclass(frozen=True)
class Service:
    """Answers requests.

    Attributes:
        current: the current state.
        store: takes every answer before it is given.
        git_commit: of the code.
        time_limit_seconds: for computing flights outside the timetable; after it the base rate is given.
    """

    current: CurrentState
    store: PredictionStore
    git_commit: str
    time_limit_seconds: float
    schedule: Dictionary = field(default_factory=lambda: load_dictionary().schedule_only())
    executor: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "predict"))

    async def predict(self, table: AnswerTable, flights: Sequence[Any]) -> Result:
        """Answer flights.

        Args:
            table: answers of a state.
            flights: keys, schedules, and lists of problems in the place of rows that are neither.
        """
        answers: dict[int, Answer] = {}
        invalid: list[InvalidRow] = []
        schedules: dict[int, FlightSchedule] = {}
        by_flight = table.by_flight
        for row, flight in enumerate(flights):
            if isinstance(flight, FlightKey):
                if answer := by_flight.get(flight.flight_id):
                    answers[row] = answer
                else:
                    invalid.append(_unknown_flight(table, row, flight.flight_id))
            elif isinstance(flight, FlightSchedule):
                schedules[row] = flight
            else:
                invalid += [problem.model_copy(update={"row": row}) for problem in flight]
        if schedules:
            computed, problems = await self._compute(table.state, schedules)
            answers |= computed
            invalid += problems
        listed: dict[str, Answer] = {}
        for row in sorted(answers):
            flight_id = answers[row].row["flight_id"]
            if flight_id in listed:
                invalid.append(InvalidRow(row=row, field="flight_id", message=AGAIN))
            else:
                listed[flight_id] = answers[row]
        return Result(list(listed.values()), sorted(invalid, key=lambda problem: problem.row or 0))

    async def append(self, table: AnswerTable, request_id: str, answers: Sequence[Answer]) -> None:
        """Store answers.

        Raises:
            StoreError: the database did not take them.
        """
        manifest = table.state.manifest
        request = {
            "request_id": request_id,
            "answered_at": utc_now(),
            "state": table.state.id,
            "model_version": manifest.model_version,
            "shadow_version": manifest.shadow_version,
            "git_commit": self.git_commit,
        }
        rows = [{**answer.row, "request_id": request_id, "row": row} for row, answer in enumerate(answers)]
        await self.store.append(request, rows)

    async def _compute(
        self, state: State, schedules: dict[int, FlightSchedule]
    ) -> tuple[dict[int, Answer], list[InvalidRow]]:
        rows, fields = list(schedules), [schedule.model_dump() for schedule in schedules.values()]
        flights, own, problems = await asyncio.to_thread(check_schedules, state, self.schedule, fields)
        invalid = [
            InvalidRow(row=rows[problem.row], field=problem.field, message=problem.message) for problem in problems
        ]
        if not own:
            return {}, invalid
        valid = [fields[at] for at in own]

        def compute() -> list[Answer]:
            answers = predict_flights(state.model, state.as_of, flights)
            return list_answers(state, flights, answers, schedules=valid)

        work = asyncio.get_running_loop().run_in_executor(self.executor, compute)
        try:
            answers = await asyncio.wait_for(asyncio.shield(work), self.time_limit_seconds)
        except TimeoutError:
            base = np.full(len(own), state.model.bundle.manifest.trained_base_rate, np.float32)
            decided = decide(state.model, state.as_of, flights, base)
            answers = list_answers(state, flights, decided, schedules=valid, fallback=True)
        return {rows[at]: answer for at, answer in zip(own, answers, strict=True)}, invalid


def _unknown_flight(table: AnswerTable, row: int, flight_id: str) -> InvalidRow:
    state = table.state
    message = (
        too_late(state)
        if flight_id in table.position
        else f"is not in the timetable: {outside(state)}; give its schedule"
    )
    return InvalidRow(row=row, field="flight_id", message=message)
