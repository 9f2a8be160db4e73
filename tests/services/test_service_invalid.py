"""What is wrong is refused: no request gives a 500, none that is wrong a 200, and none stops the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from prediction_service import NEXT_DAY, SCHEDULE, refused
from schemathesis.checks import allow_header_conformance
from schemathesis.specs.openapi.checks import positive_data_acceptance
from waiting import PATIENCE

DEPARTURES = f"/v1/predictions?date={NEXT_DAY}"
OUTCOME = {"flight_id": f"{NEXT_DAY}-US-7-EWR-0700", "arrival_delay_minutes": 5}

# Of a schedule, each by itself: the field that is named, and its value.
FIELDS: list[tuple[str, Any]] = [
    *(("flight_number", value) for value in (0, -1, 10_000, 2**63, 10**400, 7.0, 7.5, True, "7", None, [], {})),
    *(("carrier", value) for value in ("", "U", "us", "U\x00", "ÄÖ", "UA;DROP", "X" * 9, "X" * 5, 7, None, ["US"])),
    *(("origin", value) for value in ("ZZZ", "ewr", "EWRX", "", "E R", 1, None, "\x00\x00\x00", "ÉWR")),
    *(("destination", value) for value in ("ZZZ", "clt", "EWR", "'--", 1, None, "\u0661\u0662\u0663")),
    *(("distance_miles", value) for value in (0, -529, 12_001, 529.5, "529", False, 2**31)),
    *(("scheduled_departure", value) for value in (2460, 2401, 199, -1, 7.5, "700", True, 10**9, None)),
    *(("scheduled_arrival", value) for value in (2460, 2401, 999, -1, "910", None)),
    *(("scheduled_elapsed_minutes", value) for value in (0, -130, 1441, 20, 700, "130", True)),
    *(("flight_date", value) for value in (
        "2013-02-30", "2014-02-29", "2013-13-01", "2013-00-10", "2013-03-08", "2013-06-30", "2012-03-10", "2016-02-29",
        "9999-12-31", "0000-00-00", "10.03.2013", "2013-3-10", "2013-03-10T00:00",
        "\uff12\uff10\uff11\uff13-03-10", "", 20130310, None,
    )),
]  # fmt: skip
# Of a flight id.
IDS = [
    "", "x", "x" * 100_000, "'; DROP TABLE predictions; --", "../../etc/passwd", f"{NEXT_DAY}-US-7-EWR-0700",
    f"{NEXT_DAY}-ZZ-1-EWR-0500\n", "2013-02-30-US-7-EWR-0700", "\u0662013-03-10-US-7-EWR-0700", "\ud800", "\x00",
    7, None, True, ["x"], {"flight_id": "x"},
]  # fmt: skip
METHODS = [
    ("GET", "/v1/outcomes"), ("PUT", "/v1/predictions"), ("DELETE", "/v1/predictions/x"), ("POST", "/ready"),
    ("PATCH", "/v1/explanations/x"), ("POST", "/metrics"), ("HEAD", "/v1/outcomes"), ("OPTIONS", "/v1/predictions"),
]  # fmt: skip
PATHS = {
    **{f"/v1/{kind}/{name}": 404 for kind in ("predictions", "explanations") for name in (
        "x", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%00", "%ff", "a%2fb", "x" * 5_000, "'%20OR%201=1--",
        f"{NEXT_DAY}-ZZ-1-EWR-0500", "%F0%9F%9B%AB",
    )},
    "/v1": 404, "/v1/": 404, "/v2/predictions": 404, "/../states/current": 404,
    "/static-offline-docs/%2e%2e/app.py": 404,
    "/v1/predictions": 422, "/v1/predictions?date=": 422, "/v1/predictions?date=0": 422,
    "/v1/predictions?date=1362873600": 422,
    "/v1/predictions?date=2013-02-30": 422, "/v1/predictions?date=2013-03-08": 422,
    "/v1/predictions?date=2014-03-10": 422,
    "/v1/predictions?date=20130310": 422, f"{DEPARTURES}&origin=ewr": 422, f"{DEPARTURES}&origin=ZZZ": 422,
    f"{DEPARTURES}&origin=": 422, "/v1/explanations/%s?what_if=maybe": 422,
}  # fmt: skip
TIMES = (
    "9999-12-31T00:00:00Z", "2013-03-10T12:00:00", "2013-03-10T12:00:00+01:00", "0001-01-01T00:00:00+14:00",
    "2013-02-30T12:00:00Z", "2013-03-10", "noon", "", "1362916800", 1362916800, 1362916800.5, True, [], {}, "\ud800Z",
    "2013-03-10T25:00:00Z", "\u0662013-03-10T12:00:00Z",
)  # fmt: skip
OUTCOMES: list[list[Any]] = [
    [], [7], [None], [{**OUTCOME, "more": 1}], [{"flight_id": OUTCOME["flight_id"]}],
    *([{**OUTCOME, "arrival_delay_minutes": value}] for value in (None, 5.5, "5", True, 10**6, -10**6, 2**63)),
    *([{**OUTCOME, "flight_id": value}] for value in ("x", "2013-02-30-US-7-EWR-0700", None, "\ud800")),
    [{**OUTCOME, "cancelled": True}], [{**OUTCOME, "diverted": True}], [{**OUTCOME, "cancelled": "no"}],
    [{**OUTCOME, "arrival_delay_minutes": None, "cancelled": True, "diverted": True}],
    [OUTCOME, OUTCOME], [OUTCOME, {**OUTCOME, "arrival_delay_minutes": 6}], [OUTCOME] * 10_001,
]  # fmt: skip
DOCUMENT = schemathesis.openapi.from_path(Path(__file__).resolve().parents[2] / "references/openapi.json")


@DOCUMENT.parametrize()
@hypothesis.settings(max_examples=40, derandomize=True, deadline=None, database=None)
def test_whatever_the_schema_allows_or_forbids_is_answered_as_documented(case, service) -> None:
    """Only a state knows which flights there are; Starlette names the methods of one route of a path."""
    case.call_and_validate(base_url=service.uri, excluded_checks=[positive_data_acceptance, allow_header_conformance])


@pytest.mark.parametrize(("name", "value"), FIELDS, ids=lambda value: ascii(value)[:24])
def test_a_wrong_value_is_refused_by_its_field(server, name, value) -> None:
    errors = refused(server.predict({**SCHEDULE, "flight_number": 8}, {**SCHEDULE, name: value}))
    assert {error["row"] for error in errors} == {1}
    assert name in {error["field"] for error in errors}
    assert all(error["message"] for error in errors)


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_missing_field_is_named(server, name) -> None:
    flight = {field: value for field, value in SCHEDULE.items() if field != name}
    assert [(error["row"], error["field"]) for error in refused(server.predict(flight))] == [(0, name)]


@pytest.mark.parametrize("value", IDS, ids=lambda value: ascii(value)[:24])
def test_a_wrong_flight_id_is_refused(server, value) -> None:
    errors = refused(server.predict({"flight_id": value}))
    assert [(error["row"], error["field"]) for error in errors] == [(0, "flight_id")]


@pytest.mark.parametrize("outcomes", OUTCOMES, ids=range(len(OUTCOMES)))
def test_a_wrong_outcome_is_refused_and_nothing_is_stored(server, outcomes) -> None:
    refused(server.post("/v1/outcomes", {"outcomes": outcomes}))
    assert server.outcomes(OUTCOME["flight_id"]) == []


@pytest.mark.parametrize("value", TIMES, ids=ascii)
def test_a_time_that_is_not_past_or_not_in_utc_is_refused(server, value) -> None:
    errors = refused(server.post("/v1/outcomes", {"outcomes": [OUTCOME, {**OUTCOME, "known_at": value}]}))
    assert [(error["row"], error["field"]) for error in errors] == [(1, "known_at")]
    assert server.outcomes(OUTCOME["flight_id"]) == []


@pytest.mark.parametrize(("path", "status"), PATHS.items(), ids=lambda value: str(value)[:40])
def test_a_wrong_path_or_query_is_refused(server, flight_id, path, status) -> None:
    request = requests.Request("GET", server.uri).prepare()
    request.url = server.uri + path.replace("%s", flight_id)  # as it is
    refused(requests.Session().send(request, timeout=PATIENCE), status)


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_a_wrong_method_is_refused_with_the_right_ones(server, method, path) -> None:
    response = requests.request(method, server.uri + path, timeout=PATIENCE)
    assert response.status_code == 405
    assert response.headers["Allow"]


def test_all_invalid_rows_come_at_once_or_are_skipped(server, flight_id) -> None:
    rows = [{**SCHEDULE, name: value} for name, value in FIELDS if name != "flight_id"]
    flights: list[Any] = [flight_id, *rows, SCHEDULE]
    errors = refused(server.predict(*flights))
    assert [error["row"] for error in errors] == sorted(error["row"] for error in errors)
    assert {error["row"] for error in errors} == set(range(1, len(rows) + 1))
    answered = server.predict(*flights, params={"skip_invalid": "true"})
    assert answered.status_code == 200
    content = answered.json()
    assert content["invalid"] == errors
    assert [answer["flight_id"] for answer in content["predictions"]] == [flight_id, f"{NEXT_DAY}-US-7-EWR-0700"]
    assert len({error["row"] for error in refused(server.predict(*rows, params={"skip_invalid": "true"}))}) == len(rows)


def test_the_same_flight_again_is_refused_however_it_is_given(server, flight_id) -> None:
    rows = server.count("predictions")
    given = {**SCHEDULE, "flight_date": flight_id[:10], "carrier": "ZZ"}
    for flights, again in (
        ([flight_id, flight_id], [1]), ([given, given], [1]), ([given, flight_id, given, flight_id], [2, 3]),
    ):  # fmt: skip
        errors = refused(server.predict(*flights))
        assert [(error["row"], error["field"]) for error in errors] == [(at, "flight_id") for at in again]
    assert server.count("predictions") == rows


@pytest.mark.parametrize(
    ("departure", "arrival"), [(0, 210), (2400, 210), (1, 209), (2359, 2400), (2300, 110), (59, 2359)]
)
def test_the_ends_of_the_clock_are_answered(server, departure, arrival) -> None:
    response = server.predict({**SCHEDULE, "scheduled_departure": departure, "scheduled_arrival": arrival})
    assert response.status_code == 200, response.text
    (answer,) = response.json()["predictions"]
    assert answer["flight_id"].endswith(f"-{departure:04d}")
    assert 0 < answer["probability"] < 1


def test_a_departure_that_the_clocks_skip_is_answered_as_in_the_data(server) -> None:
    """Timetables have such times: a warning of the contract."""
    flights = [{**SCHEDULE, "scheduled_departure": at, "scheduled_arrival": 510} for at in (159, 230, 300)]
    answers = server.predict(*flights).json()["predictions"]
    assert [(answer["flight_id"][-4:], answer["days_behind"]) for answer in answers] == [
        ("0159", 0), ("0230", 0), ("0300", 0),
    ]  # fmt: skip
