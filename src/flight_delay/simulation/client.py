"""Ask a server over HTTP, and ask again when it does not answer."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.simulation.server import HOST, Server

ATTEMPTS = 12  # of a request; waits grow to two seconds
FLIGHTS_PER_REQUEST = 250
EVERY_SINGLE = 50  # of so many flights, one is a request of its own
TIMEOUT_SECONDS = 60
STATE_SECONDS = 120
POLL_SECONDS = 0.02

Json = dict[str, Any]


class Received(NamedTuple):
    """An answered request as the client has it."""

    request_id: str
    state: str
    model_version: str
    predictions: Sequence[Json]


class Client:
    """A customer, and the feed of outcomes.

    Attributes:
        received: all answered requests.
        repeated: number of attempts that were no answer.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection(HOST, server.port, timeout=TIMEOUT_SECONDS)
        self.received: list[Received] = []
        self.repeated = 0
        self._interruption: tuple[int, Callable[[], None]] | None = None

    def interrupt(self, posts: int, action: Callable[[], None]) -> None:
        """Call something once, while a POST request is sent and not answered.

        Args:
            posts: number of POST requests before it.
            action: what is called.
        """
        self._interruption = posts, action

    def predict(self, flights: Sequence[Json]) -> dict[str, Json]:
        """Ask for flights, and return the answers by flight id.

        A flight that the timetable of the server lacks is asked for again with its schedule.

        Args:
            flights: schedules with the fields of the API, and `flight_id`.
        """
        answers: dict[str, Json] = {}
        singles = flights[::EVERY_SINGLE]
        others = [flight for at, flight in enumerate(flights) if at % EVERY_SINGLE]
        for flight in singles:
            answers |= self._take("GET", f"/v1/predictions/{flight['flight_id']}")
        for first in range(0, len(others), FLIGHTS_PER_REQUEST):
            batch = others[first : first + FLIGHTS_PER_REQUEST]
            answers |= self._post([{"flight_id": flight["flight_id"]} for flight in batch])
        if unknown := [flight for flight in flights if flight["flight_id"] not in answers]:
            schedules = [{name: value for name, value in flight.items() if name != "flight_id"} for flight in unknown]
            answers |= self._post(schedules)
        return answers

    def report(self, outcomes: Sequence[Json]) -> None:
        """Report outcomes as they become known.

        Raises:
            UserError: the server refuses them.
        """
        status, content = self._request("POST", "/v1/outcomes", {"outcomes": outcomes})
        if status != http.client.OK:
            raise UserError(f"the server refused outcomes ({status}): {content.get('message')}")

    def wait_for_state(self, state: str) -> None:
        """Wait until the server answers from a state.

        Raises:
            UserError: it does not within two minutes; the message has its reason.
        """
        end = time.monotonic() + STATE_SECONDS
        while self._request("GET", "/version", attempts=1)[1].get("state") != state:
            if time.monotonic() > end:
                problems = self._request("GET", "/ready")[1].get("problems") or ["no reason given"]
                raise UserError(f"the server does not take state {state}: {problems[0]}")
            time.sleep(POLL_SECONDS)

    def _post(self, flights: Sequence[Json]) -> dict[str, Json]:
        return self._take("POST", "/v1/predictions?skip_invalid=true", {"flights": flights})

    def _take(self, method: str, path: str, body: Json | None = None) -> dict[str, Json]:
        status, content = self._request(method, path, body)
        if status != http.client.OK:
            return {}
        self.received.append(Received(*(content[name] for name in Received._fields)))
        return {answer["flight_id"]: answer for answer in content["predictions"]}

    def _request(
        self, method: str, path: str, body: Json | None = None, attempts: int = ATTEMPTS
    ) -> tuple[int, Mapping[str, Any]]:
        """Send a request until it is answered.

        Returns:
            Status and content; 503 and an empty object if it never is.
        """
        status, content, pause = int(http.client.SERVICE_UNAVAILABLE), b"{}", 0.05
        for attempt in range(attempts):
            if attempt:
                self.repeated += 1
                time.sleep(pause)
                pause = min(2 * pause, 2.0)
            try:
                status, content = self._send(method, path, body)
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._server.ensure_running()
                continue
            if status != http.client.SERVICE_UNAVAILABLE:
                break
        return status, json.loads(content)

    def _send(self, method: str, path: str, body: Json | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, path, json.dumps(body) if body else None, headers)
        if body and self._interruption:
            posts, action = self._interruption
            self._interruption = (posts - 1, action) if posts else None
            if not posts:
                action()
        response = self._connection.getresponse()
        return response.status, response.read()
