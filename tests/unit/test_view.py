"""tracking.view: the page of an experiment, in a real MLflow database. What the UI makes of it, tests/services shows."""

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


def test_the_columns_are_figures_rows_data_version_and_commit(client: MlflowClient, experiment: str) -> None:
    set_default_view(client, experiment, PIPELINES)
    columns = state(client, experiment)["selectedColumns"]
    assert columns[:8] == [f"metrics.`{of.name}`" for of in HEADLINE_METRICS]
    assert {"metrics.`data/rows`", "tags.`data_version`", "tags.`git_commit`"} <= set(columns)
    assert len(columns) == 12  # and nothing else but when


@pytest.mark.parametrize("view", [PIPELINES, TRIALS])
def test_every_figure_has_a_chart_and_the_parameters_have_theirs(
    client: MlflowClient, experiment: str, view: View
) -> None:
    set_default_view(client, experiment, view)
    found = state(client, experiment)
    charts, sections = found["compareRunCharts"], {section["uuid"] for section in found["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in charts} == sections
    assert [chart["metricKey"] for chart in charts if chart["type"] == "BAR"] == list(view.metrics)
    (parallel,) = (chart for chart in charts if chart["type"] == "PARALLEL")
    assert parallel["selectedParams"] == list(AXES)


def test_columns_of_trials_are_what_they_change_and_what_they_are_judged_by(
    client: MlflowClient, experiment: str
) -> None:
    set_default_view(client, experiment, TRIALS)
    columns = state(client, experiment)["selectedColumns"]
    assert "params.`train_model.max_depth`" in columns
    # There are no figures of the test, and no commit.
    assert [column for column in columns if column.startswith(("metrics.`test/", "tags."))] == []


def test_the_description_links_to_the_view(client: MlflowClient, experiment: str) -> None:
    set_default_view(client, experiment, PIPELINES)
    page = runs_page("http://server", experiment)
    assert page.startswith(f"http://server/#/experiments/{experiment}/runs?")
    assert f"({page.removeprefix('http://server/')})" in client.get_experiment(experiment).tags[NOTE_TAG]


def test_a_broken_view_is_mended_and_what_others_wrote_is_left(client: MlflowClient, experiment: str) -> None:
    set_default_view(client, experiment, PIPELINES)
    first = client.get_experiment(experiment).tags
    others = {"mlflow.sharedViewState.mine": "{}", NOTE_TAG: "Ours since May."}
    for name, value in {VIEW_TAG: "{}", **others}.items():
        client.set_experiment_tag(experiment, name, value)
    set_default_view(client, experiment, PIPELINES)
    assert client.get_experiment(experiment).tags == {**first, **others}
