"""`flight-delay health` on real components: all is well, and then each of them in turn is not."""

from __future__ import annotations

import datetime
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
import sqlalchemy as sa
from mlflow import MlflowClient
from prediction_service import AS_OF, Service, served
from waiting import HERE, free_port, wait_until

from flight_delay.commands.health import COMPONENTS
from flight_delay.monitoring import health


class Environment(NamedTuple):
    """A service with PostgreSQL, a tracking server with a champion, and their settings."""

    project: Any
    service: Service
    tracking: Any
    settings: dict[str, str]

    def health(self, *arguments: str, **settings: str) -> tuple[int, dict[str, str]]:
        """Return the exit code, and the status of each component."""
        options = ("--date", AS_OF, "--time-limit", "20", *arguments)
        done = self.project.command("health", *options, code=None, **{**self.settings, **settings})
        header, *rows = done.stdout.splitlines()
        assert header.split()[:2] == ["component", "status"], done.stderr
        return done.returncode, {row.split()[0]: row.split()[1] for row in rows}


def register(uri: str, folder: Path) -> None:
    """Make some version champion."""
    client = MlflowClient(uri, uri)
    client.create_registered_model("flight-delay")
    version = client.create_model_version("flight-delay", folder.as_uri())
    client.set_registered_model_alias("flight-delay", "champion", version.version)


@pytest.fixture
def environment(made, states, postgres, tmp_path) -> Iterator[Environment]:
    uri, port = f"sqlite:///{tmp_path / 'mlflow.db'}", free_port()
    register(uri, tmp_path)
    mlflow = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        uri,
        "--workers",
        "1",
        "--port",
        str(port),
    ]
    output = tmp_path / "mlflow.txt"
    tracking = made.start(
        "sh", "-c", f'exec "$@" > {output} 2>&1', "sh", *mlflow, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"
    )
    address = f"http://{HERE}:{port}"
    try:
        with served(made, states.copy(tmp_path / "service").folder, database=postgres) as service:
            wait_until(lambda: service.get("/ready").ok)
            wait_until(lambda: answers(f"{address}/health"), output.read_text)
            settings = {
                "MLFLOW_TRACKING_URI": address, "FLIGHT_DELAY_DATABASE": postgres, "FLIGHT_DELAY_URL": service.uri,
                "FLIGHT_DELAY_SERVICE": str(service.folder),
            }  # fmt: skip
            yield Environment(made, service, tracking, settings)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(tracking.pid, signal.SIGKILL)
        tracking.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.ConnectionError:
        return False


def all_but(component: str, status: str) -> dict[str, str]:
    return {**dict.fromkeys(COMPONENTS, "ok"), component: status}


def test_each_component_is_reported_and_delays_no_other(environment, tmp_path, monkeypatch) -> None:
    assert environment.health() == (0, dict.fromkeys(health.CHECKS, "ok"))
    assert tuple(health.CHECKS) == COMPONENTS
    # Another server at the address of one.
    tracking, service = (environment.settings[name] for name in ("MLFLOW_TRACKING_URI", "FLIGHT_DELAY_URL"))
    assert environment.health("--only", "service", "--url", tracking) == (2, {"service": "down"})
    assert environment.health("--only", "tracking", MLFLOW_TRACKING_URI=service) == (2, {"tracking": "down"})
    # A state that is not fresh, a full disk and a wrong clock need a person.
    late = str(datetime.date.fromisoformat(AS_OF) + datetime.timedelta(days=health.MAX_STATE_AGE_DAYS + 1))
    assert environment.health("--date", late) == (1, all_but("state", "warning"))
    monkeypatch.setattr(health, "MIN_FREE_SHARE", 1.0)
    assert environment.health() == (1, all_but("disk", "warning"))
    monkeypatch.undo()
    now = health.utc_now
    monkeypatch.setattr(health, "utc_now", lambda: now() + datetime.timedelta(minutes=1))
    assert environment.health() == (1, all_but("clock", "warning"))
    monkeypatch.undo()
    # A tracking server that hangs does not delay the others.
    os.killpg(environment.tracking.pid, signal.SIGSTOP)
    begin = time.monotonic()
    assert environment.health("--time-limit", "4") == (2, all_but("tracking", "down"))
    assert time.monotonic() - begin < 60
    os.killpg(environment.tracking.pid, signal.SIGKILL)
    environment.tracking.wait()
    assert environment.health() == (2, all_but("tracking", "down"))
    assert environment.health("--only", "service", "clock") == (0, {"service": "ok", "clock": "ok"})
    # A database that does not answer, or without tables.
    nowhere = sa.make_url(environment.settings["FLIGHT_DELAY_DATABASE"]).set(query={}, host=HERE, port=free_port())
    for database in (nowhere.render_as_string(hide_password=False), f"sqlite:///{tmp_path / 'none.db'}"):
        assert environment.health("--only", "database", FLIGHT_DELAY_DATABASE=database) == (2, {"database": "down"})
    # A damaged state, and none.
    states = environment.service.folder / "states"
    state = states / (states / "current").read_text().strip()
    shutil.rmtree(state / "bundle")
    assert environment.health("--only", "state", "service") == (2, {"state": "down", "service": "ok"})
    (states / "current").unlink()
    assert environment.health("--only", "state") == (2, {"state": "down"})
    # Without the service and the tracking server, the database has a clock.
    environment.service.end(signal.SIGTERM)
    assert environment.health("--only", "service", "clock", "database") == (
        2, {"service": "down", "clock": "ok", "database": "ok"},
    )  # fmt: skip
