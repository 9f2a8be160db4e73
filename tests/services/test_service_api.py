"""Every route of the service: what it answers, stores, logs and counts; and that the description of the API fits."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import requests
import schemathesis
from prediction_service import AS_OF, NEXT_DAY, SCHEDULE, Service, point_to, refused
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_until

OPENAPI = Path(__file__).resolve().parents[2] / "references/openapi.json"
DOCUMENT = schemathesis.openapi.from_path(OPENAPI)
SOURCE = {"request_id", "api_version", "model_version", "state", "as_of"}


def valid(response: requests.Response, route: str = "/v1/predictions", method: str = "POST") -> dict[str, Any]:
    """Check that a response is an answer as the document describes it, and return its content."""
    assert response.ok, response.text
    DOCUMENT[route][method].validate_response(response)
    content: dict[str, Any] = response.json()
    if "request_id" in content:
        assert content["request_id"] == response.headers["X-Request-Id"]
    return content


def counted(service: Service) -> dict[str, float]:
    """Return samples of the metrics by name and labels."""
    families = text_string_to_metric_families(service.get("/metrics").text)
    return {
        f"{sample.name}{json.dumps(sample.labels, sort_keys=True)}" if sample.labels else sample.name: sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def timetable(states) -> list[dict[str, Any]]:
    """Flights of the state, in order of departure."""
    rows: list[dict[str, Any]] = pq.read_table(
        states.folder / "states" / states.first / "timetable.parquet"
    ).to_pylist()
    return rows


@pytest.fixture(scope="module")
def flights(service, timetable) -> list[dict[str, Any]]:
    """Some flights of the day after the cut-off that are answered."""
    of_day = [flight for flight in timetable if flight["flight_date"] == date.fromisoformat(NEXT_DAY)]
    return of_day[:: len(of_day) // 20]


def schedule_of(flight: dict[str, Any]) -> dict[str, Any]:
    """Return a flight of a timetable with the fields of the API."""

    def clock(minutes: int) -> int:
        return minutes // 60 * 100 + minutes % 60

    names = ("carrier", "flight_number", "origin", "destination", "distance_miles")
    return {
        **{name: flight[name] for name in names},
        "flight_date": flight["flight_date"].isoformat(),
        "scheduled_departure": clock(flight["scheduled_departure_minutes"]),
        "scheduled_arrival": clock(flight["scheduled_arrival_minutes"]),
    }


def test_a_flight_has_one_answer_by_key_by_schedule_and_in_the_list(service, flights) -> None:
    by_key = valid(service.predict(*(flight["flight_id"] for flight in flights)))
    by_schedule = valid(service.predict(*map(schedule_of, flights)))
    listed = {answer["flight_id"]: answer for answer in service.scheduled()}
    alone = [valid(service.get(f"/v1/predictions/{flight['flight_id']}"))["predictions"] for flight in flights]
    assert [answer["flight_id"] for answer in by_key["predictions"]] == [flight["flight_id"] for flight in flights]
    assert by_schedule["predictions"] == by_key["predictions"] == [answer for (answer,) in alone]
    assert by_key["predictions"] == [listed[flight["flight_id"]] for flight in flights]
    assert len({answer["probability"] for answer in by_key["predictions"]}) > 5
    # Evening flights depart on the next day in UTC.
    assert {answer["days_behind"] for answer in by_key["predictions"]} == {0, 1}
    for answer in by_key["predictions"]:
        assert answer["status"] == ("provisional" if answer["days_behind"] else "final")
        assert answer["fallback"] is False
        assert answer["predicted_late"] == (np.float32(answer["probability"]) >= np.float32(by_key["threshold"]))


def test_keys_and_schedules_are_answered_in_the_order_of_the_request(service, flights) -> None:
    first, second = (flight["flight_id"] for flight in flights[:2])
    others = [{**SCHEDULE, "flight_number": number} for number in (9, 3)]
    content = valid(service.predict(others[0], second, others[1], first))
    ids = [answer["flight_id"] for answer in content["predictions"]]
    assert ids == [f"{NEXT_DAY}-US-9-EWR-0700", second, f"{NEXT_DAY}-US-3-EWR-0700", first]
    assert content["invalid"] == []
    rows = service.stored(content["request_id"])
    assert [row["flight_id"] for row in rows] == ids
    given = [json.loads(row["schedule"]) if row["schedule"] else None for row in rows]
    assert given == [{**others[0], "scheduled_elapsed_minutes": None}, None, {
        **others[1], "scheduled_elapsed_minutes": None}, None]  # fmt: skip


def test_ten_thousand_flights_are_answered_and_stored(service) -> None:
    flights = [{**SCHEDULE, "flight_number": number} for number in range(1, 10_000)]
    content = valid(service.predict(*flights, service.scheduled()[0]["flight_id"]))
    assert len(content["predictions"]) == len(service.stored(content["request_id"])) == 10_000


def test_later_days_are_provisional_until_they_are_too_late(service, timetable) -> None:
    # The timetable has one date more, for airports whose clocks are ahead of UTC.
    last_date = timetable[-1]["flight_date"] - timedelta(days=1)
    last = [row for row in timetable if row["flight_date"] == last_date][-1]
    content = valid(service.get(f"/v1/predictions?date={last['flight_date']}"), method="GET")
    days = {answer["days_behind"] for answer in content["predictions"]}
    assert days == {7}
    assert {answer["status"] for answer in content["predictions"]} == {"provisional"}
    answered = {answer["flight_id"] for answer in content["predictions"]}
    late = [row["flight_id"] for row in timetable if row["flight_date"] == last["flight_date"]]
    late = [flight_id for flight_id in late if flight_id not in answered]
    assert late[-1] == last["flight_id"]
    refused(service.get(f"/v1/predictions/{late[0]}"), 404)
    refused(service.get(f"/v1/explanations/{late[0]}"), 404)
    assert [error["field"] for error in refused(service.predict(late[0]))] == ["flight_id"]
    assert [error["field"] for error in refused(service.predict(schedule_of(last)))] == ["flight_date"]


def test_the_list_of_a_date_is_that_of_its_origins(service, timetable) -> None:
    whole = valid(service.get(f"/v1/predictions?date={NEXT_DAY}"), method="GET")
    of_day = [row for row in timetable if row["flight_date"].isoformat() == NEXT_DAY]
    assert [answer["flight_id"] for answer in whole["predictions"]] == [row["flight_id"] for row in of_day]
    for origin in ("EWR", "JFK", "LGA", "LAX"):
        listed = valid(service.get(f"/v1/predictions?date={NEXT_DAY}&origin={origin}"), method="GET")["predictions"]
        ids = {row["flight_id"] for row in of_day if row["origin"] == origin}
        assert listed == [answer for answer in whole["predictions"] if answer["flight_id"] in ids]
        assert bool(listed) == (origin != "LAX")
    assert service.stored(whole["request_id"]) == []


def test_the_answer_is_in_the_database_and_in_the_log_under_its_request_id(made, service, flights) -> None:
    flight_id = flights[0]["flight_id"]
    response = service.predict(flight_id, SCHEDULE)
    content, head = valid(response), made.run("git", "rev-parse", "HEAD").stdout.strip()
    rows = service.stored(content["request_id"])
    for answer, row in zip(content["predictions"], rows, strict=True):
        assert np.float32(answer["probability"]) == np.float32(row["probability"])
        assert {name: answer[name] for name in ("flight_id", "predicted_late", "days_behind", "fallback")} == {
            "flight_id": row["flight_id"], "predicted_late": bool(row["predicted_late"]),
            "days_behind": row["days_behind"], "fallback": bool(row["fallback"]),
        }  # fmt: skip
        assert (row["state"], row["model_version"], row["git_commit"]) == (content["state"], "checkout", head)
        assert row["shadow_probability"] is None
    line = service.log_line(content["request_id"])
    assert line["request"] == {"flights": [{"flight_id": flight_id}, SCHEDULE]}
    assert line["response"] == content
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/predictions", 200)
    assert line["git_commit"] == head
    assert datetime.fromisoformat(line["time"]).utcoffset() is not None
    assert line["milliseconds"] > 0
    (path,) = (service.folder / "requests").iterdir()
    assert path.name.endswith(f"-{service.process.pid}.jsonl")


@pytest.mark.parametrize(
    ("body", "logged"),
    [
        (b'{"flights": [NaN]}', '{"flights": [NaN]}'),
        ('{"flights": []}'.encode("utf-16-le"), '{"flights": []}'.encode("utf-16-le").decode()),
        (b'{"flights":\n[]}', '{"flights":\n[]}'), (b"\xff", "\ufffd"), (b"[" * 2000, "[" * 2000),
        (b"7" * (1 << 17), {"bytes": 1 << 17}), (b'{"flights": []}', {"flights": []}),
    ],
    ids=range(7),
)  # fmt: skip
def test_a_refused_request_is_a_line_of_json_too(service, body, logged) -> None:
    headers = {"Content-Type": "application/json"}
    response = requests.post(f"{service.uri}/v1/predictions", data=body, headers=headers, timeout=60)
    content = response.json()
    line = service.log_line(content["request_id"])
    assert (line["request"], line["response"], line["status"]) == (logged, content, 422)
    strict = [path.read_text().split("\n") for path in (service.folder / "requests").iterdir()]
    json.loads(strict[0][-2], parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_an_explanation_explains_the_answer_and_what_if_has_all_departures(service, flights) -> None:
    for flight in flights[:3]:
        path = f"/v1/explanations/{flight['flight_id']}"
        (answer,) = service.get(f"/v1/predictions/{flight['flight_id']}").json()["predictions"]
        plain = valid(service.get(path), "/v1/explanations/{flight_id}", "GET")
        assert plain["probability"] == answer["probability"]
        assert plain["predicted_late"] == answer["predicted_late"]
        assert plain["what_if"] is None
        assert all(reason["sentence"] for reason in plain["reasons"])
        assert plain["reasons"]
        other = valid(service.get(f"{path}?what_if=true"), "/v1/explanations/{flight_id}", "GET")
        own = [d for d in other["what_if"] if d["minutes"] == flight["scheduled_departure_minutes"]]
        assert np.float32(own[0]["probability"]) == np.float32(answer["probability"])
        assert len({departure["minutes"] for departure in other["what_if"]}) >= 48


def test_outcomes_are_stored_once_and_corrected(service, flights) -> None:
    route, (first, second, third) = "/v1/outcomes", (flight["flight_id"] for flight in flights[:3])
    late = {"flight_id": first, "arrival_delay_minutes": 30, "cancelled": False, "diverted": False}
    gone = {"flight_id": second, "arrival_delay_minutes": None, "cancelled": True, "diverted": False}
    default = {"flight_id": third, "arrival_delay_minutes": -3}

    def report(*outcomes: dict[str, Any]) -> tuple[int, int, int]:
        content = valid(service.post(route, {"outcomes": outcomes}), route)
        return content["new"], content["corrected"], content["unchanged"]

    assert report(late, gone) == (2, 0, 0)
    assert report(late, gone, default) == (1, 0, 2)
    assert report({**late, "arrival_delay_minutes": 20}, default) == (0, 1, 1)
    assert report({**late, "arrival_delay_minutes": 20}) == (0, 0, 1)
    assert report(late) == (0, 1, 0)
    rows = service.outcomes(first)
    assert [row["arrival_delay_minutes"] for row in rows] == [30, 20, 30]


def test_an_outcome_is_known_from_its_known_at_or_from_its_receipt(service, flights) -> None:
    (*_, first, second), counts = (flight["flight_id"] for flight in flights), []
    for known_at in ("2013-03-11T02:00:00.5+00:00", "2013-03-11T03:00Z", "2013-03-11T01:00:00Z", None):
        outcome = {"flight_id": first, "arrival_delay_minutes": 30, "known_at": known_at}
        counts.append(valid(service.post("/v1/outcomes", {"outcomes": [outcome]}), "/v1/outcomes"))
    # The same outcome is stored again if it was known earlier.
    assert [tuple(count.values())[1:] for count in counts] == [(1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 0, 1)]
    assert [row["known_at"][11:21] for row in service.outcomes(first)] == ["02:00:00.5", "01:00:00.0"]
    service.post("/v1/outcomes", {"outcomes": [{"flight_id": second, "arrival_delay_minutes": 30}]})
    (row,) = service.outcomes(second)
    assert NEXT_DAY < row["known_at"] <= row["received_at"]


def test_the_metrics_count_what_was_answered(service, flights) -> None:
    service.log_line(service.get("/v1/predictions/unknown").json()["request_id"])
    before = counted(service)
    answers = service.predict(*(flight["flight_id"] for flight in flights)).json()["predictions"]
    refused(service.predict("x", "y"))
    posted = 'flight_delay_requests_total{"route": "/v1/predictions", "status": "%d"}'
    refusals = before.get(posted % 422, 0)
    wait_until(lambda: counted(service).get(posted % 422, 0) > refusals)  # which is counted after its response
    after = counted(service)

    def increase(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert increase("flight_delay_predictions_total") == len(answers)
    assert increase("flight_delay_predicted_late_total") == sum(answer["predicted_late"] for answer in answers)
    assert increase("flight_delay_probability_count") == len(answers)
    assert increase("flight_delay_invalid_rows_total") == 2
    assert increase("flight_delay_provisional_total") == sum(answer["days_behind"] > 0 for answer in answers)
    assert increase("flight_delay_fallbacks_total") == 0
    assert (increase(posted % 200), increase(posted % 422)) == (1, 1)
    assert increase('flight_delay_request_seconds_count{"route": "/v1/predictions"}') == 2
    assert after['flight_delay_requests_total{"route": "/v1/predictions/{flight_id}", "status": "404"}'] >= 1
    assert after["flight_delay_state_as_of_seconds"] == datetime.fromisoformat(f"{AS_OF}T00:00+00:00").timestamp()
    assert [name for name in after if "unknown" in name] == []


def test_health_readiness_and_version(made, service, states) -> None:
    assert valid(service.get("/health"), "/health", "GET") == {"status": "ok", "problems": []}
    assert valid(service.get("/ready"), "/ready", "GET") == {"status": "ok", "problems": []}
    version = valid(service.get("/version"), "/version", "GET")
    manifest = json.loads((states.folder / "states" / states.first / "state.json").read_text())
    assert (version["state"], version["as_of"], version["model_version"]) == (states.first, AS_OF, "checkout")
    assert (version["bundle"], version["shadow_version"]) == (manifest["bundle"], None)
    assert version["git_commit"] == made.run("git", "rev-parse", "HEAD").stdout.strip()


def test_the_etag_is_that_of_the_state(service, states, flights) -> None:
    path = f"/v1/predictions/{flights[0]['flight_id']}"
    first = service.get(path)
    etag = first.headers["ETag"]
    rows = service.count("requests")
    for sent in (etag, f'W/{etag}, "x"', "*"):
        again = service.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert service.count("requests") == rows
    point_to(service.folder, states.other)
    service.wait_for_state(states.other)
    try:
        changed = service.get(path, headers={"If-None-Match": etag})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != etag
        assert valid(changed, "/v1/predictions/{flight_id}", "GET")["predictions"] != first.json()["predictions"]
    finally:
        point_to(service.folder, states.first)
        service.wait_for_state(states.first)
    assert service.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_the_description_of_the_api_is_that_of_the_server_and_needs_no_other_host(made, service) -> None:
    written = OPENAPI.read_text()
    assert json.loads(written) == service.get("/openapi.json").json()
    assert made.command("serve", "--openapi").stdout == written
    page = service.get("/docs").text
    assert "http://" not in page.replace(service.uri, "")
    assert "https://" not in page
    assert set(json.loads(written)["components"]["schemas"]["PredictionResponse"]["properties"]) >= SOURCE
