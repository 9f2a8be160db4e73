"""The saved view of an experiment in MLflow: columns, charts, description.

MLflow stores saved views as tags of an experiment and has no default view. `flight-delay ui` opens this one, the
experiment's description links to it, and the menu "Views" lists it.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from mlflow import MlflowClient

from flight_delay.evaluation.metrics import METRICS
from flight_delay.tracking.client import retry_on_conflict
from flight_delay.tracking.description import HEADLINE_METRICS
from flight_delay.tracking.run_content import COMMIT_TAG, DATA_VERSION_TAG

VIEW, VIEW_NAME = "glance", "At a glance"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
NOTE_TAG = "mlflow.note.content"

# Pixels. Columns are as wide as their names or a little narrower, so that all fit on a screen of 1920.
PIXELS_PER_LETTER, MARGIN_PIXELS, MOST_PIXELS = 6, 18, 125
CHART_PIXELS = 320
RUN_NAME, CREATED = "attributes.`Run Name`", "attributes.`Created`"
WIDTHS = {RUN_NAME: 220, CREATED: 130, f"tags.`{DATA_VERSION_TAG}`": 130, f"tags.`{COMMIT_TAG}`": 85}
# Axes of the parallel coordinates: the parameters that are changed most, and the metrics.
AXES = tuple(
    f"train_model.{name}"
    for name in ("max_depth", "learning_rate", "min_child_weight", "colsample_bytree", "reg_lambda")
)
JUDGED_BY = tuple(f"backtest/{name}" for name in METRICS)
FIGURES_SECTION, PARAMETERS_SECTION = "figures", "parameters"
BY_HAND = {"deleted": False, "isGenerated": False}


class View(NamedTuple):
    """Metrics as columns and bars, further columns, and a description."""

    metrics: tuple[str, ...]
    columns: tuple[str, ...]
    note: str


PIPELINES = View(
    metrics=tuple(metric.name for metric in HEADLINE_METRICS),
    columns=("metrics.`data/rows`", f"tags.`{DATA_VERSION_TAG}`", f"tags.`{COMMIT_TAG}`", CREATED),
    note="metrics on the backtest, for choosing, and on the test, for reporting; data version and commit.",
)
TRIALS = View(
    metrics=JUDGED_BY,
    columns=(*(f"params.`{axis}`" for axis in AXES), CREATED),
    note="parameters and backtest metrics of the trials of each search. The arrow beside a search shows its trials. "
    "Trials are backtests without a model: they cannot be promoted.",
)


def runs_page(base: str, experiment_id: str) -> str:
    """Return the URL of an experiment in the view of this project.

    Args:
        base: URL of the server, without a slash at its end.
        experiment_id: in MLflow.
    """
    return f"{base}/{_runs_route(experiment_id)}"


def set_default_view(client: MlflowClient, experiment_id: str, view: View) -> None:
    """Save the view of an experiment, and a description with a link to it."""
    saved = {"name": VIEW_NAME, "createdAt": 0, "updatedAt": 0, "state": json.dumps(_state(view), sort_keys=True)}
    value = json.dumps(saved, sort_keys=True)
    has = client.get_experiment(experiment_id).tags
    if has.get(VIEW_TAG) != value:
        retry_on_conflict(lambda: client.set_experiment_tag(experiment_id, VIEW_TAG, value))
    if NOTE_TAG not in has:
        note = f"[**Compare runs at a glance**]({_runs_route(experiment_id)}): {view.note}"
        retry_on_conflict(lambda: client.set_experiment_tag(experiment_id, NOTE_TAG, note))


def _runs_route(experiment_id: str) -> str:
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"


def _state(view: View) -> dict[str, Any]:
    """Build the state of a view as the UI of MLflow 3 saves it."""
    columns = [*(f"metrics.`{metric}`" for metric in view.metrics), *view.columns]
    widths = {column: PIXELS_PER_LETTER * len(column.split("`")[1]) + MARGIN_PIXELS for column in columns}
    narrow = {column: min(pixels, MOST_PIXELS) for column, pixels in widths.items()}
    return {
        "selectedColumns": columns,
        "columnOrder": [RUN_NAME, *columns],
        "columnWidths": {**narrow, **WIDTHS},
        "orderByKey": CREATED,
        "orderByAsc": False,
        "runsHiddenMode": "FIRST_20_RUNS",
        "isAccordionReordered": True,  # otherwise sections are sorted by name
        "compareRunSections": [
            _section(PARAMETERS_SECTION, "Parameters", columns=1),
            _section(FIGURES_SECTION, "Figures", columns=4),
        ],
        "compareRunCharts": [_parallel_coordinates(), *map(_bars, view.metrics)],
    }


def _section(uuid: str, name: str, columns: int) -> dict[str, Any]:
    """Build a section with this number of charts in a row."""
    shown = {"display": True, "columns": columns, "cardHeight": CHART_PIXELS}
    return {"uuid": uuid, "name": name, "isReordered": True, **BY_HAND, **shown}


def _bars(metric: str) -> dict[str, Any]:
    chart = {"type": "BAR", "uuid": metric, "metricSectionId": FIGURES_SECTION, **BY_HAND}
    return {**chart, "metricKey": metric, "runsCountToCompare": 20}


def _parallel_coordinates() -> dict[str, Any]:
    chart = {"type": "PARALLEL", "uuid": "parallel", "metricSectionId": PARAMETERS_SECTION, **BY_HAND}
    return {**chart, "selectedParams": AXES, "selectedMetrics": JUDGED_BY, "showAllRuns": True}
