"""The process `mlflow server`: settings, start and stop.

Does not import mlflow.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flight_delay.core.errors import UserError

# Starting takes more than a minute on a small machine; stopping waits for running requests.
START_SECONDS, STOP_SECONDS = 180, 10
DEFAULTS = {
    # A worker serves 40 requests at once, each with a connection from one of two pools (runs, registered models).
    # With MLflow's defaults of 5 + 10, one in five of 50 clients failed (QueuePool limit).
    "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "20",
    "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "30",
    # A worker needs some 300 MiB.
    "MLFLOW_WORKERS": "2",
    # Jobs evaluate language models, which are not used here.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # Otherwise every worker logs the setup of the database.
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "PYTHONWARNINGS": "ignore",
}


@contextmanager
def running_mlflow(
    host: str, port: int, environment: Mapping[str, str], folder: Path, options: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `mlflow server` in a folder, and yield its process once it is healthy.

    Args:
        host: address to listen on.
        port: port to listen on.
        environment: all of its environment. MLFLOW_BACKEND_STORE_URI is the database, since `ps` shows command lines to
            every user.
        folder: working directory.
        options: further options of `mlflow server`.

    Raises:
        UserError: the server does not start.
    """
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    command += ["--uvicorn-opts", "--log-level warning", *options]
    if setpriv := shutil.which("setpriv"):  # Linux: MLflow ends even if this process is killed
        command = [setpriv, "--pdeathsig", "TERM", "--", *command]
    # In a session of its own: Ctrl-C reaches this process only, which stops MLflow before its database.
    server = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait_until_healthy(server, http_url(host, port))
        yield server
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):  # unless workers are left
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def require_port_free(host: str, port: int, option: str = "PORT=") -> None:
    """Check that a server can listen on an address; `option` sets the port.

    Raises:
        UserError: something else listens there, or this machine does not have the address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None) or 0  # negative for a name that cannot be resolved
        reason = os.strerror(number) if number > 0 else str(error)
        raise UserError(
            f"cannot listen on {host}, port {port} ({reason}); try another, such as {option}{port % 60_000 + 1}"
        ) from None


def http_url(host: str, port: int) -> str:
    """Return the local URL of a server that listens on an address."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (a name, not a binding)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def _wait_until_healthy(server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # without the user's proxies
    while time.monotonic() < end:
        if server.poll() is not None:
            raise UserError(f"the MLflow server at {url} did not start; see the log above")
        try:
            with opener.open(f"{url}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise UserError(f"the MLflow server at {url} is not healthy after {START_SECONDS} s; try again")
