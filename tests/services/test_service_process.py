"""The service as processes: replaced states, states that are no good, signals, and what cannot be used."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from functools import partial
from http.client import HTTPResponse
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import requests
from prediction_service import SCHEDULE, assert_stored, load, point_to, served
from waiting import HERE, PATIENCE, free_port, wait_until

from flight_delay.core.files import sha256
from flight_delay.serving.state import ID_LENGTH, STATE_FILE

SWAPS, CLIENTS = 20, 4


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_answer_is_lost_or_mixed_while_states_are_replaced(made, states, folder, workers) -> None:
    with served(made, folder, "--workers", workers) as service:
        flights = [answer["flight_id"] for answer in service.scheduled()[:5]]
        expected = {}
        for state in (states.other, states.first):
            point_to(folder, state)
            service.wait_for_state(state)
            while (content := service.predict(*flights, SCHEDULE).json())["state"] != state:
                pass  # of the other worker
            expected[state] = content["threshold"], content["predictions"]
        assert expected[states.first] != expected[states.other]
        # A pause, since the server looks for another state only twice a second, and other tests run at the same time.
        with load(partial(service.predict, *flights, SCHEDULE), CLIENTS, pause_seconds=0.03) as responses:
            for number in range(SWAPS if workers == "1" else 2):
                state = (states.other, states.first)[number % 2]
                before = len(responses)
                point_to(folder, state)
                wait_until(lambda goal=before + CLIENTS: len(responses) > goal)
                wait_until(lambda wanted=state: responses[-1].json()["state"] == wanted)
        assert {response.status_code for response in responses} == {200}
        contents = [response.json() for response in responses]
        assert [c for c in contents if (c["threshold"], c["predictions"]) != expected[c["state"]]] == []
        assert {content["state"] for content in contents} == set(expected)
        assert_stored(service, responses)
        if workers == "2":
            processes = service.processes()
            assert len({path.stem.rpartition("-")[2] for path in (folder / "requests").iterdir()}) == 2
            total = sum(len(content["predictions"]) for content in contents)
            (line,) = (
                line for line in service.get("/metrics").text.splitlines()
                if line.startswith("flight_delay_predictions_total")
            )  # fmt: skip
            assert float(line.split()[1]) >= total
            assert service.end() == 0
            assert not any(process.is_running() for process in processes)


def test_a_state_that_is_no_good_is_rejected_and_the_present_one_answers(made, states, folder) -> None:
    with served(made, folder) as service:
        flights = [answer["flight_id"] for answer in service.scheduled()[:5]]
        answers = service.predict(*flights, SCHEDULE).json()["predictions"]
        damaged = folder / "states" / states.other / "timetable.parquet"
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        foreign = json.loads((folder / "states" / states.first / STATE_FILE).read_text())
        text = json.dumps({**foreign, "code": "0" * 64})
        partial = folder / "states/.foreign"
        shutil.copytree(folder / "states" / states.first, partial)
        (partial / STATE_FILE).write_text(text)
        other_code = sha256(partial / STATE_FILE)[:ID_LENGTH]
        partial.rename(folder / "states" / other_code)
        for number, state in enumerate(
            [states.other, states.older, other_code, "0" * 16, "../..", "", "\x00", "x" * 300], 1
        ):
            point_to(folder, state)
            rejected = f"flight_delay_state_rejections {number}.0"
            wait_until(lambda wanted=rejected: wanted in service.get("/metrics").text)
            assert service.version()["state"] == states.first
            ready = service.get("/ready")
            assert (ready.status_code, ready.json()["status"], len(ready.json()["problems"])) == (200, "ok", 1)
            if state in {states.other, states.older, other_code}:
                assert state in service.problems()
            assert service.predict(*flights, SCHEDULE).json()["predictions"] == answers
        (folder / "states/current").write_bytes(b"\xff\xfe")
        wait_until(lambda: "flight_delay_state_rejections 9.0" in service.get("/metrics").text)
        (folder / "states/current").unlink()
        assert service.predict(*flights, SCHEDULE).json()["predictions"] == answers
        damaged.write_bytes(whole)  # built again
        point_to(folder, states.other)
        service.wait_for_state(states.other)
        assert service.problems() == ""
        assert "Traceback" not in service.output.read_text()


def test_a_server_without_a_state_is_not_ready_until_there_is_one(made, states, tmp_path) -> None:
    with served(made, tmp_path / "service") as service:
        for path in (
            "/ready",
            "/version",
            "/v1/predictions?date=2013-03-10",
            "/v1/predictions/x",
            "/v1/explanations/x",
        ):
            assert service.get(path).status_code == 503
        response = service.predict(SCHEDULE)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        states.copy(tmp_path / "service")
        wait_until(lambda: service.get("/ready").ok)
        assert service.predict(SCHEDULE).ok


def test_after_the_time_limit_the_base_rate_is_given_and_stored_as_such(made, states, folder) -> None:
    manifest = json.loads((folder / "states" / states.first / "bundle/manifest.json").read_text())
    with served(made, folder, "--time-limit-ms", "0") as service:
        scheduled = service.scheduled()[0]
        content = service.predict(SCHEDULE, scheduled["flight_id"]).json()
        fallback, known = content["predictions"]
        assert fallback["fallback"] is True
        assert np.float32(fallback["probability"]) == np.float32(manifest["trained_base_rate"])
        assert known == scheduled
        assert [bool(row["fallback"]) for row in service.stored(content["request_id"])] == [True, False]
        assert "flight_delay_fallbacks_total 1.0" in service.get("/metrics").text
        made.command("replay", content["request_id"], "--service", str(folder))


@pytest.fixture(scope="module")
def wrong_zones(tmp_path_factory) -> Path:
    """Time zones of a machine where New York has the time of Greenwich."""
    root = tmp_path_factory.mktemp("zones")
    (root / "America").mkdir()
    zone = Path(str(resources.files("tzdata") / "zoneinfo/Etc/UTC"))
    shutil.copy(zone, root / "America/New_York")
    return root


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_is_answered_and_stored_before_sigterm_ends_the_server(
    made, folder, tmp_path, wrong_zones, workers
) -> None:
    evening = {**SCHEDULE, "scheduled_departure": 2030, "scheduled_arrival": 2240}  # on the next day in UTC
    flights = [evening, *({**SCHEDULE, "flight_number": number} for number in range(1, 10_000))]
    temporary, body = tmp_path / "temporary", json.dumps({"flights": flights}).encode()
    temporary.mkdir()
    own = {"TMPDIR": str(temporary), "PYTHONTZPATH": str(wrong_zones)}
    with served(made, folder, "--workers", workers, **own) as service:
        processes, address = service.processes(), (HERE, int(service.uri.rpartition(":")[2]))
        assert (len(processes) == 1) == (workers == "1")
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            head = f"POST /v1/predictions HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
            connection.sendall(f"{head}Expect: 100-continue\r\nContent-Type: application/json\r\n\r\n".encode())
            assert b" 100 " in connection.recv(4096)  # it waits for the body
            service.process.send_signal(signal.SIGTERM)
            connection.sendall(body)
            response = HTTPResponse(connection)
            response.begin()
            content = json.loads(response.read())
        assert service.ended(processes) == 0
    assert response.status == 200
    assert [answer["days_behind"] for answer in content["predictions"]] == [1, *[0] * 9_999]
    assert len(service.stored(content["request_id"])) == len(flights)
    assert list(temporary.iterdir()) == []


def test_an_idle_connection_does_not_hold_the_server(made, folder) -> None:
    with served(made, folder) as service, requests.Session() as session:
        assert session.get(f"{service.uri}/health", timeout=PATIENCE).ok
        assert service.end(signal.SIGINT) == 0


def test_what_cannot_be_used_is_one_line(made, folder, tmp_path) -> None:
    keys, file = tmp_path / "keys.txt", tmp_path / "file"
    keys.write_text("a key\n")
    file.touch()
    with served(made, folder) as service:
        taken = service.uri.rpartition(":")[2]
        for arguments in (
            ["--port", taken], ["--port", "70000"], ["--port", "x"], ["--host", "192.0.2.1"],
            ["--host", "no such host"],
            ["--workers", "0"], ["--workers", "-1"], ["--workers", "x"], ["--time-limit-ms", "-1"],
            ["--time-limit-ms", "nan"], ["--keys", str(keys)], ["--keys", str(file)], ["--keys", str(tmp_path / "no")],
            ["--keys", str(tmp_path)], ["--database", "flights"], ["--database", "sqlite://"],
            ["--database", "mysql://ada@127.0.0.1/flights"], ["--database", "postgresql://ada@127.0.0.1:port/flights"],
            ["--database", f"sqlite:///{file}/predictions.db"], ["--database", f"sqlite:///{tmp_path}"],
            ["--database", f"sqlite:///{keys}"], ["--service", str(file)],
            ["--database", f"postgresql+psycopg2://ada:pass-word@127.0.0.1:{free_port()}/flights"],
        ):  # fmt: skip
            options = ["--port", str(free_port()), "--service", str(folder), *arguments]
            done = made.command("serve", *options, code=2)
            assert done.stdout == ""
            *before, line = done.stderr.splitlines()
            assert line.startswith("flight-delay serve: error: ")
            assert [text for text in before if not text.startswith(("usage: ", " "))] == []
            assert "pass-word" not in done.stderr
        assert service.get("/ready").ok
    apart = made.run("flight-delay", "serve", "--database", f"sqlite:///{keys}", code=2)
    assert apart.stderr.count("\n") == 1
