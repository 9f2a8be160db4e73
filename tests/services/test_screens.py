"""Test the MLflow UI of the team server in a browser: runs, a comparison, the charts of a search, the registry.

Screenshots are kept in logs/screens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow import MlflowClient

from flight_delay.core.files import read_json
from flight_delay.tracking.registry.aliases import promote
from flight_delay.tracking.registry.versions import Registration
from flight_delay.tracking.view import runs_page
from flight_delay.tuning import search

PLOTS = Path(__file__).resolve().parents[2] / "logs/screens"
PATIENCE_MILLISECONDS = 120_000
WIDTH = 1920
# MLflow's own assistant opens by itself on a first visit.
NOT_THE_FIRST_VISIT = "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')"
MODEL = "flight-delay"
CHANGED = "interpret.n_worst_errors 2→1"


class Team(NamedTuple):
    """A server with two pipelines, a search of 20 trials and a champion."""

    uri: str
    client: MlflowClient
    experiment: str
    tuning: str

    def runs(self, experiment: str) -> dict[str, str]:
        """Id by name."""
        return {run.info.run_name: run.info.run_id for run in self.client.search_runs([experiment])}


@pytest.fixture(scope="module")
def team(made, copied, team_server, checkout, open_folder) -> Iterator[Team]:
    server = team_server(checkout)
    project, tracked = copied(made, open_folder("project") / "project"), {"MLFLOW_TRACKING_URI": server.uri}
    project.command("publish", **tracked)
    project.params({"interpret": {"n_worst_errors": 1}})
    project.dvc("repro", **tracked)
    project.run("git", "restore", "params.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "backtest_evaluation", lambda _: invented_evaluation())
        project.command("tune", "--trials", "20", **tracked)
        patch.setenv("MLFLOW_TRACKING_URI", server.uri)
        client = MlflowClient(server.uri)
        experiments = [client.get_experiment_by_name(f"flight-delay{suffix}") for suffix in ("", "-tuning")]
        yield Team(server.uri, client, *(experiment.experiment_id for experiment in experiments))


def invented_evaluation() -> Callable[[dict[str, float]], search.TrialEvaluation]:
    """Return metrics that differ a little by trial, without training: the charts show trials, not models."""
    metrics, predictions = read_json(search.REPORT / "metrics.json"), search.read_current_predictions()

    def evaluate(values: dict[str, float]) -> search.TrialEvaluation:
        difference = (values["max_depth"] - 5) ** 2 / 10_000 + values["subsample"] / 1000 - 0.0012
        return search.TrialEvaluation({**metrics, "log_loss": round(metrics["log_loss"] + difference, 6)}, predictions)

    return evaluate


@pytest.fixture
def look(browser, team: Team) -> Callable[..., object]:
    """Opens an address in a fresh window, waits for some words on it, and takes a plot."""
    from playwright.sync_api import TimeoutError as LateError

    window = browser.new_context(viewport={"width": WIDTH, "height": 1000})
    window.add_init_script(NOT_THE_FIRST_VISIT)
    page = window.new_page()
    PLOTS.mkdir(parents=True, exist_ok=True)

    def at(address: str, plot: str, *words: str) -> object:
        for tries_left in reversed(range(5)):
            try:
                page.goto(address, timeout=PATIENCE_MILLISECONDS)
                for text in words:
                    page.get_by_text(text, exact=True).first.wait_for(timeout=PATIENCE_MILLISECONDS)
                break
            except LateError:  # a page that a busy server gave no answer does not ask again by itself
                if not tries_left:
                    raise
                page.goto("about:blank")  # the same address again would not load it again
        page.wait_for_timeout(2000)  # for the plot: charts are drawn after their words
        page.screenshot(path=PLOTS / f"{plot}.png", timeout=PATIENCE_MILLISECONDS)
        return page

    yield at
    window.close()


def shown(page) -> str:
    return page.inner_text("body")


def test_the_page_of_runs_shows_what_matters_without_a_click(look, team: Team) -> None:
    page = look(runs_page(team.uri, team.experiment), "runs", CHANGED, "test/roc_auc", "backtest/log_loss")
    right = {
        cell.inner_text(): box["x"] for cell in page.get_by_role("columnheader").all() if (box := cell.bounding_box())
    }
    for name in ("average_precision", "roc_auc", "log_loss", "mean_profit"):
        assert right[f"backtest/{name}"] < right[f"test/{name}"] < WIDTH
    assert right["data/rows"] < right["data_version"] < right["git_commit"] < WIDTH
    metrics = [name for name in right if "/" in name]
    assert len(metrics) == 9  # of two hundred
    text = shown(page)
    (run,) = (run for run in team.client.search_runs([team.experiment]) if run.info.run_name == CHANGED)
    assert f"{run.data.metrics['test/roc_auc']:.4f}"[:-1] in text
    assert "(incomplete)" not in text


def test_a_run_begins_with_its_figures_and_the_comparison_with_its_baseline(look, team: Team) -> None:
    run = team.runs(team.experiment)[CHANGED]
    address = f"{team.uri}/#/experiments/{team.experiment}/runs/{run}"
    text = shown(look(address, "run", "Description", "backtest"))
    assert text.index("average precision") < text.index("Baseline: commit") < text.index("Metrics (")
    page = look(f"{address}/artifacts", "artifacts", "report", "reports")
    entries = shown(page)
    assert entries.index("report") < entries.index("reports") < entries.index("params.yaml")


def test_two_runs_can_be_compared(look, team: Team) -> None:
    # The latest: other tests may have published to the same server before.
    runs = [run.info.run_id for run in team.client.search_runs([team.experiment], max_results=2)]
    address = f"{team.uri}/#/compare-runs?runs={json.dumps(runs)}&experiments={json.dumps([team.experiment])}"
    page = look(address, "compared", "Parallel Coordinates Plot")
    assert "interpret.n_worst_errors" in shown(page)


def test_charts_of_twenty_trials_show_every_trial(look, team: Team) -> None:
    trials = [name for name in team.runs(team.tuning) if not name.startswith("tune ")]
    assert len(team.client.search_runs([team.tuning])) == 21
    address = f"{runs_page(team.uri, team.tuning)}&compareRunsMode=CHART"
    page = look(address, "trials", "Parallel Coordinates", "backtest/log_loss")
    lines = page.locator("path.foreground, g.foreground path, canvas")
    lines.first.wait_for(state="attached", timeout=PATIENCE_MILLISECONDS)
    end = time.monotonic() + PATIENCE_MILLISECONDS / 1000
    while missing := [name for name in (*trials, "21 matching runs") if name not in shown(page).replace("\n", " ")]:
        assert time.monotonic() < end, missing
        page.wait_for_timeout(500)


def test_the_registry_shows_the_champion(look, team: Team) -> None:
    run_id = next(iter(team.runs(team.experiment).values()))
    (model,) = team.client.search_logged_models([team.experiment], f"source_run_id = '{run_id}'")
    tags = team.client.get_run(run_id).data.tags
    entry = Registration(
        run_id, model.model_id, "0" * 40, tags["pipeline_digest"], tags["model_md5"], "backtest log loss 0.5"
    )
    promote(team.client, MODEL, entry, "champion", None, "Ada Lovelace", "the first")
    text = shown(look(f"{team.uri}/#/models/{MODEL}", "registry", MODEL, "Version 1"))
    assert "champion" in text
    assert "challenger" in text
