"""A body, a connection or a key that is no good is refused, and the server goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from hashlib import sha256

import pytest
import requests
from prediction_service import NEXT_DAY, SCHEDULE, Service, refused, served
from waiting import HERE, PATIENCE

DEPARTURES = f"/v1/predictions?date={NEXT_DAY}"
KEYS = "a key", "another key"
# Bodies that are no request at all.
DEEP = 100_000
BODIES = {
    "nothing": b"", "half": b'{"flights": [', "not JSON": b"flights", "a number": b"7", "null": b"null",
    "a list": b"[]",
    "a text": b'"flights"', "no flights": b'{"flights": []}', "null flights": b'{"flights": null}',
    "an object": b'{"flights": {}}',
    "another field": b'{"flights": [%s], "more": 1}', "no field": b"{}", "a number as flight": b'{"flights": [7]}',
    "a list as flight": b'{"flights": [[%s]]}', "null as flight": b'{"flights": [null]}',
    "NaN": b'{"flights": [NaN]}', "Infinity": b'{"flights": [{"flight_number": -Infinity}]}',
    "NaN beside": b'{"flights": [%s], "more": NaN}', "1e400": b'{"flights": [1e400]}',
    "digits": b'{"flights": [%s]}' % (b"7" * 5000),
    "brackets": b'{"flights": ' + b"[" * DEEP + b"]" * DEEP + b"}", "open brackets": b"[" * DEEP,
    "braces": b'{"a":' * DEEP,
    "UTF-8": b'{"flights": [{"carrier": "\xff\xfe"}]}', "a byte": b"\xff",
    "UTF-16": '{"flights": [%s]}'.encode("utf-16"),
    "a mark": b"\xef\xbb\xbf" + b'{"flights": [%s]}', "twice": b'{"flights": [%s], "flights": [%s]}',
    "a field twice": b'{"flights": [{"flight_id": "x", "flight_id": "y"}]}', "a surrogate": b'{"\\ud800": 1}',
    "a surrogate in a flight": b'{"flights": [{"\\ud800": 1}]}', "two texts": b'{"flights": [%s]}{}',
    "a comment": b"/**/{}",
    "a comma": b'{"flights": [%s],}', "form": b"flights=7",
}  # fmt: skip
JUNK = [
    b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def slow_client(service: Service) -> Iterator[socket.socket]:
    """A client that sends no more than the first byte of its body, while the other tests run."""
    head = b"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with connect(service, head) as connection:
        yield connection


def connect(server: Service, content: bytes) -> socket.socket:
    """Connect and send bytes."""
    connection = socket.create_connection((HERE, int(server.uri.rpartition(":")[2])), timeout=PATIENCE)
    connection.sendall(content)
    return connection


def received(connection: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_body_that_is_no_request_is_refused(server, flight_id, body) -> None:
    flight = json.dumps({"flight_id": flight_id}).encode()
    for mark in (b"%s", "%s".encode("utf-16-le")):
        body = body.replace(mark, flight if len(mark) == 2 else flight.decode().encode("utf-16-le"))
    headers = {"Content-Type": "application/json"}
    refused(requests.post(f"{server.uri}/v1/predictions", data=body, headers=headers, timeout=PATIENCE))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_content_type_is_refused(server, flight_id, content_type) -> None:
    body = json.dumps({"flights": [{"flight_id": flight_id}]})
    headers = {"Content-Type": content_type}
    refused(requests.post(f"{server.uri}/v1/predictions", data=body, headers=headers, timeout=PATIENCE))


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_junk_is_no_request(server, junk) -> None:
    with connect(server, junk) as connection:
        assert received(connection).split(b" ")[1] in {b"400", b"404", b"413"}


@pytest.mark.parametrize("flights", [10_001, 100_000])
def test_too_many_flights_are_refused(server, flight_id, flights) -> None:
    response = server.predict(*[flight_id] * flights)
    assert response.status_code in {413, 422}
    refused(response, response.status_code)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(server, chunked) -> None:
    body = b"[" * (10 << 20)
    sent = (body[at : at + 65536] for at in range(0, len(body), 65536)) if chunked else body
    headers = {"Content-Type": "application/json"}
    refused(requests.post(f"{server.uri}/v1/predictions", data=sent, headers=headers, timeout=PATIENCE), 413)


def test_without_a_key_nothing_but_the_status_is_answered(made, states, tmp_path) -> None:
    folder, hashes = states.copy(tmp_path / "service").folder, tmp_path / "keys.txt"
    hashes.write_text("".join(f"{sha256(key.encode()).hexdigest()} {key}\n" for key in KEYS))
    with served(made, folder, "--keys", str(hashes)) as server:
        for headers in (
            {}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Bearer false"},
            {"X-Api-Key": KEYS[0]},
            {"Authorization": KEYS[0]}, {"Authorization": "Basic !"}, {"Authorization": "Basic YTpi"},
            {"Authorization": f"Bearer {sha256(KEYS[0].encode()).hexdigest()}"},
        ):  # fmt: skip
            for path in (DEPARTURES, "/", "/nothing", "/docs/../v1/predictions", "/health/../v1/outcomes"):
                response = server.get(path, headers=headers)
                refused(response, 401)
                assert response.headers["WWW-Authenticate"]
            refused(server.predict(SCHEDULE, headers=headers), 401)
        assert server.count("requests") == 0
        for path in ("/health", "/ready", "/version", "/metrics", "/docs", "/openapi.json"):
            assert server.get(path).status_code == 200
        for key in KEYS:
            assert server.get(DEPARTURES, headers={"Authorization": f"Bearer {key}"}).status_code == 200
            assert server.get(DEPARTURES, auth=("anyone", key)).status_code == 200
        logged = json.dumps(server.log_lines())
        assert [key for key in KEYS if key in logged] == []


def test_a_client_that_does_not_send_its_body_is_given_up(slow_client) -> None:
    assert received(slow_client).startswith(b"HTTP/1.1 408 ")
