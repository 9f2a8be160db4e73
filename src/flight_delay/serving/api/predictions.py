"""Routes: predictions, explanations and outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from flight_delay.serving.answers import scheduled_dates
from flight_delay.serving.api.fields import DATE_PATTERN, Airport
from flight_delay.serving.api.metrics import INVALID_ROWS, STORE_ERRORS, count_answers
from flight_delay.serving.api.schemas import (
    AGAIN,
    API_VERSION,
    ErrorResponse,
    InvalidRow,
    OutcomeRequest,
    OutcomeResponse,
    PredictionRequest,
    PredictionResponse,
)
from flight_delay.serving.api.strict_json import StrictJsonRoute
from flight_delay.serving.database import Outcome, insert_outcomes, utc_now
from flight_delay.serving.requested import outside
from flight_delay.serving.service import Service
from flight_delay.serving.store import StoreError
from flight_delay.serving.table import Answer, AnswerTable

router = APIRouter(prefix="/v1", tags=["predictions"], route_class=StrictJsonRoute)
RETRY = {"Retry-After": "1"}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": ErrorResponse}}


@router.post("/predictions", response_model=PredictionResponse)
async def predict(
    request: Request,
    body: PredictionRequest,
    skip_invalid: Annotated[
        bool, Query(description="answer the valid rows, if there are any, and list the others")
    ] = False,
) -> Response:
    """Predict 1 to 10,000 flights, by key or with their schedule.

    A flight that the request has again is an invalid row.
    """
    service, table = current(request)
    answers, invalid = await service.predict(table, body.flights)
    if invalid:
        INVALID_ROWS.inc(len({problem.row for problem in invalid}))
        if not (skip_invalid and answers):
            return _refuse(request, invalid)
    return await _answer(request, service, table, answers, invalid)


@router.get("/predictions/{flight_id}", response_model=PredictionResponse, responses={304: {}, **NOT_FOUND})
async def predict_flight(
    request: Request, flight_id: str, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Predict a flight of the timetable; its ETag changes with the state."""
    service, table = current(request)
    answer = table.by_flight.get(flight_id)
    if answer is None:
        raise no_answer(table, flight_id)
    etag = f'"{table.state.id}"'
    if if_none_match and {etag, "*"} & {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}:
        return Response(status_code=304, headers={"ETag": etag})
    response = await _answer(request, service, table, [answer], [])
    response.headers["ETag"] = etag
    return response


@router.get("/predictions", response_model=PredictionResponse)
async def list_predictions(
    request: Request,
    date: Annotated[str, Query(pattern=DATE_PATTERN, description="local date of departure, of the timetable")],
    origin: Annotated[Airport | None, Query()] = None,
) -> Response:
    """List the answers to the timetable of a date, in order of departure.

    They are not stored.
    """
    _, table = current(request)
    state = table.state
    day = next((day for day in scheduled_dates(state.timetable) if day.isoformat() == date), None)
    if day is None:
        return _refuse(request, [InvalidRow(row=None, field="date", message=outside(state))])
    if origin is not None and origin not in state.zones:
        return _refuse(request, [InvalidRow(row=None, field="origin", message="is not in the airports table")])
    answers = [answer for answer in table.by_flight.values() if answer.row["flight_date"] == day]
    if origin is not None:
        is_from = {table.answers.flight_id[at] for at in (state.timetable["origin"] == origin).nonzero()[0]}
        answers = [answer for answer in answers if answer.row["flight_id"] in is_from]
    return _respond(request, table, answers, [])


@router.post("/outcomes")
async def report_outcomes(request: Request, body: OutcomeRequest) -> OutcomeResponse:
    """Report outcomes, one of each flight.

    A repetition changes nothing; an outcome that differs, or was known earlier, is stored as a correction.
    """
    service = request.app.state.service
    invalid = [
        InvalidRow(row=row, field="arrival_delay_minutes", message="contradicts cancelled and diverted")
        for row, outcome in enumerate(body.outcomes)
        if (outcome.arrival_delay_minutes is None) != (outcome.cancelled or outcome.diverted)
        or (outcome.cancelled and outcome.diverted)
    ]
    rows = {outcome.flight_id: row for row, outcome in reversed([*enumerate(body.outcomes)])}  # the first of a flight
    invalid += [
        InvalidRow(row=row, field="flight_id", message=AGAIN)
        for row, outcome in enumerate(body.outcomes)
        if rows[outcome.flight_id] != row
    ]
    if invalid:
        return _refuse(request, invalid)  # type: ignore[return-value]
    now = utc_now()
    outcomes = [Outcome(**outcome.model_dump() | {"known_at": outcome.known_at or now}) for outcome in body.outcomes]
    counts = await service.store.run(partial(insert_outcomes, outcomes=outcomes))
    return OutcomeResponse(request_id=request.state.request_id, **counts._asdict())


def current(request: Request) -> tuple[Service, AnswerTable]:
    """Return the service and its current state.

    Raises:
        HTTPException: there is no state yet.
    """
    service: Service = request.app.state.service
    if service.current.table is None:
        raise HTTPException(503, "no state yet; `flight-delay state --as-of DATE` builds one", RETRY)
    return service, service.current.table


def no_answer(table: AnswerTable, flight_id: str) -> HTTPException:
    """Return the error of a flight that a state does not answer."""
    return HTTPException(404, f"flight '{flight_id[:64]}' has no answer in state {table.state.id}")


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


def source(request: Request, table: AnswerTable) -> dict[str, Any]:
    """Return the fields of `Source`."""
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
    head = source(request, table) | {"threshold": table.state.model.bundle.decision.threshold}
    refused = json.dumps([problem.model_dump() for problem in invalid]).encode()
    listed = b",".join([answer.json for answer in answers])
    content = json.dumps(head)[:-1].encode() + b', "predictions": [' + listed + b'], "invalid": ' + refused + b"}"
    return Response(content, media_type="application/json")


def _refuse(request: Request, invalid: Sequence[InvalidRow]) -> Response:
    rows = len({problem.row for problem in invalid} - {None})
    message = f"{rows:,} invalid rows; nothing was answered" if rows else "the request is not valid"
    return respond_error(request, 422, message, invalid)


def respond_error(
    request: Request,
    status_code: int,
    message: str,
    errors: Sequence[InvalidRow] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Respond with an error, as all routes do."""
    content = ErrorResponse(request_id=request.state.request_id, message=message, errors=list(errors))
    return JSONResponse(content.model_dump(), status_code, headers)
