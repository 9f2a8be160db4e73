"""docs/server.md tells the truth: its commands run, and what was backed up is there again in another server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from flight_delay.tracking.server.process import http_url

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/server.md").read_text()
ADDRESS = re.compile("postgresql://.*")


def commands(heading: str) -> str:
    """What stands in the bash blocks of a section."""
    section = re.split("^#+ ", PAGE, flags=re.MULTILINE)
    (found,) = (text for text in section if text.startswith(f"{heading}\n"))
    blocks = re.findall("```bash\n(.*?)```", found, re.DOTALL)
    assert blocks
    return "\n".join(blocks)


@pytest.fixture
def two_checkouts(open_folder, project_at):
    """Two repositories, each for a server of its own."""
    projects = [project_at(open_folder(name)) for name in ("one", "other")]
    for project in projects:
        project.run("git", "init", "--quiet")
    return projects


def test_what_was_backed_up_is_there_again_in_another_server(two_checkouts, team_server, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    one, other = two_checkouts
    first = team_server(one)
    client = MlflowClient(first.uri)
    experiment = client.create_experiment("flights")
    run_id = client.create_run(experiment, run_name="kept").info.run_id
    client.log_metric(run_id, "log_loss", 0.5)
    client.log_text(run_id, "late", "text.txt")
    client.set_terminated(run_id)
    client.create_registered_model("flight-delay")
    client.create_model_version("flight-delay", f"runs:/{run_id}/text.txt", run_id)
    address = ADDRESS.search(first.said())[0]
    one.run("bash", "-euc", commands("Back it up"), DATABASE=address)
    client.delete_run(run_id)  # not in the backup
    assert first.end(signal.SIGTERM) == 0

    second = team_server(other)
    shutil.move(one.root / "backup", other.root / "backup")
    other.run("bash", "-euc", commands("Restore it"), DATABASE=ADDRESS.search(second.said())[0])
    assert second.end(signal.SIGTERM) == 0
    client = MlflowClient(team_server(other, "--upgrade").uri)
    (run,) = client.search_runs([client.get_experiment_by_name("flights").experiment_id])
    assert (run.info.run_id, run.info.run_name, run.info.status) == (run_id, "kept", "FINISHED")
    assert run.data.metrics == {"log_loss": 0.5}
    mlflow.set_tracking_uri(client.tracking_uri)
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/text.txt") == "late"
    assert client.get_model_version("flight-delay", "1").run_id == run_id
    # What is restored is written on as before.
    assert client.create_model_version("flight-delay", f"runs:/{run_id}/text.txt", run_id).version == "2"


@pytest.mark.skipif(
    find_spec("flask_wtf") is None and not os.environ.get("REQUIRE_SERVICES"),
    reason="MLflow's basic-auth needs Flask-WTF",
)
def test_with_basic_authentication_strangers_are_kept_out(checkout, free_port, until) -> None:
    port = free_port()
    server = checkout.start("bash", "-euc", f"exec > output.txt 2>&1\n{commands('Secure it')}", PORT=str(port))
    output = checkout.root / "output.txt"
    until(lambda: (output.exists() and "Ctrl-C" in output.read_text()) or server.poll() is not None, output.read_text)
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{http_url('127.0.0.1', port)}/api/2.0/mlflow/experiments/get?experiment_id=0")  # noqa: S310
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def test_make_starts_it_and_what_the_page_shows_is_what_it_says(checkout, free_port, until) -> None:
    assert re.findall("```bash\n(.*?)```", PAGE, re.DOTALL)[0] == "make server\n"
    (shown,) = re.findall("```text\n(the server is ready.*?)```", PAGE, re.DOTALL)
    port, output = free_port(), checkout.root / "made.txt"
    make = f"exec make -f {REPOSITORY}/Makefile -o .venv/.team-installed server PORT={port} > {output} 2>&1"
    server = checkout.start("sh", "-c", make)
    try:
        until(
            lambda: (output.exists() and "Ctrl-C" in output.read_text()) or server.poll() is not None, output.read_text
        )
    finally:
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does, to all of them
        server.wait(60)
    here = shown.replace("http://127.0.0.1:5000", http_url("127.0.0.1", port))
    here = here.replace("/home/ada/flight-delay", str(checkout.root))
    said = re.sub(r"(postgresql://)\w+@", r"\1ada@", output.read_text()).splitlines()
    first = said.index(here.splitlines()[0])
    assert said[first : first + 5] == here.splitlines()
    assert "stopped" in said[first + 5 :]
