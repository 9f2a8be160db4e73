"""tracking.lookup: the run of a URI, in a real MLflow database. Refusals are tested in test_wording_tracking.py."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mlflow
import pytest
from mlflow import MlflowClient

from flight_delay.core.errors import UserError
from flight_delay.tracking.lookup import PublishedRun, find_run, is_mlflow_uri
from flight_delay.tracking.run_content import DIGEST_TAG

TAGS = {DIGEST_TAG: "d1", "model_md5": "m1"}


class Tracked(NamedTuple):
    """A database with a run of the pipeline, its logged model, and two versions of a registered model made from it."""

    path: Path
    client: MlflowClient
    run: str
    model: str


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracked]:
    path = tmp_path_factory.mktemp("tracking") / "mlflow.db"
    mlflow.set_tracking_uri(f"sqlite:///{path}")  # registration of a logged model uses it, whatever the client has
    client = MlflowClient()
    experiment = client.create_experiment("pipelines", artifact_location=path.with_name("mlruns").as_uri())
    run = client.create_run(experiment, run_name="repro-d1", tags=TAGS).info.run_id
    model = client.create_logged_model(experiment, name="model", source_run_id=run).model_id
    client.set_terminated(run)
    client.create_registered_model("m")
    client.create_model_version("m", source=f"runs:/{run}/model", run_id=run)
    client.create_model_version("m", source=f"models:/{model}")
    client.set_registered_model_alias("m", "champion", "2")
    # As other clients register models: without the run.
    with sqlite3.connect(path) as database:
        database.execute("UPDATE model_versions SET run_id = NULL WHERE version = 2")
    yield Tracked(path, client, run, model)
    mlflow.set_tracking_uri(None)


@pytest.fixture(autouse=True)
def server(tracked: Tracked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tracked.path}")


def test_every_form_leads_to_the_run(tracked: Tracked) -> None:
    assert tracked.client.get_model_version("m", "2").run_id in {None, ""}
    for uri in (
        f"runs:/{tracked.run}", f"runs:/{tracked.run}/model", f"models:/{tracked.model}",
        "models:/m/1", "models:/m/2", "models:/m@champion",
    ):  # fmt: skip
        assert is_mlflow_uri(uri)
        assert find_run(uri) == PublishedRun(tracked.run, "repro-d1", "d1", "m1", uri)


def test_the_checksum_of_the_model_may_be_missing(tracked: Tracked) -> None:
    run = tracked.client.create_run("1", run_name="old", tags={DIGEST_TAG: "d2"}).info.run_id
    tracked.client.set_terminated(run)
    assert find_run(f"runs:/{run}") == PublishedRun(run, "old", "d2", None, f"runs:/{run}")


@pytest.mark.parametrize(
    "uri",
    ["runs:/", "models:/m", "models:/m/latest", "models:/", "models:/m@a/b", "runs:/" + "0" * 32, "runs:/no-id!",
     "models:/m/9", "models:/n/1", "models:/m@nobody", "models:/m-12ab"],
)  # fmt: skip
def test_an_invalid_uri_and_an_unknown_run_or_model_are_refused(uri: str) -> None:
    with pytest.raises(UserError, match=f"^{uri}: "):
        find_run(uri)


def test_a_version_without_a_run_is_refused(tracked: Tracked) -> None:
    tracked.client.create_model_version("m", source=str(tracked.path.parent))
    with pytest.raises(UserError, match=r"^models:/m/3: [^\n`]+$"):
        find_run("models:/m/3")


def test_a_server_that_does_not_answer_is_not_a_run_that_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UserError, match=r"^MLflow at http://127\.0\.0\.1:9 "):
        find_run("runs:/abc")


def test_a_lookup_creates_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(UserError):
        find_run("runs:/abc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["HEAD", "v1", "models/bundle", "runs", "reports/runs:/x", "params.yaml:models"])
def test_paths_and_commits_are_no_mlflow_uris(text: str) -> None:
    assert not is_mlflow_uri(text)


def test_the_import_does_not_import_mlflow() -> None:
    program = "import sys; import flight_delay.tracking.lookup; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
