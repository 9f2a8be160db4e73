"""deploy/local.py runs what deploy/compose.yaml does: a proxy before two replicas, of which one dies; monitoring."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import requests
from checkouts import Project
from prediction_service import AS_OF, SCHEDULE
from waiting import HERE, PATIENCE, free_port, wait_until

from flight_delay.commands.health import COMPONENTS

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/local.py"
NAMES = (
    "proxy", "mlflow", "prometheus", "alertmanager", "node-exporter", "predictions-1", "predictions-2",
)  # fmt: skip
BODY = {"flights": [SCHEDULE]}


class Deployment(NamedTuple):
    """A running deploy/local.py: the checkout it runs in, its process and output, and ports by component."""

    project: Project
    process: subprocess.Popen[str]
    output: Path
    ports: dict[str, int]

    def request(self, method: str, name: str, path: str, **options: Any) -> requests.Response:
        """Send a request to a component."""
        url = f"http://{HERE}:{self.ports[name]}{path}"
        return requests.request(method, url, timeout=PATIENCE, headers={"Connection": "close"}, **options)

    def predict(self, **options: Any) -> requests.Response:
        """Ask the proxy for a flight."""
        return self.request("POST", "proxy", "/v1/predictions", **{"json": BODY, **options})

    def health(self, code: int) -> dict[str, str]:
        """Check the deployment as its output says; return the status of each component."""
        command = next(line for line in self.output.read_text().splitlines() if line.endswith("flight-delay health"))
        done = self.project.run("sh", "-c", f"{command.removeprefix('check with: ')} --date {AS_OF}", code=code)
        return {row.split()[0]: row.split()[1] for row in done.stdout.splitlines()[1:]}

    def replica(self, name: str) -> psutil.Process:
        """Return the process of a replica."""
        port = str(self.ports[name])
        return next(p for p in psutil.Process(self.process.pid).children() if port in p.cmdline())


@pytest.fixture
def deployment(made, states, open_folder) -> Iterator[Deployment]:
    project = made.bare_copy(open_folder("local") / "checkout")
    root = project.root
    states.copy(root / "service")
    ports, output = {name: free_port() for name in NAMES}, root / "local.txt"
    options = [word for name, port in ports.items() for word in ("--port", f"{name}={port}")]
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, SCRIPT, *options], cwd=root, stdout=file, stderr=file, text=True,
            env={**made.environment, "MLFLOW_WORKERS": "1"},
        )  # fmt: skip
    started = Deployment(project, process, output, ports)
    try:
        wait_until(lambda: "Ctrl-C" in output.read_text() or process.poll() is not None, output.read_text)
        assert process.poll() is None, output.read_text()
        yield started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def test_answers_go_on_when_a_replica_dies_and_limits_hold(deployment) -> None:
    slow = socket.create_connection((HERE, deployment.ports["proxy"]), timeout=PATIENCE)
    slow.sendall(b"POST /v1/predictions HTTP/1.1\r\n")
    addresses = {name: f"http://{HERE}:{port}" for name, port in deployment.ports.items()}
    lines = dict(line.split(": ", 1) for line in deployment.output.read_text().splitlines() if ": http" in line)
    assert addresses.items() <= lines.items()
    first = deployment.predict()
    assert first.headers["X-Request-Id"] == first.json()["request_id"]
    assert {"X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy"} <= set(first.headers)
    assert "Server" not in first.headers or first.headers["Server"] == "nginx"  # without a version
    assert deployment.request("GET", "proxy", "/metrics").status_code == 404
    assert deployment.request("GET", "mlflow", "/health").ok

    def targets() -> set[tuple[str, str]]:
        listed = deployment.request("GET", "prometheus", "/api/v1/targets").json()["data"]["activeTargets"]
        return {(target["labels"]["instance"], target["health"]) for target in listed}

    scraped = {f"{HERE}:{deployment.ports[name]}" for name in ("predictions-1", "predictions-2", "node-exporter")}
    wait_until(lambda: targets() == {(address, "up") for address in scraped}, lambda: str(targets()))

    # Nobody has promoted a model.
    healthy = dict.fromkeys(COMPONENTS, "ok") | {"tracking": "warning"}
    assert deployment.health(code=1) == healthy

    children = psutil.Process(deployment.process.pid).children(recursive=True)
    with ThreadPoolExecutor(2) as pool:
        before = list(pool.map(lambda _: deployment.predict().status_code, range(20)))
        deployment.replica("predictions-1").kill()
        after = list(pool.map(lambda _: deployment.predict().status_code, range(40)))
    assert {*before, *after} == {200}
    wait_until(lambda: "predictions-1 has ended" in deployment.output.read_text(), deployment.output.read_text)

    large = deployment.predict(data=b" " * (4 << 20) + b"{}", json=None)
    assert (large.status_code, large.json()["errors"]) == (413, [])
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: deployment.request("GET", "proxy", "/health"), range(600)))
    assert {answer.status_code for answer in answers} == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["X-Content-Type-Options"]
    assert sorted(refused.json()) == ["errors", "message", "request_id"]

    logged = [
        json.loads(line)
        for line in (deployment.project.root / "server/local/proxy.txt").read_text().splitlines()
        if line[0] == "{"
    ]
    line = next(line for line in logged if line["request_id"] == first.headers["X-Request-Id"])
    assert (line["client"], line["status"]) == (HERE, 200)
    with slow, suppress(ConnectionResetError):
        assert slow.recv(1) == b""
    deployment.replica("predictions-2").kill()
    assert deployment.health(code=2) == healthy | {"service": "down"}
    deployment.process.send_signal(signal.SIGINT)
    assert deployment.process.wait(PATIENCE) == 0
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []


def test_a_port_of_no_component_is_refused(made) -> None:
    done = made.run(sys.executable, str(SCRIPT), "--port", "nginx=8000", code=2)
    assert "nginx=8000" in done.stderr.splitlines()[-1]
