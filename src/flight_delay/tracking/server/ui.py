"""Open the MLflow UI at the runs of this pipeline."""

from __future__ import annotations

import logging
import os
import sys
import webbrowser
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.tracking.client import connect, is_server, mlflow_errors_as_user_errors, require_active
from flight_delay.tracking.database import tracking_uri
from flight_delay.tracking.server.mlflow_server import http_url, require_port_free, running_mlflow
from flight_delay.tracking.view import PIPELINES, runs_page, set_default_view

log = logging.getLogger(__name__)

HOST = "127.0.0.1"


def open_ui(experiment: str, port: int) -> int:
    """Show the runs of an experiment, on the server or a new local one.

    Args:
        experiment: name of the MLflow experiment.
        port: for a local server, on the loopback address.

    Returns:
        The exit code: 0.

    Raises:
        UserError: the server cannot be reached or does not start.
    """
    uri = tracking_uri()
    if is_server(uri):
        _show(_runs_page(uri.rstrip("/"), experiment))
        return 0
    page = _runs_page(http_url(HOST, port), experiment)
    require_port_free(HOST, port)
    # One user, who runs no jobs of language models.
    own = {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_WORKERS": "1", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    environment = {**os.environ, **own, "PYTHONWARNINGS": "ignore"}
    try:
        with running_mlflow(HOST, port, environment, Path.cwd()) as server:
            _show(page)
            server.wait()
    except KeyboardInterrupt:
        log.info("stopped")
    return 0


def _runs_page(base: str, experiment: str) -> str:
    with mlflow_errors_as_user_errors(setting_up=True):
        client = connect()
        row = client.get_experiment_by_name(experiment)
        if row is None:
            raise UserError(
                f"MLflow at {tracking_uri()} has no experiment '{experiment}' yet; `flight-delay publish` adds it"
            )
        require_active(row)
        set_default_view(client, row.experiment_id, PIPELINES)
    return runs_page(base, row.experiment_id)


def _show(page: str) -> None:
    log.info("runs: %s", page)
    if sys.stdout.isatty() and (sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)):
        webbrowser.open(page)
