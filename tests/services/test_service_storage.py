"""What was answered is stored, whatever is killed, locked, full or away."""

from __future__ import annotations

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import requests
from prediction_service import SCHEDULE, assert_stored, load, point_to, served
from waiting import wait_until

from flight_delay.core.errors import UserError
from flight_delay.tracking.server.postgres import running_postgres

KILLS, ROWS = 3, 2_000


def kill_under_load(made: Any, folder: Path, kills: int, rows: int, database: str = "") -> tuple[int, int]:
    """Kill a server under load, again and again; return the numbers of acknowledged flights and of requests."""
    responses: list[requests.Response] = []
    for _ in range(kills):
        with served(made, folder, database=database) as service:
            flights = [answer["flight_id"] for answer in service.scheduled()[:5]]
            with load(partial(service.predict, *flights)) as answered:
                wait_until(lambda answered=answered: len(answered) * 5 * kills > rows)
                service.end(signal.SIGKILL)
            responses += answered
    assert {response.status_code for response in responses} == {200}
    return assert_stored(service, responses), len(responses)


def test_no_acknowledged_answer_is_lost_when_the_server_is_killed(made, folder) -> None:
    assert kill_under_load(made, folder, KILLS, ROWS)[0] >= ROWS


def test_two_servers_share_a_folder_and_a_database(made, states, folder) -> None:
    with served(made, folder) as one, served(made, folder) as two:
        flights = [answer["flight_id"] for answer in one.scheduled()[:5]]
        with load(lambda: one.predict(*flights), 2) as first, load(lambda: two.predict(*flights), 2) as second:
            point_to(folder, states.other)
            one.wait_for_state(states.other)
            two.wait_for_state(states.other)
            wait_until(lambda: len(first) > 50 and len(second) > 50)
        assert {response.status_code for response in first + second} == {200}
        assert assert_stored(one, first + second) == 5 * len(first + second)
        assert len(list((folder / "requests").iterdir())) == 2


def postgres_processes(cluster: Path) -> list[psutil.Process]:
    """Return the processes of a PostgreSQL cluster."""
    main = psutil.Process(int((cluster / "data/postmaster.pid").read_text().split()[0]))
    return [main, *main.children(recursive=True)]


def test_answers_go_on_after_postgresql_was_frozen_and_killed(made, folder, open_folder) -> None:
    cluster = open_folder("predictions")
    with ExitStack() as stack:
        stack.enter_context(suppress(UserError))  # what stops a cluster that was killed
        url = stack.enter_context(running_postgres(cluster)).replace("postgresql:", "postgresql+psycopg2:")
        with served(made, folder, database=url) as service:
            flights = [answer["flight_id"] for answer in service.scheduled()[:5]]
            with load(lambda: service.predict(*flights)) as responses:
                wait_until(lambda: len(responses) > 50)
                processes = postgres_processes(cluster)
                for process in processes:
                    process.suspend()
                wait_until(lambda: responses[-1].status_code == 503)
                for process in processes:
                    process.resume()
                wait_until(lambda: responses[-1].ok)
                processes = postgres_processes(cluster)
                for process in processes:
                    process.kill()
                psutil.wait_procs(processes)
                wait_until(lambda: responses[-1].status_code == 503)
                away = service.get("/ready")
                assert (away.status_code, away.json()["status"]) == (503, "unavailable")
                assert service.get("/health").ok
                stack.close()
                stack.enter_context(running_postgres(cluster))
                wait_until(lambda: responses[-1].ok)
            assert service.get("/ready").ok
            refused = [response for response in responses if not response.ok]
            assert {(response.status_code, response.headers["Retry-After"]) for response in refused} == {(503, "1")}
            assert assert_stored(service, responses) == 5 * (len(responses) - len(refused))
            assert service.end() == 0


def test_a_database_that_another_process_holds_is_waited_for_and_then_refused(made, folder) -> None:
    with served(made, folder) as service, ThreadPoolExecutor(1) as pool:
        before = service.predict(SCHEDULE)
        holder = sqlite3.connect(folder / "predictions.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        held = service.predict(SCHEDULE)
        assert (held.status_code, held.headers["Retry-After"]) == (503, "1")
        waiting = pool.submit(service.predict, SCHEDULE)
        holder.execute("ROLLBACK")
        holder.close()
        assert_stored(service, [before, waiting.result()])
        assert waiting.result().ok
        assert service.count("requests") == 2


def test_a_full_disk_refuses_answers_and_loses_none(made, folder) -> None:
    with served(made, folder) as service:
        flights = [answer["flight_id"] for answer in service.scheduled()]
        process = psutil.Process(service.process.pid)
        _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
        before = service.predict(*flights)
        process.rlimit(psutil.RLIMIT_FSIZE, ((folder / "predictions.db-wal").stat().st_size, hard))
        refused = [service.predict(*flights) for _ in range(3)]
        assert {(response.status_code, response.headers["Retry-After"]) for response in refused} == {(503, "1")}
        assert service.get("/health").ok
        process.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))
        after = service.predict(*flights)
        assert assert_stored(service, [before, after]) == 2 * len(flights)
        assert service.count("requests") == 2
        assert service.log_line(after.json()["request_id"])["status"] == 200
        (log,) = (folder / "requests").iterdir()
        assert log.stat().st_size > service.output.stat().st_size + 10_000
        # The log cannot grow; the output can, which Python would end with a code of its own for.
        process.rlimit(psutil.RLIMIT_FSIZE, (log.stat().st_size, hard))
        assert service.get("/health").ok
        assert service.end() == 0
        assert "Traceback" not in service.output.read_text()
