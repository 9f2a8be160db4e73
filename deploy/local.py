"""Run what deploy/compose.yaml runs without Docker, with the same configuration files.

    python deploy/local.py --port proxy=8000 --port mlflow=5000

Needs a state (`flight-delay state`), the packages of `make setup`, and Debian's packages postgresql, nginx-light,
prometheus, prometheus-alertmanager and prometheus-node-exporter. Debian has no Grafana. Data are in server/ and
service/, output of programs in server/local/. Ctrl-C stops everything.
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
import yaml

from flight_delay.core.errors import UserError
from flight_delay.serving.states import read_current
from flight_delay.tracking.server.mlflow_server import DEFAULTS, START_SECONDS, require_port_free, running_mlflow
from flight_delay.tracking.server.postgres import running_postgres
from flight_delay.tracking.server.server import sqlalchemy_url

DEPLOY = Path(__file__).resolve().parent
SERVICES: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
HOST = "127.0.0.1"
# As compose.yaml publishes them, and those that it keeps within its network.
PORTS = {
    "proxy": 8000, "mlflow": 5000, "prometheus": 9090, "alertmanager": 9093, "node-exporter": 9100,
    "predictions-1": 8001, "predictions-2": 8002,
}  # fmt: skip
# Debian's names of programs.
PROGRAMS = {
    "proxy": "nginx", "prometheus": "prometheus", "alertmanager": "prometheus-alertmanager",
    "node-exporter": "prometheus-node-exporter",
}  # fmt: skip
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 70  # as stop_grace_period: `serve` answers open requests

log = logging.getLogger("local")


@dataclass
class Component:
    """A running program, and the file of its output."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path

    def stop(self) -> None:
        """End it, and what it started."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all components until Ctrl-C, and report those that end.

    Returns:
        The exit code: 0. Errors of the user end it with 2.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--port", action="append", default=[], metavar="NAME=PORT", help=f"of {', '.join(PORTS)}; several times"
    )
    given = parser.parse_args(arguments).port
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for number in SIGNALS:
        signal.signal(number, interrupt)
    components: list[Component] = []
    try:
        with ExitStack() as stack:
            start_all(Path.cwd(), read_ports(given), stack, components)
            log.info("ready; Ctrl-C stops everything")
            watch(components)
    except KeyboardInterrupt:
        log.info("stopped")
    except UserError as error:
        parser.error(str(error))
    return 0


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Stop, once: a second Ctrl-C would leave programs running."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def read_ports(given: Sequence[str]) -> dict[str, int]:
    """Return the ports of components.

    Raises:
        UserError: a component is unknown, or its port is not a free one.
    """
    ports = dict(PORTS)
    for text in given:
        name, _, port = text.partition("=")
        if name not in ports or not port.isdecimal():
            raise UserError(f"--port {text}: not NAME=PORT; give one of {', '.join(PORTS)}, such as proxy=8000")
        ports[name] = int(port)
    for name, number in ports.items():
        require_port_free(HOST, number, f"--port {name}=")
    return ports


def start_all(root: Path, ports: Mapping[str, int], stack: ExitStack, components: list[Component]) -> None:
    """Start what compose.yaml has, each when what it depends on answers."""
    if read_current(root / "service/states") is None:
        raise UserError("service/states: no state yet; `flight-delay state --as-of DATE` builds one")
    folder = root / "server/local"
    programs = {name: find_program(program) for name, program in PROGRAMS.items()}
    configure(folder, ports)
    (root / "service/monitoring").mkdir(parents=True, exist_ok=True)
    postgres = sqlalchemy_url(stack.enter_context(running_postgres(root / "server/postgres")))
    log.info("postgres: %s", postgres.render_as_string())
    tracking = {**DEFAULTS, **os.environ, "MLFLOW_ARTIFACTS_DESTINATION": str(root / "server/artifacts")}
    tracking["MLFLOW_BACKEND_STORE_URI"] = postgres.render_as_string(hide_password=False)
    mlflow = stack.enter_context(running_mlflow(HOST, ports["mlflow"], tracking, root / "server"))
    components.append(Component("mlflow", mlflow, Path("(above)")))
    log.info("mlflow: http://%s:%d", HOST, ports["mlflow"])
    database = {"FLIGHT_DELAY_DATABASE": predictions_database(postgres)}
    settings = {
        "MLFLOW_TRACKING_URI": f"http://{HOST}:{ports['mlflow']}", **database,
        "FLIGHT_DELAY_URL": f"http://{HOST}:{ports['proxy']}",
    }  # fmt: skip

    def start(name: str, page: str, *command: str | Path, **environment: str) -> None:
        component = stack.enter_context(running(name, folder, root, command, environment))
        components.append(component)
        address = f"http://{HOST}:{ports[name]}" if name in ports else "06:00 UTC"
        if page:
            wait_until_ready(component, f"{address}{page}")
        log.info("%s: %s", name, address)

    for name in ("predictions-1", "predictions-2"):
        command = [sys.executable, "-m", "flight_delay.cli", "serve", "--port", str(ports[name])]
        start(name, "/health", *command, **database)
    start("proxy", "/health", programs["proxy"], "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;")
    (loop,) = SERVICES["monitor"]["command"]
    start("monitor", "", "sh", "-c", loop.replace("$$", "$"), **database)
    paths: dict[str, str | Path] = {
        "/service/monitoring": root / "service/monitoring",
        "/etc/prometheus": folder / "prometheus",
        "=/prometheus": f"={folder / 'prometheus-data'}",
        "/etc/alertmanager.yml": folder / "alertmanager.yml",
        "=/alertmanager": f"={folder / 'alertmanager-data'}",
    }
    for name, page in (("node-exporter", "/metrics"), ("alertmanager", "/-/ready"), ("prometheus", "/-/ready")):
        options = [replace_all(option, paths) for option in SERVICES[name]["command"]]
        start(name, page, programs[name], *options, f"--web.listen-address={HOST}:{ports[name]}")
    assignments = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
    log.info("check with: %s flight-delay health", assignments)


def configure(folder: Path, ports: Mapping[str, int]) -> None:
    """Copy configuration files, with addresses of this machine instead of those of containers."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {
        **{f"{name}:8000": f"{HOST}:{ports[name]}" for name in ("predictions-1", "predictions-2")},
        "node-exporter:9100": f"{HOST}:{ports['node-exporter']}",
        "alertmanager:9093": f"{HOST}:{ports['alertmanager']}",
        "listen 0.0.0.0:8080": f"listen {HOST}:{ports['proxy']}",
    }
    for name in ("nginx.conf", "alertmanager.yml", "prometheus/prometheus.yml", "prometheus/rules.yml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(replace_all((DEPLOY / name).read_text("utf-8"), addresses), encoding="utf-8")


def replace_all(text: str, replaced: Mapping[str, str | Path]) -> str:
    """Replace texts by others."""
    for old, new in replaced.items():
        text = text.replace(old, str(new))
    return text


def find_program(name: str) -> str:
    """Return the path of a program of Debian's packages.

    Raises:
        UserError: it is not installed.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if path is None:
        raise UserError(f"{name} is not installed; Debian: apt-get install {name.replace('nginx', 'nginx-light')}")
    return path


def predictions_database(postgres: sa.URL) -> str:
    """Create the database of predictions if it is missing, and return its URL."""
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = 'predictions'")):
            connection.execute(sa.text("CREATE DATABASE predictions"))
    engine.dispose()
    return str(postgres.set(database="predictions").render_as_string(hide_password=False))


@contextmanager
def running(
    name: str, folder: Path, root: Path, command: Sequence[str | Path], environment: Mapping[str, str]
) -> Iterator[Component]:
    """Run a component in a session of its own: Ctrl-C reaches only this process, which stops them in order."""
    output = folder / f"{name}.txt"
    with output.open("ab") as file:
        process = subprocess.Popen(
            command, cwd=root, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    component = Component(name, process, output)
    try:
        yield component
    finally:
        component.stop()


def wait_until_ready(component: Component, url: str) -> None:
    """Wait until a page answers.

    Raises:
        UserError: the component ends, or does not answer in time.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and component.process.poll() is None:
        with suppress(OSError), opener.open(url, timeout=5):
            return
        time.sleep(0.1)
    raise UserError(f"{component.name} does not answer at {url}; see {component.output}")


def watch(components: Sequence[Component]) -> None:
    """Report components that end, until interrupted."""
    left = list(components)
    while True:
        for component in [one for one in left if one.process.poll() is not None]:
            code, output = component.process.returncode, component.output
            log.error("%s has ended (exit code %d); see %s, and start everything again", component.name, code, output)
            left.remove(component)
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
