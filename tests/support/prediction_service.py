"""A prediction service in processes of its own: states that it loads, requests to it, what it stores and logs."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import requests
import sqlalchemy as sa
from checkouts import Project
from requests.exceptions import ChunkedEncodingError
from waiting import HERE, PATIENCE, free_port, wait_until

from flight_delay.serving.states import CURRENT, read_current

# The clocks skip 2:00 to 2:59 on the day after the cut-off.
AS_OF, NEXT_DAY, DAY_BEFORE = "2013-03-09", "2013-03-10", "2013-03-08"
# Departs on that day; in no timetable.
SCHEDULE: dict[str, Any] = {
    "flight_date": NEXT_DAY, "carrier": "US", "flight_number": 7, "origin": "EWR", "destination": "CLT",
    "scheduled_departure": 700, "scheduled_arrival": 910, "distance_miles": 529,
}  # fmt: skip
OTHER_DECISION = {
    "format": 1,
    "calibration": {"method": "sigmoid", "slope": 0.5, "intercept": 0.25, "probability": [], "calibrated": []},
    "threshold": 0.75,
}


def build_state(project: Project, service: Path, as_of: str = AS_OF) -> str:
    """Build a state of the project's model, make it the current one and return its id."""
    project.command("state", "--as-of", as_of, "--service", str(service))
    state = read_current(service / "states")
    assert state is not None
    return state


def refused(response: requests.Response, status: int = 422) -> list[dict[str, Any]]:
    """Check the form of a refusal and return its errors."""
    assert response.status_code == status, response.text[:500]
    content = response.json()
    assert sorted(content) == ["errors", "message", "request_id"]
    assert content["request_id"] == response.headers["X-Request-Id"]
    assert content["message"]
    return list(content["errors"])


def point_to(service: Path, state: str) -> None:
    """Make a state the current one, unchecked."""
    partial = service / "states/.pointer"
    partial.write_text(f"{state}\n")
    partial.replace(service / "states" / CURRENT)


@dataclass
class Service:
    """A running `flight-delay serve`; `folder` is its service folder."""

    process: subprocess.Popen[str]
    output: Path
    uri: str
    folder: Path
    database: str

    def get(self, path: str, **options: Any) -> requests.Response:
        """Get a path."""
        return self._request("GET", path, **options)

    def post(self, path: str, content: Any, **options: Any) -> requests.Response:
        """Post JSON."""
        return self._request("POST", path, json=content, **options)

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        # Else every response that a test keeps has an open socket.
        headers = {"Connection": "close", **options.pop("headers", {})}
        return requests.request(method, self.uri + path, headers=headers, timeout=PATIENCE, **options)

    def predict(self, *flights: Any, **options: Any) -> requests.Response:
        """Ask for flights, by id or with fields."""
        listed = [{"flight_id": flight} if isinstance(flight, str) else flight for flight in flights]
        return self.post("/v1/predictions", {"flights": listed}, **options)

    def version(self) -> dict[str, Any]:
        """Return what /version says."""
        content: dict[str, Any] = self.get("/version").json()
        return content

    def scheduled(self, date: str = NEXT_DAY) -> list[dict[str, Any]]:
        """Return the answers to all scheduled flights of a date."""
        answers: list[dict[str, Any]] = self.get(f"/v1/predictions?date={date}").json()["predictions"]
        return answers

    def query(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Query the predictions database."""
        engine = sa.create_engine(self.database)
        with engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(sa.text(statement), values).mappings()]
        engine.dispose()
        return rows

    def stored(self, request_id: str) -> list[dict[str, Any]]:
        """Return the stored flights of a request, in its order."""
        return self.query(
            'SELECT * FROM predictions JOIN requests USING (request_id) WHERE request_id = :id ORDER BY "row"',
            id=request_id,
        )

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        (row,) = self.query(f"SELECT COUNT(*) AS rows FROM {table}")  # noqa: S608 (a name in a test)
        return int(row["rows"])

    def outcomes(self, flight_id: str) -> list[dict[str, Any]]:
        """Return the stored outcomes of a flight, oldest first."""
        return self.query("SELECT * FROM outcomes WHERE flight_id = :id ORDER BY id", id=flight_id)

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the lines of all request logs."""
        paths = sorted((self.folder / "requests").glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_bytes().split(b"\n")[:-1]]

    def log_line(self, request_id: str) -> dict[str, Any]:
        """Return the line of a request, which is written after its response."""

        def lines() -> list[dict[str, Any]]:
            return [line for line in self.log_lines() if line["request_id"] == request_id]

        wait_until(lines)
        (line,) = lines()
        return line

    def problems(self) -> str:
        """Return the problems that /ready names."""
        return "\n".join(self.get("/ready").json()["problems"])

    def wait_for_state(self, state: str) -> None:
        """Wait until it answers from a state."""
        wait_until(lambda: self.version()["state"] == state, self.problems)

    def processes(self) -> list[psutil.Process]:
        """Return its processes."""
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code once no process is left."""
        processes = self.processes()
        self.process.send_signal(number)
        return self.ended(processes)

    def ended(self, processes: list[psutil.Process]) -> int:
        """Return the exit code once no process is left."""
        code = self.process.wait(PATIENCE)
        assert psutil.wait_procs(processes, timeout=PATIENCE)[1] == [], self.output.read_text()
        return code


@contextmanager
def served(
    project: Project, folder: Path, *arguments: str, port: int | None = None, database: str = "", **environment: str
) -> Iterator[Service]:
    """Run `flight-delay serve` in a project, from when it is ready to its end."""
    port = port or free_port()
    output = folder / f"output-{port}-{time.monotonic_ns()}.txt"
    options = ["--service", str(folder), "--port", str(port), *(("--database", database) if database else ())]
    command = f'exec flight-delay serve "$@" > {output} 2>&1'
    folder.mkdir(parents=True, exist_ok=True)
    process = project.start("sh", "-c", command, "sh", *options, *arguments, **environment)
    url = database or f"sqlite:///{folder / 'predictions.db'}"
    service = Service(process, output, f"http://{HERE}:{port}", folder, url)

    def answers() -> bool:
        try:
            return service.get("/health").ok or process.poll() is not None
        except requests.ConnectionError:
            return process.poll() is not None

    try:
        wait_until(answers, output.read_text)
        assert process.poll() is None, output.read_text()
        yield service
    finally:
        if process.poll() is None:
            processes = service.processes()
            for running in processes:
                running.kill()
            service.ended(processes)


@contextmanager
def load(
    ask: Callable[[], requests.Response], clients: int = 4, pause_seconds: float = 0
) -> Iterator[list[requests.Response]]:
    """Ask again and again, by concurrent clients, until the end; yield the responses so far."""
    responses: list[requests.Response] = []
    end = threading.Event()

    def client() -> None:
        while not end.wait(pause_seconds):
            with suppress(requests.ConnectionError, ChunkedEncodingError):  # a server killed before or within an answer
                responses.append(ask())

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client) for _ in range(clients)]
        try:
            yield responses
        finally:
            end.set()
    for future in running:
        future.result()


def acknowledged(responses: list[requests.Response]) -> dict[str, list[dict[str, Any]]]:
    """Return the answered flights by request."""
    contents = [response.json() for response in responses if response.ok]
    return {content["request_id"]: content["predictions"] for content in contents}


def assert_stored(service: Service, responses: list[requests.Response]) -> int:
    """Check that every answer is in the database as it was given; return the number of flights."""
    stored: dict[str, list[dict[str, Any]]] = {}
    for row in service.query('SELECT * FROM predictions ORDER BY request_id, "row"'):
        stored.setdefault(row["request_id"], []).append(row)
    answers = acknowledged(responses)
    for request_id, flights in answers.items():
        assert [(row["flight_id"], np.float32(row["probability"])) for row in stored[request_id]] == [
            (flight["flight_id"], np.float32(flight["probability"])) for flight in flights
        ]
    return sum(map(len, answers.values()))
