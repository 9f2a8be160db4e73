"""Types of the fields of the API."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from flight_delay.serving.database import utc_now

# Not \d, which other alphabets have, too.
DATE_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FLIGHT_ID_PATTERN = DATE_PATTERN[:-1] + "-[A-Z0-9 ()]{2,8}-[0-9]{1,4}-[A-Z0-9]{3}-[0-9]{4}$"


def _require_date(flight_id: str) -> str:
    try:
        datetime.date.fromisoformat(flight_id[:10])
    except ValueError:
        raise PydanticCustomError("date", "begins with a date that does not exist") from None
    return flight_id


def _parse_past_utc(value: Any) -> datetime.datetime:
    """Parse a time in UTC that is not in the future, and remove its zone."""
    try:
        moment = datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("time", "is not a time such as 2013-12-01T15:04:00Z") from None
    if moment.utcoffset() != datetime.timedelta(0):
        raise PydanticCustomError("utc", "is not in UTC; give a time such as 2013-12-01T15:04:00Z")
    moment = moment.replace(tzinfo=None)
    if moment > utc_now():
        raise PydanticCustomError("future", "is in the future")
    return moment


FlightId = Annotated[
    str,
    Field(pattern=FLIGHT_ID_PATTERN, examples=["2013-12-01-US-1895-EWR-0500"]),
    AfterValidator(_require_date),
]
KnownAt = Annotated[
    datetime.datetime,
    BeforeValidator(_parse_past_utc),
    Field(
        description="when the outcome became known: UTC, not in the future; default: when it is received",
        examples=["2013-12-01T15:04:00Z"],
    ),
]
ClockTime = Annotated[int, Field(ge=0, le=2400, description="HHMM by the clock of the airport, such as 517 for 5:17")]
Airport = Annotated[str, Field(pattern=r"^[A-Z0-9]{3}$", description="IATA code", examples=["EWR"])]
