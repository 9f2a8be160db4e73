"""serving.api.page: which flights it shows and in which order, valid parameters, escaping, and what it may load."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np
import pytest
from fastapi.responses import HTMLResponse
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from flight_delay.serving.answers import Answers
from flight_delay.serving.api.page import (
    SORT_KEYS,
    PageQuery,
    find_content,
    link,
    show_flights,
)
from flight_delay.serving.table import Answer, AnswerTable

FIRST = dt.date(2013, 11, 30)
THRESHOLD = 0.26
# Airline, number, origin, destination, day, minutes, probability, days behind.
FLIGHTS = [
    ("UA", 15, "EWR", "LAX", 0, 600, 0.2, 0),
    ("US", 1895, "EWR", "CLT", 1, 300, 0.1, 0),
    ("AA", 15, "JFK", "LAX", 1, 310, 0.5, 0),
    ("UA", 150, "EWR", "LAX", 1, 360, 0.3, 0),
    ("AA", 9, "EWR", "AUS", 1, 1200, 0.3, 1),
    ("PA (1)", 7, "EWR", "ORD", 1, 1300, 0.4, 9),
]
# Of an address, each as the browser sends it.
INVALID = [
    ("airport", "EWRX"), ("airport", "<b>"), ("airport", "É12"), ("date", "tomorrow"), ("date", "2013-13-01"),
    ("date", "2013-12-01T05:00"), ("search", "x" * 41), ("search", "a\0b"), ("search", "a\nb"), ("sort", "arrives"),
    ("order", "up"), ("flight", "2013-12-02"), ("flight", "2013-12-01-<script>-1-EWR-0500"),
]  # fmt: skip


def table_with(flights: list[tuple[Any, ...]]) -> AnswerTable:
    """A table of answers, without a model."""
    columns = [np.array(values, object) for values in zip(*flights, strict=True)]
    carrier, number, origin, destination, day, minutes, probability, behind = columns
    dates = np.datetime64(FIRST) + day.astype("timedelta64[D]")
    ids = np.array(
        [
            f"{date}-{name}-{of_airline}-{airport}-{at // 60:02}{at % 60:02}"
            for date, name, of_airline, airport, at in zip(dates, carrier, number, origin, minutes, strict=True)
        ],
        object,
    )
    probability = probability.astype(np.float32)
    timetable = {
        "carrier": carrier, "flight_number": number, "origin": origin, "destination": destination,
        "flight_date": dates, "scheduled_departure_minutes": minutes, "scheduled_arrival_minutes": minutes + 100,
    }  # fmt: skip
    parameters = SimpleNamespace(late_threshold_minutes=15, horizon_hours=24)
    bundle = SimpleNamespace(
        manifest=SimpleNamespace(feature_parameters=parameters), decision=SimpleNamespace(threshold=THRESHOLD)
    )
    state: Any = SimpleNamespace(
        id="0123456789abcdef", as_of=FIRST, timetable=timetable, model=SimpleNamespace(bundle=bundle),
        manifest=SimpleNamespace(model_version="7"),
    )  # fmt: skip
    answers = Answers(ids, probability, probability >= THRESHOLD, behind)
    rows = zip(ids, dates.tolist(), *(values.tolist() for values in answers[1:]), strict=True)
    names = ("flight_id", "flight_date", "probability", "predicted_late", "days_behind")
    listed = [Answer(b"", dict(zip(names, row, strict=True))) for row in rows]
    return AnswerTable(
        state, answers, {row["flight_id"]: Answer(b"", row) for _, row in listed if row["days_behind"] < 8}
    )


TABLE = table_with(FLIGHTS)


def respond(query: str, table: AnswerTable | None = TABLE, rejected: str | None = None) -> HTMLResponse:
    current = SimpleNamespace(table=table, rejected=rejected)
    app = SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(current=current)))
    return show_flights(Request({"type": "http", "app": app, "query_string": query.encode(), "headers": []}))


class Page(HTMLParser):
    """Start tags and their attributes, and the flights of a response."""

    def __init__(self, response: HTMLResponse) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = bytes(response.body).decode()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def flights(self) -> list[str]:
        return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', self.text)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize(
    ("query", "flights"),
    [
        ("airport=EWR&date=2013-12-01", ["US 1895", "UA 150", "AA 9"]),
        ("airport=jfk&date=2013-12-01", ["AA 15"]),
        ("", ["US 1895", "UA 150", "AA 9"]),  # the first airport, the first whole day of final answers
        ("airport=&date=&search=+&sort=", ["US 1895", "UA 150", "AA 9"]),  # empty fields of the form
    ],
)
def test_the_flights_of_an_airport_on_a_date_are_in_order_of_departure(query: str, flights: list[str]) -> None:
    assert Page(respond(query)).flights() == flights


def test_flights_without_an_answer_are_counted_and_not_listed() -> None:
    content = find_content(TABLE, PageQuery(airport="EWR", date=dt.date(2013, 12, 1)))
    assert (len(content.flights), content.total, content.unanswered) == (3, 3, 1)


@pytest.mark.parametrize(
    ("sort", "order", "flights"),
    [
        ("airline", "ascending", ["AA 9", "UA 150", "US 1895"]),
        ("destination", "descending", ["UA 150", "US 1895", "AA 9"]),
        ("probability", "descending", ["UA 150", "AA 9", "US 1895"]),  # equal ones in order of departure
        ("status", "ascending", ["US 1895", "UA 150", "AA 9"]),
        ("departure", "descending", ["AA 9", "UA 150", "US 1895"]),
    ],
)
def test_the_order_is_that_of_the_column(sort: str, order: str, flights: list[str]) -> None:
    page = Page(respond(f"sort={sort}&order={order}"))
    assert page.flights() == flights
    assert [th["aria-sort"] for th in page.attributes("th") if "aria-sort" in th] == [order]


@pytest.mark.parametrize(
    ("search", "flights"),
    [
        ("us", ["US 1895"]),  # not AUS: words are compared from their beginning
        ("15", ["UA 150"]),
        ("ua150", ["UA 150"]),
        ("ua 150", ["UA 150"]),
        ("lax ua", ["UA 150"]),
        ("a", ["AA 9"]),
        ("zzz", []),
    ],
)
def test_a_search_finds_airline_number_and_destination(search: str, flights: list[str]) -> None:
    assert Page(respond(urlencode({"search": search}))).flights() == flights


def test_a_search_without_match_is_no_error_and_leads_back_to_all_flights() -> None:
    response = respond("airport=EWR&date=2013-12-01&search=zzz&sort=airline")
    assert response.status_code == 200
    assert "?airport=EWR&date=2013-12-01&sort=airline" in [a.get("href") for a in Page(response).attributes("a")]


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_an_invalid_parameter_is_named_and_not_repeated(name: str, value: str) -> None:
    response = respond(f"{name}={quote(value)}")
    (alert,) = re.findall('role="alert">(.*?)</div>', bytes(response.body).decode())
    assert response.status_code == 422
    assert f"{name}: " in alert
    assert value not in alert
    assert Page(response).flights() == []


@pytest.mark.parametrize(
    ("query", "available"),
    [
        ("airport=QQQ", "EWR, JFK"),
        ("airport=JFK&date=2013-11-30", "2013-12-01 to 2013-12-01"),
        ("date=2014-01-01", "2013-11-30 to 2013-12-01"),
        ("flight=2013-12-01-ZZ-1-EWR-0500", "2013-12-01-ZZ-1-EWR-0500"),
        ("flight=2013-12-01-PA+(1)-7-EWR-2140", "2013-12-01-PA (1)-7-EWR-2140"),  # is there, has no answer
    ],
)
def test_what_a_state_does_not_have_is_an_error_that_names_what_it_has(query: str, available: str) -> None:
    response = respond(query)
    assert response.status_code == 404
    assert available in re.findall('role="alert">(.*?)</div>', bytes(response.body).decode())[0]


HOSTILE = st.sampled_from(["EWR", "2013-12-01", "airline", "<script>alert(1)</script>", "'\"><i onload=x>"]) | st.text()


@example({"search": "<script>alert(1)</script>"})
@example({"search": "'\"><i onload=x>"})
@given(query=st.dictionaries(st.sampled_from([*PageQuery.model_fields, "else"]), HOSTILE))
def test_no_address_fails_or_adds_an_element(query: dict[str, str]) -> None:
    response = respond(urlencode(query, errors="replace"))
    page = Page(response)
    assert response.status_code in {200, 404, 422}
    assert {name for name, _ in page.tags} <= {name for name, _ in Page(respond("sort=airline")).tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    (search,) = [field["value"] for field in page.attributes("input") if field["name"] == "search"]
    if response.status_code == 200:
        assert search == (query.get("search", "") if query.get("search", "").strip() else "")


QUERIES: st.SearchStrategy[PageQuery] = st.builds(
    PageQuery,
    airport=st.none() | st.sampled_from(["EWR", "JFK"]),
    date=st.none() | st.dates(dt.date(1900, 1, 1)),
    search=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40),
    sort=st.sampled_from(list(SORT_KEYS)),
    order=st.sampled_from(["ascending", "descending"]),
)


@given(query=QUERIES)
def test_a_link_gives_its_parameters_again(query: PageQuery) -> None:
    assert PageQuery.model_validate_strings(dict(parse_qsl(link(query)[1:]))) == query


def test_without_a_state_it_is_unavailable_and_a_rejected_state_is_explained() -> None:
    assert respond("", table=None).status_code == 503
    response = respond("airport=<b>", table=None, rejected="state <7>: damaged")
    assert response.status_code == 503
    assert "state &lt;7&gt;: damaged" in bytes(response.body).decode()


@pytest.mark.parametrize("query", ["", "airport=QQQ", "search=zzz"])
def test_nothing_but_its_own_style_and_icon_may_be_loaded(query: str) -> None:
    response = respond(query)
    page = Page(response)
    (style,) = re.findall("<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = response.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", f"style-src 'sha256-{digest}'", "img-src data:", "base-uri 'none'"} <= set(policy)
    assert not re.search(r"url\(|@import", style)
    targets = [str(tag[name]) for _, tag in page.tags for name in ("href", "src", "action") if name in tag]
    assert [target for target in targets if not re.match(r"[?#]|docs$|v1/|data:image/", target)] == []
    assert [
        attributes for _, attributes in page.tags if any(name.startswith(("on", "style")) for name in attributes)
    ] == []


def test_a_thousand_flights_take_less_than_300_kilobytes() -> None:
    many = [("UA", number, "EWR", "LAX", 1, number, 0.3, 1) for number in range(1, 1001)]
    response = respond("search=ua+lax&sort=probability&order=descending", table_with(many))
    assert len(Page(response).flights()) == 1000
    assert len(response.body) < 300_000
