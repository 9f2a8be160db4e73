"""Opening the MLflow UI where the runs of this pipeline are, in its view for trained models."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
import urllib.request
import webbrowser

from flight_delay.core.errors import UserError
from flight_delay.tracking.client import connect, reachable, tracking_uri

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
# Starting takes more than a minute on a small machine.
PATIENCE_SECONDS = 180


def open_ui(experiment: str, port: int) -> int:
    """Show the runs of an experiment until interrupted: of the server that is set, or else of a local one started here.

    Args:
        experiment: name of the MLflow experiment.
        port: for a local server, on the loopback address.

    Returns:
        The exit code: 0.

    Raises:
        UserError: the server cannot be reached or does not start.
    """
    uri = tracking_uri()
    if uri.startswith(("http://", "https://")):
        _show(_runs_page(uri.rstrip("/"), experiment))
        return 0
    page = _runs_page(f"http://{HOST}:{port}", experiment)
    command = [
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        uri,
        "--host",
        HOST,
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    server = subprocess.Popen([sys.executable, *command], env={**os.environ, "PYTHONWARNINGS": "ignore"})
    try:
        _wait_for(server, port)
        _show(page)
        server.wait()
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        server.terminate()
        server.wait()
    return 0


def _runs_page(base: str, experiment: str) -> str:
    with reachable(setting_up=True):
        found = connect().get_experiment_by_name(experiment)
    if found is None:
        raise UserError(f"MLflow at {tracking_uri()} has no experiment '{experiment}' yet; `dvc repro` publishes a run")
    return f"{base}/#/experiments/{found.experiment_id}/runs?workflowType=machine_learning"


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise UserError(f"the MLflow server did not start on port {port} (see above); try PORT=5001")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise UserError(f"the MLflow server did not answer within {PATIENCE_SECONDS} s; try again")


def _show(page: str) -> None:
    log.info("runs: %s", page)
    if sys.stdout.isatty() and (sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)):
        webbrowser.open(page)
