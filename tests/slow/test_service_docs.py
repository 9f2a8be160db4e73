"""Commands, requests and responses of the pages on the service, run in the order in which they stand there."""

from __future__ import annotations

import ast
import json
import re
import signal
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from waiting import HERE, PATIENCE, free_port, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICE, API = ((REPOSITORY / f"docs/{name}.md").read_text() for name in ("service", "api"))
DEFAULT = "http://127.0.0.1:8000"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.fixture(scope="module")
def served(whole_year, project_at, tmp_path_factory):
    """A folder with links to the whole year, in which the commands have run, and the address of its server."""
    root = tmp_path_factory.mktemp("service") / "project"
    root.mkdir()
    for path in whole_year.root.iterdir():
        if path.name not in {"service", "predictions.csv"}:
            (root / path.name).symlink_to(path)
    project, (block,) = project_at(root), blocks(SERVICE, "bash")
    *commands, serve = block.splitlines()
    assert serve == "flight-delay serve"
    for command in commands:
        project.run("bash", "-ec", command)
    port = free_port()
    server = project.start(*serve.split(), "--port", str(port))

    def is_ready() -> bool:
        assert server.poll() is None
        with suppress(OSError), urllib.request.urlopen(f"http://{HERE}:{port}/ready", timeout=60) as answer:
            return answer.status == 200
        return False

    wait_until(is_ready, lambda: "the server did not become ready")
    yield project, f"http://{HERE}:{port}"
    server.send_signal(signal.SIGTERM)
    server.wait(PATIENCE)


def test_the_batch_has_every_scheduled_flight_of_the_dates(served) -> None:
    project, _ = served
    lines = (project.root / "predictions.csv").read_text().splitlines()
    dates = {line.split(",")[1] for line in lines[1:]}
    assert dates == {f"2013-12-0{day}" for day in range(1, 8)}


def test_the_response_of_the_page_is_that_of_its_command(served) -> None:
    project, address = served
    (command,), (shown,) = blocks(API, "bash"), blocks(API, "json")
    response = json.loads(project.run("bash", "-ec", command.replace(DEFAULT, address)).stdout)
    documented = json.loads(shown)
    assert list(response) == list(documented)
    assert {name: response[name] for name, value in documented.items() if value != "…"} == {
        name: value for name, value in documented.items() if value != "…"
    }


def test_the_client_of_the_page_runs(served) -> None:
    project, address = served
    (client,) = blocks(API, "python")
    probabilities, reasons, outcome = project.run(
        sys.executable, "-c", client.replace(DEFAULT, address)
    ).stdout.splitlines()
    batch = (project.root / "predictions.csv").read_text()
    assert f",{json.loads(probabilities)[0]!r}," in next(
        line for line in batch.splitlines() if "US-1895-EWR-0500" in line
    )
    assert len(json.loads(probabilities)) == 2
    assert ast.literal_eval(reasons)
    assert "'new': 1" in outcome


def test_a_documented_answer_is_repeated(served) -> None:
    project, address = served
    request_id = requests.get(f"{address}/v1/predictions/2013-12-01-US-1895-EWR-0500", timeout=60).json()["request_id"]
    (flight,) = project.command("replay", request_id, "--json").stdout.splitlines()
    assert json.loads(flight)["is_same"]
