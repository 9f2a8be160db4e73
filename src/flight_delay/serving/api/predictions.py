"""Routes: predictions, explanations and outcomes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from flight_delay.features.columns import Columns
from flight_delay.serving.api.metrics import INVALID_ROWS, STORE_ERRORS, count_answers
from flight_delay.serving.api.schemas import (
    API_VERSION,
    ErrorResponse,
    ExplanationResponse,
    InvalidRow,
    OutcomeRequest,
    OutcomeResponse,
    PredictionRequest,
    PredictionResponse,
)
from flight_delay.serving.database import Outcome, insert_outcomes
from flight_delay.serving.service import Service
from flight_delay.serving.store import StoreError
from flight_delay.serving.table import Answer, AnswerTable, shortest_decimal

router = APIRouter(prefix="/v1", tags=["predictions"])
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": ErrorResponse}}


@router.post("/predictions", response_model=PredictionResponse)
async def predict(
    request: Request,
    body: PredictionRequest,
    skip_invalid: Annotated[bool, Query(description="answer the valid rows and list the others")] = False,
) -> Response:
    """Predict 1 to 10,000 flights, by key or with their schedule."""
    service, table = current(request)
    answers, invalid = await service.predict(table, body.flights)
    if invalid:
        INVALID_ROWS.inc(len({problem.row for problem in invalid}))
        if not skip_invalid:
            return _refuse_rows(request, invalid)
    return await _answer(request, service, table, answers, invalid)


@router.get("/predictions/{flight_id}", response_model=PredictionResponse, responses={304: {}, **NOT_FOUND})
async def predict_flight(
    request: Request, flight_id: str, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Predict a flight of the timetable; its ETag changes with the state."""
    service, table = current(request)
    answer = table.by_flight.get(flight_id)
    if answer is None:
        raise HTTPException(404, f"flight '{flight_id[:64]}' has no answer in state {table.state.id}")
    etag = f'"{table.state.id}"'
    if if_none_match and etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": etag})
    response = await _answer(request, service, table, [answer], [])
    response.headers["ETag"] = etag
    return response


@router.get("/predictions", response_model=PredictionResponse)
async def list_predictions(
    request: Request,
    date: Annotated[datetime.date, Query(description="local date of departure")],
    origin: Annotated[str | None, Query(pattern="^[A-Z0-9]{3}$")] = None,
) -> Response:
    """List the answers to the timetable of a date, in order of departure.

    They are not stored.
    """
    _, table = current(request)
    answers = [answer for answer in table.by_flight.values() if answer.row["flight_date"] == date]
    if origin is not None:
        is_from = {table.answers.flight_id[at] for at in (table.state.timetable["origin"] == origin).nonzero()[0]}
        answers = [answer for answer in answers if answer.row["flight_id"] in is_from]
    return _respond(request, table, answers, [])


@router.get("/explanations/{flight_id}", responses=NOT_FOUND)
async def explain_flight(
    request: Request,
    flight_id: str,
    what_if: Annotated[bool, Query(description="also predict every half hour of departure")] = False,
) -> ExplanationResponse:
    """Explain the answer to a flight of the timetable by reason codes."""
    _, table = current(request)
    row = table.position.get(flight_id)
    if row is None:
        raise HTTPException(404, f"flight '{flight_id[:64]}' is not in state {table.state.id}")
    content = await run_in_threadpool(partial(explain_row, table, row, what_if=what_if))
    return ExplanationResponse.model_validate(_source(request, table) | content)


@router.post("/outcomes")
async def report_outcomes(request: Request, body: OutcomeRequest) -> OutcomeResponse:
    """Report outcomes.

    A repetition changes nothing; a different one is stored as a correction.
    """
    service = request.app.state.service
    invalid = [
        InvalidRow(row=row, field="arrival_delay_minutes", message="contradicts cancelled and diverted")
        for row, outcome in enumerate(body.outcomes)
        if (outcome.arrival_delay_minutes is None) != (outcome.cancelled or outcome.diverted)
        or (outcome.cancelled and outcome.diverted)
    ]
    if invalid:
        return _refuse_rows(request, invalid)  # type: ignore[return-value]
    outcomes = [Outcome(**outcome.model_dump()) for outcome in body.outcomes]
    counts = await service.store.run(partial(insert_outcomes, outcomes=outcomes))
    return OutcomeResponse(request_id=request.state.request_id, **counts._asdict())


def current(request: Request) -> tuple[Service, AnswerTable]:
    """Return the service and its current state.

    Raises:
        HTTPException: there is no state yet.
    """
    service: Service = request.app.state.service
    if service.current.table is None:
        raise HTTPException(503, "no state yet; `flight-delay state --as-of DATE` builds one")
    return service, service.current.table


async def _answer(
    request: Request, service: Service, table: AnswerTable, answers: Sequence[Answer], invalid: Sequence[InvalidRow]
) -> Response:
    """Store answers, count them, and respond."""
    try:
        await service.append(table, request.state.request_id, answers)
    except StoreError:
        STORE_ERRORS.inc(len(answers))
        raise
    count_answers(answers)
    return _respond(request, table, answers, invalid)


def _source(request: Request, table: AnswerTable) -> dict[str, Any]:
    manifest = table.state.manifest
    return {
        "request_id": request.state.request_id,
        "api_version": API_VERSION,
        "model_version": manifest.model_version,
        "state": table.state.id,
        "as_of": manifest.as_of,
    }


def _respond(
    request: Request, table: AnswerTable, answers: Sequence[Answer], invalid: Sequence[InvalidRow]
) -> Response:
    head = _source(request, table) | {"threshold": table.state.model.bundle.decision.threshold}
    refused = json.dumps([problem.model_dump() for problem in invalid]).encode()
    listed = b",".join([answer.json for answer in answers])
    content = json.dumps(head)[:-1].encode() + b', "predictions": [' + listed + b'], "invalid": ' + refused + b"}"
    return Response(content, media_type="application/json")


def _refuse_rows(request: Request, invalid: Sequence[InvalidRow]) -> Response:
    content = ErrorResponse(
        request_id=request.state.request_id,
        message=f"{len({problem.row for problem in invalid}):,} invalid rows; nothing was answered",
        errors=list(invalid),
    )
    return Response(content.model_dump_json(), 422, media_type="application/json")


def explain_row(table: AnswerTable, row: int, *, what_if: bool) -> dict[str, Any]:
    """Explain the answer to a flight, as `ExplanationResponse` does."""
    timetable = table.state.timetable
    flight: Columns = {name: values[row : row + 1] for name, values in timetable.items()}
    (reasons,) = table.explainer.explain(flight)
    names = ("topic", "label", "probability", "sentence")
    departures = table.explainer.what_if(timetable, row).points if what_if else None
    return {
        "flight_id": reasons.flight_id,
        "probability": shortest_decimal(table.answers.probability[row]),
        "base": reasons.base,
        "predicted_late": reasons.predicted_late,
        "reasons": [{name: getattr(reason, name) for name in names} for reason in reasons.reasons],
        "what_if": departures
        and [
            {
                "minutes": point.minutes,
                "probability": point.probability,
                "predicted_late": point.predicted_late,
                "supported": point.is_supported,
            }
            for point in departures
        ],
    }
