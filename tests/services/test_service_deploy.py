"""The champion of a real registry is served, its challenger is the shadow, and a dead MLflow stops no answer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from prediction_service import AS_OF, DAY_BEFORE, NEXT_DAY, SCHEDULE, Service, load, served
from registered import MODEL, log_other, published
from waiting import free_port, wait_until

from flight_delay.serving.state import code_digest, read_manifest
from flight_delay.serving.states import read_current
from flight_delay.tracking.registry.aliases import promote
from flight_delay.tracking.registry.versions import Registration, read_aliases


class Deployed(NamedTuple):
    """A registry with two versions, and a service that it is deployed to."""

    project: Any
    database: Path
    folder: Path
    entries: list[Registration]

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.database}"

    def promote(self, version: int, alias: str = "champion") -> None:
        """Move an alias, as `flight-delay promote` does after its gate."""
        mlflow.set_tracking_uri(self.uri)
        client = MlflowClient()
        entry, champion = self.entries[version - 1], read_aliases(client, MODEL).get("champion")
        promote(client, MODEL, entry, alias, champion, "Ada", "tried")
        mlflow.set_tracking_uri(None)

    def command(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the registry."""
        done: subprocess.CompletedProcess[str] = self.project.command(
            *arguments, code=code, **{"MLFLOW_TRACKING_URI": self.uri, **environment}
        )
        return done

    def deploy(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run `flight-delay deploy`; return the id of the current state."""
        self.command("deploy", "--service", str(self.folder), *arguments, code=code, **environment)
        return str(read_current(self.folder / "states"))


@pytest.fixture(scope="module")
def deployed(made, tmp_path_factory) -> Deployed:
    """Version 1 is the published run, version 2 has another decision; the first is champion, and deployed."""
    root = tmp_path_factory.mktemp("registry")
    shutil.copy(made.root / "mlflow.db", root)
    deployed = Deployed(made, root / "mlflow.db", root / "service", [])
    client = MlflowClient(deployed.uri, deployed.uri)
    deployed.entries.extend([published(client), log_other(client, made, root)])
    deployed.promote(1)
    deployed.deploy("--as-of", AS_OF)
    return deployed


@pytest.fixture(scope="module")
def server(deployed) -> Iterator[Service]:
    with served(deployed.project, deployed.folder) as running:
        yield running


@pytest.fixture
def watching(deployed, server) -> Iterator[Path]:
    """`flight-delay deploy --watch`, and the file of what it prints."""
    output = deployed.folder / "watch.txt"
    command = f'exec flight-delay deploy --watch --interval 0.2 --service "$1" > {output} 2>&1'
    folder, environment = str(deployed.folder), {"MLFLOW_TRACKING_URI": deployed.uri}
    process = deployed.project.start("sh", "-c", command, "sh", folder, **environment)
    yield output
    assert process.poll() is None, output.read_text()
    process.kill()
    process.wait()


def probabilities(content: dict[str, Any]) -> list[float]:
    return [answer["probability"] for answer in content["predictions"]]


def test_the_challenger_is_the_shadow_which_is_stored_and_never_returned(deployed, server) -> None:
    flights = [answer["flight_id"] for answer in server.scheduled()[:20]]
    alone = server.predict(*flights, SCHEDULE).json()
    assert (alone["model_version"], server.version()["shadow_version"]) == ("1", None)
    deployed.promote(2, "challenger")
    server.wait_for_state(deployed.deploy())
    response = server.predict(*flights, SCHEDULE)
    content = response.json()
    assert (content["model_version"], server.version()["shadow_version"]) == ("1", "2")
    assert content["predictions"] == alone["predictions"]
    shadow = [row["shadow_probability"] for row in server.stored(content["request_id"])]
    assert None not in shadow
    assert not {str(np.float32(value)) for value in shadow} & {str(value) for value in probabilities(content)}
    assert "shadow" not in response.text
    # Elsewhere, in a folder of its own, the challenger answers.
    acceptance = {"FLIGHT_DELAY_ALIAS": "challenger", "FLIGHT_DELAY_SERVICE": str(deployed.folder / "acceptance")}
    deployed.command("deploy", "--as-of", AS_OF, **acceptance)
    states = deployed.folder / "acceptance/states"
    manifest = read_manifest(states, read_current(states))
    assert (manifest.model_version, manifest.shadow_version) == ("2", "1")
    deployed.promote(2)
    server.wait_for_state(deployed.deploy())
    champion = server.predict(*flights, SCHEDULE).json()
    assert champion["model_version"] == "2"
    assert [np.float32(value) for value in probabilities(champion)] == [np.float32(value) for value in shadow]
    assert server.version()["shadow_version"] is None  # a challenger that is champion is no shadow


def test_rollback_and_deploy_return_to_the_model_before(deployed, server) -> None:
    deployed.promote(1)
    first = deployed.deploy()
    server.wait_for_state(first)
    answers = server.scheduled()
    flights = [answer["flight_id"] for answer in answers[:100]]
    stored = [server.predict(*flights).json()["request_id"]]
    deployed.promote(2)
    server.wait_for_state(deployed.deploy())
    assert server.scheduled() != answers
    stored.append(server.predict(*flights).json()["request_id"])
    deployed.command("rollback", "--reason", "probabilities too high")
    server.wait_for_state(deployed.deploy())
    assert server.version()["model_version"] == "1"
    assert server.scheduled() == answers
    # Answers of both models are repeated from the states that they name.
    for request_id in stored:
        deployed.command("replay", request_id, "--service", str(deployed.folder))


def test_nothing_changes_when_nothing_moved_but_a_feed_or_the_code_does(deployed, server) -> None:
    state, states = deployed.deploy(), deployed.folder / "states"
    before = {path.name: path.stat().st_mtime_ns for path in states.iterdir()}
    assert deployed.deploy() == deployed.deploy("--as-of", AS_OF) == state
    assert {path.name: path.stat().st_mtime_ns for path in states.iterdir()} == before
    feed = deployed.folder / "timetable.csv"
    pd.DataFrame([{**SCHEDULE, "flight_date": day, "flight_number": 8} for day in (AS_OF, NEXT_DAY)]).to_csv(feed)
    fed = deployed.deploy("--timetable", str(feed))
    assert fed != state
    server.wait_for_state(fed)
    assert [answer["flight_id"] for answer in server.scheduled()] == [f"{NEXT_DAY}-US-8-EWR-0700"]
    assert deployed.deploy("--timetable", str(feed)) == fed
    # The current state is that of other code, or is gone.
    manifest = states / fed / "state.json"
    manifest.write_text(manifest.read_text().replace(code_digest(), "0" * 64))
    assert deployed.deploy() == state
    server.wait_for_state(state)
    shutil.rmtree(states / state)
    assert deployed.deploy("--as-of", AS_OF) == state
    assert server.scheduled() != []


def test_what_cannot_be_deployed_leaves_the_current_state(deployed, server, tmp_path) -> None:
    state = str(read_current(deployed.folder / "states"))
    closed = f"http://127.0.0.1:{free_port()}"
    for arguments, environment in (
        (["--as-of", DAY_BEFORE], {}), (["--as-of", "2014-06-01"], {}), (["--timetable", str(tmp_path / "no")], {}),
        ([], {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/no.db"}), ([], {"MLFLOW_TRACKING_URI": closed}),
        (["--service", str(tmp_path / "empty")], {}),
    ):  # fmt: skip
        assert deployed.deploy(*arguments, code=2, **environment) == state
    assert list((deployed.folder / "states").glob(".*.partial")) == []
    assert server.version()["state"] == state


def test_a_watched_alias_is_followed_and_a_dead_mlflow_stops_no_answer(deployed, server, watching) -> None:
    flights = [answer["flight_id"] for answer in server.scheduled()[:5]]
    away = deployed.database.with_suffix(".away")
    with load(lambda: server.predict(*flights), 2, pause_seconds=0.03) as responses:
        for version in (2, 1):
            deployed.promote(version)
            wait_until(lambda wanted=version: server.version()["model_version"] == str(wanted), watching.read_text)
        deployed.database.rename(away)
        wait_until(lambda: "not deployed: " in watching.read_text())
        goal = len(responses) + 50
        wait_until(lambda: len(responses) > goal)
        away.rename(deployed.database)
        deployed.promote(2)
        wait_until(lambda: server.version()["model_version"] == "2", watching.read_text)
    assert {response.status_code for response in responses} == {200}
    assert {response.json()["model_version"] for response in responses} == {"1", "2"}
    assert watching.read_text().count("not deployed: ") == 1
    assert "Traceback" not in watching.read_text()
