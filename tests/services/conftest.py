"""Services that tests start and stop: PostgreSQL, an S3 server, the team server, and a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import sqlalchemy as sa
from answers_database import predictions_url
from prediction_service import DAY_BEFORE, OTHER_DECISION, Service, build_state, served
from waiting import HERE, PATIENCE, free_port, wait_until

from flight_delay.serving.database import open_database
from flight_delay.tracking.server.postgres import DEBIAN_PROGRAMS, running_postgres

READY = "Ctrl-C stops it"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# As root it has no sandbox, and it is to ask nobody but the server.
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
OPTIONS += ["--disable-component-update", "--disable-sync"]

# A server of moto on a port that is free, which it prints.
MOTO = """
import signal
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1])
signal.pause()
"""

Start = Callable[..., "Server"]


class S3(NamedTuple):
    """An S3 server with a bucket, and the environment of its clients."""

    client: Any
    bucket: str
    environment: dict[str, str]


@dataclass
class Server:
    """A running `flight-delay server`, its output so far, and where it keeps its PostgreSQL."""

    process: subprocess.Popen[str]
    output: Path
    uri: str
    postgres: Path

    def printed(self) -> str:
        return self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """All its processes but itself. PostgreSQL is no child of it, but is found by the folder of its socket."""
        socket_folder = f'unix_socket_directories="{self.postgres}"'
        postgres = [
            process for process in psutil.process_iter(["cmdline"]) if socket_folder in (process.info["cmdline"] or [])
        ]
        roots = [*postgres, *([psutil.Process(self.process.pid)] if self.process.poll() is None else [])]
        return [*postgres, *(child for root in roots for child in root.children(recursive=True))]

    def end(self, number: int) -> int:
        """Send it a signal; return its exit code once none of its processes is left."""
        processes = self.processes()
        self.process.send_signal(number)
        return self.ended(processes)

    def kill_everything(self) -> None:
        """End it as a power failure would."""
        processes = self.processes()
        self.process.kill()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.ended(processes)

    def ended(self, processes: list[psutil.Process]) -> int:
        """Wait until it has ended; return its exit code once none of its processes is left."""
        code = self.process.wait(PATIENCE)
        _, left = psutil.wait_procs(processes, timeout=PATIENCE)
        assert left == [], self.printed()
        return code


@pytest.fixture(scope="session", autouse=True)
def _postgres_is_installed() -> None:
    if not (shutil.which("pg_ctl") or list(Path(DEBIAN_PROGRAMS).glob("*/bin/pg_ctl"))):
        assert not os.environ.get("REQUIRE_SERVICES"), "PostgreSQL is not installed"
        pytest.skip("PostgreSQL is not installed")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Callable[[str], Path]]:
    """Makes folders that the PostgreSQL user may enter, with paths short enough for a socket, unlike pytest's own."""
    made = []

    def make(name: str) -> Path:
        made.append(Path(tempfile.mkdtemp(prefix=f"{name}-")).resolve())
        made[-1].chmod(0o755)
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """moto's server, with a bucket."""
    import boto3

    # It listens where it is free, and says where.
    command = [sys.executable, "-u", "-c", MOTO]
    moto = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        endpoint = f"http://{HERE}:{int(moto.stdout.readline())}"
        client = boto3.client(
            "s3", endpoint_url=endpoint, region_name=KEYS["AWS_DEFAULT_REGION"],
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        client.create_bucket(Bucket="flights")
        yield S3(client, "flights", {**KEYS, "AWS_ENDPOINT_URL": endpoint})
    finally:
        moto.kill()
        moto.wait()


@pytest.fixture(scope="session")
def checkout(open_folder, project_at) -> Any:
    """A repository in which a server may keep its database."""
    project = project_at(open_folder("checkout"))
    project.run("git", "init", "--quiet")
    return project


@pytest.fixture(scope="module")
def team_server(tmp_path_factory) -> Iterator[Start]:
    """Starts `flight-delay server` in a checkout with some arguments, and waits until it is ready."""
    started = []

    def start(project: Any, *arguments: str, port: int | None = None, **environment: str) -> Server:
        environment = {"MLFLOW_WORKERS": "1", **environment}  # a second one only takes time to start
        port = port or free_port()
        output = tmp_path_factory.mktemp("server") / "output.txt"
        output.touch()
        command = f'exec flight-delay server --port {port} "$@" > {output} 2>&1'
        process = project.start("sh", "-c", command, "sh", *arguments, **environment)
        server = Server(process, output, f"http://{HERE}:{port}", project.root / "server/postgres")
        started.append(server)
        wait_until(lambda: READY in server.printed() or process.poll() is not None, server.printed)
        assert READY in server.printed(), server.printed()
        return server

    yield start
    for server in started:
        server.kill_everything()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        assert not os.environ.get("REQUIRE_SERVICES"), "there is no Chromium"
        pytest.skip("there is no Chromium; install it (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def postgres(open_folder) -> Iterator[str]:
    """URL of a PostgreSQL for the predictions database."""
    with running_postgres(open_folder("predictions")) as url:
        yield predictions_url(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, in SQLite and in PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'predictions.db'}"
    engine = sa.create_engine(request.getfixturevalue("postgres"))
    name = f"s{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))  # a schema is made sooner than a database
    engine.dispose()
    return engine.url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)


@pytest.fixture
def engine(empty_database: str) -> Iterator[sa.Engine]:
    """An empty database of predictions."""
    engine = open_database(empty_database)
    yield engine
    engine.dispose()


class States(NamedTuple):
    """A service folder with states of two models as of the same date, and an older one; the first is current."""

    folder: Path
    first: str
    other: str
    older: str

    def copy(self, folder: Path) -> States:
        """Copy the states to another service folder."""
        shutil.copytree(self.folder / "states", folder / "states")
        return self._replace(folder=folder)


@pytest.fixture(scope="session")
def states(made, made_once) -> States:
    """States of the small pipeline and of its model with another decision; not to be changed."""

    def make(root: Path) -> None:
        other = made.bare_copy(root / "other")
        (other.root / "models/bundle/decision.json").write_text(json.dumps(OTHER_DECISION))
        service = root / "service"
        built = [build_state(made, service, DAY_BEFORE), build_state(other, service), build_state(made, service)]
        shutil.rmtree(other.root)
        (root / "states.json").write_text(json.dumps(built))

    root = made_once("service_states", make)
    older, other, first = json.loads((root / "states.json").read_text())
    return States(root / "service", first, other, older)


@pytest.fixture(scope="module")
def service(made, states, tmp_path_factory) -> Iterator[Service]:
    """A server of the small pipeline, shared by the tests of a file."""
    with served(made, states.copy(tmp_path_factory.mktemp("service")).folder) as running:
        yield running


@pytest.fixture
def server(service: Service) -> Iterator[Service]:
    """The running server, which answers after the test as before, and has failed at nothing."""
    yield service
    assert service.get("/ready").json() == {"status": "ok", "problems": []}
    assert "Traceback" not in service.output.read_text()


@pytest.fixture(scope="module")
def flight_id(service: Service) -> str:
    return str(service.scheduled()[0]["flight_id"])


@pytest.fixture
def folder(states, tmp_path) -> Path:
    """A service folder of the test's own."""
    return Path(states.copy(tmp_path / "service").folder)
