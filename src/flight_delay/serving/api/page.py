"""Page: the flights of an airport on a date, and the reasons of one of them."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from flight_delay.explain.format import format_clock, format_points
from flight_delay.serving.api.explanations import explain_row
from flight_delay.serving.api.fields import FLIGHT_ID_PATTERN
from flight_delay.serving.current import CurrentState
from flight_delay.serving.table import AnswerTable

Sort = Literal["departure", "airline", "destination", "probability", "status"]
Order = Literal["ascending", "descending"]

router = APIRouter()


class PageQuery(BaseModel):
    """Parameters of the page; a flight stands for its airport and date.

    A description says what is valid.
    """

    airport: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]{3}$", to_upper=True)] | None = Field(
        default=None, description="three letters or digits, such as EWR"
    )
    date: datetime.date | None = Field(default=None, description="a day such as 2013-12-01")
    search: str = Field(default="", max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$", description="at most 40 characters")
    sort: Sort = Field(default="departure", description=", ".join(get_args(Sort)))
    order: Order = Field(default="ascending", description="ascending or descending")
    flight: str | None = Field(
        default=None, pattern=FLIGHT_ID_PATTERN, description="a flight such as 2013-12-01-US-1895-EWR-0500"
    )


class ListedFlight(NamedTuple):
    """A flight with its answer; times are local minutes after midnight."""

    position: int
    flight_id: str
    airline: str
    number: int
    destination: str
    departure: int
    arrival: int
    probability: float
    predicted_late: bool
    days_behind: int


class Content(NamedTuple):
    """What the page shows: flights, or a problem with its HTTP status.

    `unanswered` flights depart too late for the state; `total` are on the list before the search.
    """

    airport: str
    date: datetime.date | None
    status: int = 200
    problem: str = ""
    flights: Sequence[ListedFlight] = ()
    total: int = 0
    unanswered: int = 0
    reasons: Mapping[str, Any] | None = None


SORT_KEYS: dict[Sort, Callable[[ListedFlight], Any]] = {
    "departure": lambda flight: flight.position,
    "airline": lambda flight: (flight.airline, flight.number),
    "destination": lambda flight: flight.destination,
    "probability": lambda flight: flight.probability,
    "status": lambda flight: flight.days_behind,
}


@router.get("/", include_in_schema=False)
def show_flights(request: Request) -> HTMLResponse:
    """Show the flights of an airport on a date; nothing is stored."""
    current: CurrentState = request.app.state.service.current
    table = current.table
    if table is None:
        return _respond(503, table=None, rejected=current.rejected)
    given = {name: value for name, value in request.query_params.items() if value.strip()}
    try:
        query = PageQuery.model_validate_strings(given)
    except ValidationError as error:
        query, names = PageQuery(), dict.fromkeys(str(detail["loc"][0]) for detail in error.errors())
        advice = "; ".join(f"{name}: {PageQuery.model_fields[name].description}" for name in names)
        content = Content(min(table.departures), None, 422, f"The address is not valid; valid are {advice}.")
    else:
        content = find_content(table, query)
    return _respond(content.status, table=table, query=query, content=content)


def find_content(table: AnswerTable, query: PageQuery) -> Content:
    """Find what the page shows.

    Args:
        table: answers of a state.
        query: without an airport or a date, the first airport and the first whole day of final answers are shown.
    """
    airport, date, position = query.airport, query.date, None
    if query.flight is not None:
        if query.flight not in table.by_flight:
            airport = airport or min(table.departures)
            return Content(airport, date, 404, f"Flight {query.flight} has no answer in this state.")
        position = table.position[query.flight]
        airport, date = table.state.timetable["origin"][position], table.by_flight[query.flight].row["flight_date"]
    airport = airport or min(table.departures)
    if airport not in table.departures:
        known = ", ".join(sorted(table.departures))
        return Content(airport, date, 404, f"No flights from {airport} in this state; it has those from {known}.")
    dates = table.departures[airport]
    date = date or next((date for date in dates if date > table.state.as_of), max(dates))
    if date not in dates:
        problem = f"No flights from {airport} on {date} in this state; it has {min(dates)} to {max(dates)}."
        return Content(airport, None, 404, problem)
    flights = list_flights(table, dates[date])
    matching = [flight for flight in flights if flight.position == position or matches(flight, query.search)]
    return Content(
        airport,
        date,
        flights=sorted(matching, key=SORT_KEYS[query.sort], reverse=query.order == "descending"),
        total=len(flights),
        unanswered=len(dates[date]) - len(flights),
        reasons=None if position is None else explain_row(table, position, what_if=False),
    )


def list_flights(table: AnswerTable, positions: Sequence[int]) -> list[ListedFlight]:
    """List the flights at positions of the timetable that have an answer."""
    timetable = table.state.timetable
    names = ("carrier", "flight_number", "destination", "scheduled_departure_minutes", "scheduled_arrival_minutes")
    columns = [timetable[name][positions].tolist() for name in names]
    listed = []
    for at, flight_id, *values in zip(positions, table.answers.flight_id[positions].tolist(), *columns, strict=True):
        if answer := table.by_flight.get(flight_id):
            row = answer.row
            result = row["probability"], row["predicted_late"], row["days_behind"]
            listed.append(ListedFlight._make((at, flight_id, *values, *result)))
    return listed


def matches(flight: ListedFlight, search: str) -> bool:
    """Tell whether each word begins airline, number, both, or destination."""
    name = f"{flight.airline} {flight.number} {flight.airline}{flight.number} {flight.destination}".casefold()
    return all(f" {word}" in f" {name}" for word in search.casefold().split())


def link(query: PageQuery, **changes: str | datetime.date | None) -> str:
    """Return a link to the page with other parameters, without defaults."""
    fields = query.model_copy(update=changes).model_dump(exclude_defaults=True)
    return f"?{urlencode(fields)}"


_ENVIRONMENT = Environment(
    loader=ChoiceLoader([PackageLoader("flight_delay.serving.api", "."), PackageLoader("flight_delay.report", ".")]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "clock": format_clock,
    "points": lambda difference: format_points(difference).replace("-", "−"),
    "percent": lambda share: f"{100 * share:.1f}\N{NO-BREAK SPACE}%",
    "day": lambda date: f"{date:%A} {date.day} {date:%B %Y}",
    "short_day": lambda date: f"{date:%a} {date.day} {date:%b %Y}",
}
_ENVIRONMENT.globals["link"] = link
_STYLE = Markup(_ENVIRONMENT.get_template("page.css.j2").render())  # noqa: S704 - of this package
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def _respond(status: int, **context: Any) -> HTMLResponse:
    text = _ENVIRONMENT.get_template("page.html.j2").render(style=_STYLE, **context)
    return HTMLResponse(text, status, _HEADERS)
