"""Requests and responses of the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticCustomError

from flight_delay.serving.api.fields import DATE_PATTERN, Airport, ClockTime, FlightId, KnownAt

API_VERSION = "1"
MAX_FLIGHTS = 10_000
AGAIN = "the same flight again"


class Schema(BaseModel):
    """Base of the classes: no coercion, and no unknown field in a request."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class FlightKey(Schema):
    """A flight in the timetable."""

    flight_id: FlightId


class FlightSchedule(Schema):
    """A flight with its schedule, in the timetable or not."""

    flight_date: Annotated[
        str, Field(pattern=DATE_PATTERN, description="local date of departure", examples=["2013-12-01"])
    ]
    carrier: Annotated[str, Field(min_length=2, max_length=8, examples=["US"])]
    flight_number: Annotated[int, Field(ge=1, le=9999)]
    origin: Airport
    destination: Airport
    scheduled_departure: ClockTime
    scheduled_arrival: ClockTime
    distance_miles: Annotated[int, Field(ge=1, le=12_000)]
    scheduled_elapsed_minutes: Annotated[
        int | None, Field(ge=1, le=1440, description="checked against the scheduled times")
    ] = None

    @field_validator("destination")
    @classmethod
    def _leaves_its_origin(cls, destination: str, info: ValidationInfo) -> str:
        if destination == info.data.get("origin"):
            raise PydanticCustomError("origin", "is the origin")
        return destination


class InvalidRow(Schema):
    """What is wrong with a row of a request.

    `row` counts from 0; it is null for the request as a whole.
    """

    row: int | None
    field: str | None
    message: str


def _collect_errors(value: Any, _: Any) -> Any:
    """Return the problems of a row in its place, so that all rows are checked."""
    kind = FlightKey if isinstance(value, dict) and "flight_id" in value else FlightSchedule
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        return [InvalidRow(row=None, field=field_of(detail["loc"]), message=detail["msg"]) for detail in error.errors()]


def field_of(location: tuple[int | str, ...]) -> str | None:
    """Return the field of an error's location."""
    return next((part for part in reversed(location) if isinstance(part, str)), None)


RequestedFlight = Annotated[FlightKey | FlightSchedule, WrapValidator(_collect_errors)]


class PredictionRequest(Schema):
    """Flights to predict, each by its key or with its schedule."""

    flights: Annotated[list[RequestedFlight], Field(min_length=1, max_length=MAX_FLIGHTS)]


class Prediction(Schema):
    """The answer to a flight.

    A final answer is the same from every later state; a provisional one lacks `days_behind` days of outcomes. A
    fallback is the base rate, given because the time limit was reached.
    """

    flight_id: str
    probability: Annotated[float, Field(ge=0, le=1, description="of an arrival 15 minutes late or more")]
    predicted_late: bool
    status: Literal["final", "provisional"]
    days_behind: int
    fallback: bool


class Source(Schema):
    """The model and the state that answered."""

    request_id: str
    api_version: str
    model_version: str
    state: str
    as_of: str


class PredictionResponse(Source):
    """Answers in the order of the request, without its invalid rows."""

    threshold: float
    predictions: list[Prediction]
    invalid: list[InvalidRow]


class ReportedOutcome(Schema):
    """Outcome of a flight; `arrival_delay_minutes` is null if it did not arrive."""

    flight_id: FlightId
    arrival_delay_minutes: Annotated[int, Field(ge=-1440, le=4320)] | None
    cancelled: bool = False
    diverted: bool = False
    known_at: KnownAt | None = None


class OutcomeRequest(Schema):
    """Outcomes of flights."""

    outcomes: Annotated[list[ReportedOutcome], Field(min_length=1, max_length=MAX_FLIGHTS)]


class OutcomeResponse(Schema):
    """Numbers of stored outcomes."""

    request_id: str
    new: int
    corrected: int
    unchanged: int


class ErrorResponse(Schema):
    """Why a request was refused; `errors` lists all invalid rows."""

    request_id: str
    message: str
    errors: list[InvalidRow] = []
