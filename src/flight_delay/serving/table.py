"""Answers to all scheduled flights of a state, computed when it is loaded."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from flight_delay.features.columns import Columns
from flight_delay.features.feature import DATE
from flight_delay.serving.answers import Answers, predict_flights
from flight_delay.serving.explanations import StateExplainer
from flight_delay.serving.state import State


class Answer(NamedTuple):
    """Answer to a flight: its JSON for a response, and its row for the database.

    A probability as JSON is the shortest decimal of its float32, which parses to the same float32.
    """

    json: bytes
    row: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerTable:
    """A state with the answers to its scheduled flights.

    `by_flight` has no answer where history is too far behind.
    """

    state: State
    answers: Answers
    by_flight: Mapping[str, Answer]

    @classmethod
    def compute(cls, state: State) -> AnswerTable:
        """Predict all scheduled flights of a state."""
        answers = predict_flights(state.model, state.as_of, state.timetable)
        listed = list_answers(state, state.timetable, answers)
        within = (answer for answer in listed if answer.row["days_behind"] <= state.manifest.max_days_behind)
        return cls(state, answers, {answer.row["flight_id"]: answer for answer in within})

    @cached_property
    def explainer(self) -> StateExplainer:
        """Explanations of the model, loaded when the first is needed."""
        return StateExplainer.load(self.state)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Position in the timetable by flight id."""
        return {flight_id: at for at, flight_id in enumerate(self.answers.flight_id.tolist())}

    @cached_property
    def departures(self) -> Mapping[str, Mapping[datetime.date, Sequence[int]]]:
        """Positions in the timetable by airport and date, in order of departure."""
        departures: dict[str, dict[datetime.date, list[int]]] = {}
        timetable = self.state.timetable
        dates = timetable[DATE].astype("datetime64[D]").tolist()
        for at, (origin, date) in enumerate(zip(timetable["origin"].tolist(), dates, strict=True)):
            departures.setdefault(origin, {}).setdefault(date, []).append(at)
        return departures


def list_answers(
    state: State,
    flights: Columns,
    answers: Answers,
    *,
    schedules: Sequence[Mapping[str, Any]] | None = None,
    fallback: bool = False,
) -> list[Answer]:
    """Convert answers to JSON and rows, with those of the shadow.

    Args:
        state: that they were made from.
        flights: canonical schedule columns, each of shape (flights,).
        answers: to these flights.
        schedules: fields of the request, for flights outside the timetable.
        fallback: whether the probability is the base rate, given after the time limit.
    """
    shadow = None
    if state.shadow and not fallback:
        shadow = predict_flights(state.shadow, state.as_of, flights).probability.tolist()
    listed = []
    columns = (answers.flight_id, flights[DATE].astype("datetime64[D]"), answers.predicted_late, answers.days_behind)
    for at, (flight_id, date, is_late, behind) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        probability = answers.probability[at]
        row = {
            "flight_id": flight_id,
            "flight_date": date,
            "schedule": json.dumps(schedules[at], sort_keys=True) if schedules else None,
            "probability": float(probability),
            "predicted_late": is_late,
            "days_behind": behind,
            "fallback": fallback,
            "shadow_probability": shadow[at] if shadow else None,
        }
        listed.append(Answer(_json(flight_id, probability, is_late, behind, fallback), row))
    return listed


def shortest_decimal(probability: Any) -> float:
    """Return the number whose shortest decimal is that of a float32."""
    return float(str(probability))


def _json(flight_id: str, probability: Any, is_late: bool, behind: int, fallback: bool) -> bytes:
    fields = {
        "flight_id": flight_id,
        "probability": shortest_decimal(probability),
        "predicted_late": is_late,
        "status": "provisional" if behind else "final",
        "days_behind": behind,
        "fallback": fallback,
    }
    return json.dumps(fields, separators=(",", ":")).encode()
