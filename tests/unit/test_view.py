"""tracking.view: the view of an experiment, in a real MLflow database; tests/services opens it in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from flight_delay.tracking.description import HEADLINE_METRICS
from flight_delay.tracking.view import AXES, NOTE_TAG, PIPELINES, TRIALS, VIEW_TAG, View, runs_page, set_default_view


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    return MlflowClient(f"sqlite:///{tmp_path_factory.mktemp('view') / 'mlflow.db'}")


@pytest.fixture
def experiment(client: MlflowClient, tmp_path: Path) -> str:
    return str(client.create_experiment(tmp_path.name))


def state(client: MlflowClient, experiment: str) -> dict:
    saved = json.loads(client.get_experiment(experiment).tags[VIEW_TAG])
    assert saved["name"] == "At a glance"
    return json.loads(saved["state"])


@pytest.mark.parametrize("view", [PIPELINES, TRIALS])
def test_every_metric_has_a_column_and_a_chart(client: MlflowClient, experiment: str, view: View) -> None:
    set_default_view(client, experiment, view)
    saved = state(client, experiment)
    charts, sections = saved["compareRunCharts"], {section["uuid"] for section in saved["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in charts} == sections
    assert [chart["metricKey"] for chart in charts if chart["type"] == "BAR"] == list(view.metrics)
    (parallel,) = (chart for chart in charts if chart["type"] == "PARALLEL")
    assert parallel["selectedParams"] == list(AXES)
    columns = saved["selectedColumns"]
    if view is PIPELINES:
        assert columns[:8] == [f"metrics.`{metric.name}`" for metric in HEADLINE_METRICS]
        assert {"metrics.`data/rows`", "tags.`data_version`", "tags.`git_commit`"} <= set(columns)
        assert len(columns) == 12  # with the date
    else:
        assert "params.`train_model.max_depth`" in columns
        assert [column for column in columns if column.startswith(("metrics.`test/", "tags."))] == []


def test_the_description_links_to_the_view(client: MlflowClient, experiment: str) -> None:
    set_default_view(client, experiment, PIPELINES)
    page = runs_page("http://server", experiment)
    assert page.startswith(f"http://server/#/experiments/{experiment}/runs?")
    assert f"({page.removeprefix('http://server/')})" in client.get_experiment(experiment).tags[NOTE_TAG]


def test_a_changed_view_is_restored_and_other_tags_are_kept(client: MlflowClient, experiment: str) -> None:
    set_default_view(client, experiment, PIPELINES)
    first = client.get_experiment(experiment).tags
    others = {"mlflow.sharedViewState.mine": "{}", NOTE_TAG: "Ours since May."}
    for name, value in {VIEW_TAG: "{}", **others}.items():
        client.set_experiment_tag(experiment, name, value)
    set_default_view(client, experiment, PIPELINES)
    assert client.get_experiment(experiment).tags == {**first, **others}
