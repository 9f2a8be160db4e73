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
from waiting import PATIENCE, free_port, wait_until

from flight_delay.tracking.server.mlflow_server import http_url

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs/server.md").read_text()
ADDRESS = re.compile("postgresql://.*")


def commands(heading: str) -> str:
    """What stands in the bash blocks of a section."""
    section = re.split("^#+ ", PAGE, flags=re.MULTILINE)
    (body,) = (text for text in section if text.startswith(f"{heading}\n"))
    blocks = re.findall("```bash\n(.*?)```", body, re.DOTALL)
    assert blocks
    return "\n".join(blocks)


@pytest.fixture
def two_checkouts(open_folder, project_at):
    """Two repositories, each for a server of its own."""
    projects = [project_at(open_folder(name)) for name in ("one", "other")]
    for project in projects:
        project.run("git", "init", "--quiet")
    return projects


def test_make_starts_it_as_the_page_shows_and_what_was_backed_up_is_there_again_in_another_server(
    two_checkouts, team_server, monkeypatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    one, other = two_checkouts
    assert re.findall("```bash\n(.*?)```", PAGE, re.DOTALL)[0] == "make server\n"
    port, output = free_port(), one.root / "made.txt"
    # A test run in the background ignores SIGINT, and so would make.
    make = f"exec env --default-signal=INT make -f {REPOSITORY}/Makefile -o .venv/.team-installed server PORT={port}"
    first = one.start("sh", "-c", f"{make} > {output} 2>&1", MLFLOW_WORKERS="1")
    try:
        wait_until(
            lambda: (output.exists() and "Ctrl-C" in output.read_text()) or first.poll() is not None, output.read_text
        )
        assert_says_what_the_page_shows(output.read_text(), port, one.root)
        uri = http_url("127.0.0.1", port)
        client = MlflowClient(uri)
        experiment = client.create_experiment("flights")
        run_id = client.create_run(experiment, run_name="kept").info.run_id
        client.log_metric(run_id, "log_loss", 0.5)
        client.log_text(run_id, "late", "text.txt")
        client.set_terminated(run_id)
        client.create_registered_model("flight-delay")
        client.create_model_version("flight-delay", f"runs:/{run_id}/text.txt", run_id)
        one.run("bash", "-euc", commands("Back it up"), DATABASE=ADDRESS.search(output.read_text())[0])
        client.delete_run(run_id)  # not in the backup
    finally:
        os.killpg(first.pid, signal.SIGINT)  # as a terminal does, to all of them
        first.wait(PATIENCE)
    assert "stopped" in output.read_text().splitlines()

    second = team_server(other)
    shutil.move(one.root / "backup", other.root / "backup")
    other.run("bash", "-euc", commands("Restore it"), DATABASE=ADDRESS.search(second.printed())[0])
    assert second.end(signal.SIGTERM) == 0
    client = MlflowClient(team_server(other, "--upgrade").uri)
    (run,) = client.search_runs([client.get_experiment_by_name("flights").experiment_id])
    assert (run.info.run_id, run.info.run_name, run.info.status) == (run_id, "kept", "FINISHED")
    assert run.data.metrics == {"log_loss": 0.5}
    mlflow.set_tracking_uri(client.tracking_uri)
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/text.txt") == "late"
    mlflow.set_tracking_uri(None)
    assert client.get_model_version("flight-delay", "1").run_id == run_id
    # What is restored is written on as before.
    assert client.create_model_version("flight-delay", f"runs:/{run_id}/text.txt", run_id).version == "2"


def assert_says_what_the_page_shows(printed: str, port: int, root: Path) -> None:
    (shown,) = re.findall("```text\n(the server is ready.*?)```", PAGE, re.DOTALL)
    here = shown.replace("http://127.0.0.1:5000", http_url("127.0.0.1", port))
    here = here.replace("/home/ada/flight-delay", str(root)).splitlines()
    lines = re.sub(r"(postgresql://)\w+@", r"\1ada@", printed).splitlines()
    first = lines.index(here[0])
    assert lines[first : first + len(here)] == here


@pytest.mark.skipif(
    find_spec("flask_wtf") is None and not os.environ.get("REQUIRE_SERVICES"),
    reason="MLflow's basic-auth needs Flask-WTF",
)
def test_with_basic_authentication_strangers_are_kept_out(checkout) -> None:
    port = free_port()
    address = http_url("127.0.0.1", port)
    server = checkout.start(
        "bash", "-euc", f"exec > output.txt 2>&1\n{commands('Secure it')}", PORT=str(port), MLFLOW_WORKERS="1"
    )
    output = checkout.root / "output.txt"
    wait_until(
        lambda: (output.exists() and "Ctrl-C" in output.read_text()) or server.poll() is not None, output.read_text
    )
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{address}/api/2.0/mlflow/experiments/get?experiment_id=0")  # noqa: S310
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(PATIENCE)
