"""Concurrent publishers while all processes of the server are killed: each pipeline is published once, completely."""

from __future__ import annotations

from pathlib import Path

import mlflow
from mlflow import MlflowClient
from publishing import assert_one_complete_run_of_each, checkouts, publishers
from waiting import wait_until

PIPELINES, COPIES, TRIES = 3, 2, 5


def has_finished_run(client: MlflowClient) -> bool:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return bool(client.search_runs(experiments, "attributes.status = 'FINISHED'"))


def test_every_pipeline_is_published_once_and_completely_although_the_server_is_killed(
    made, checkout, s3, team_server, tmp_path, monkeypatch, request
) -> None:
    settings = {"FLIGHT_DELAY_SERVER_ARTIFACTS": f"s3://{s3.bucket}/many", **s3.environment}
    server = team_server(checkout, **settings)
    client, tracked = MlflowClient(server.uri), {"MLFLOW_TRACKING_URI": server.uri}
    projects = [
        project
        for number in range(PIPELINES)
        for project in checkouts(made, tmp_path, *(f"{number}_{copy}" for copy in range(COPIES)), pipeline=f"{number}")
    ]
    with publishers() as start:
        begun = [start(project, tracked) for project in projects]
        wait_until(lambda: has_finished_run(client), lambda: "\n".join(entry.output.read_text() for entry in begun))
        assert [publisher for publisher in begun if publisher.process.is_alive()] != []
        server.kill_everything()
        team_server(checkout, port=int(server.uri.rpartition(":")[2]), **settings)
        remaining = projects
        for _ in range(TRIES):  # as people do who have read that the server does not answer
            codes = [publisher.wait() for publisher in begun]
            assert set(codes) <= {0, 2}, "\n".join(publisher.output.read_text() for publisher in begun)
            remaining = [project for project, code in zip(remaining, codes, strict=True) if code]
            begun = [start(project, tracked) for project in remaining]
        assert remaining == []

    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Not the variable: MLflow prefers what another test of this process may have set.
    mlflow.set_tracking_uri(server.uri)
    request.addfinalizer(lambda: mlflow.set_tracking_uri(None))
    runs = {
        run.info.run_id: project
        for run, project in zip(assert_one_complete_run_of_each(client, *projects), projects, strict=True)
    }
    assert len(runs) == PIPELINES
    for run_id, project in runs.items():
        folder = tmp_path / run_id
        folder.mkdir()
        metrics = Path(client.download_artifacts(run_id, "reports/metrics.json", str(folder)))
        assert metrics.read_bytes() == (project.root / "reports/metrics.json").read_bytes()
        (model,) = client.search_logged_models(["1"], f"source_run_id = '{run_id}'")
        logged = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=str(folder))
        for path in (project.root / "models/bundle").iterdir():
            (copy,) = Path(logged).rglob(f"bundle/{path.name}")
            assert copy.read_bytes() == path.read_bytes()
