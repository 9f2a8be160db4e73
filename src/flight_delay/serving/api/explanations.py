"""Route: explanations."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from flight_delay.features.columns import Columns
from flight_delay.serving.api.predictions import NOT_FOUND, current, no_answer, source
from flight_delay.serving.api.schemas import Schema, Source
from flight_delay.serving.table import AnswerTable, shortest_decimal

router = APIRouter(prefix="/v1", tags=["predictions"])


class Reason(Schema):
    """A reason code; `probability` is its contribution to the probability."""

    topic: str
    label: str
    probability: float
    sentence: str


class Departure(Schema):
    """Prediction for another time of departure, in local minutes after midnight."""

    minutes: int
    probability: float
    predicted_late: bool
    supported: bool = Field(validation_alias="is_supported")


class ExplanationResponse(Source):
    """Reasons of a prediction, and predictions for other departures if requested."""

    flight_id: str
    probability: float
    base: float
    predicted_late: bool
    reasons: list[Reason]
    what_if: list[Departure] | None


@router.get("/explanations/{flight_id}", responses=NOT_FOUND)
async def explain_flight(
    request: Request,
    flight_id: str,
    what_if: Annotated[bool, Query(description="also predict every half hour of departure")] = False,
) -> ExplanationResponse:
    """Explain the answer to a flight of the timetable by reason codes.

    It is not stored.
    """
    _, table = current(request)
    if flight_id not in table.by_flight:
        raise no_answer(table, flight_id)
    row = table.position[flight_id]
    content = await run_in_threadpool(partial(explain_row, table, row, what_if=what_if))
    return ExplanationResponse.model_validate(source(request, table) | content, from_attributes=True)


def explain_row(table: AnswerTable, row: int, *, what_if: bool) -> dict[str, Any]:
    """Explain the answer to a flight, with the fields of `ExplanationResponse`."""
    timetable = table.state.timetable
    flight: Columns = {name: values[row : row + 1] for name, values in timetable.items()}
    (reasons,) = table.explainer.explain(flight)
    return {
        "flight_id": reasons.flight_id,
        "probability": shortest_decimal(table.answers.probability[row]),
        "base": reasons.base,
        "predicted_late": reasons.predicted_late,
        "reasons": list(reasons.reasons),
        "what_if": list(table.explainer.what_if(timetable, row).points) if what_if else None,
    }
