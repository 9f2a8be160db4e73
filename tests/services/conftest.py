"""Services that tests start: PostgreSQL, something that speaks S3, and the team server. In the end nothing of them is left."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from flight_delay.core.errors import UserError
from flight_delay.tracking.server.postgres import Cluster, open_cluster
from flight_delay.tracking.server.postgres_programs import find_programs

HERE = "127.0.0.1"
PATIENCE = 600
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}

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


def a_free_port() -> int:
    with socket.create_server((HERE, 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(true: Callable[[], object], why: Callable[[], str] = lambda: "waited in vain") -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60):  # noqa: S310
            return True
    except OSError:
        return False


class S3(NamedTuple):
    """A server that speaks S3, with a bucket, and what its clients have in their environment."""

    client: Any
    bucket: str
    environment: dict[str, str]


@dataclass
class Server:
    """A running `flight-delay server`, and what it has said so far."""

    process: subprocess.Popen[str]
    output: Path
    uri: str

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.said() or self.process.poll() is not None, self.said)
        assert words in self.said(), self.said()

    def family(self) -> list[psutil.Process]:
        """All processes that it consists of, but for itself."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int) -> int:
        """Send it a signal; its exit code, once nothing of it is left."""
        family = self.family()
        self.process.send_signal(number)
        return self.ended(family)

    def ended(self, family: list[psutil.Process]) -> int:
        """Wait until it has ended; its exit code, once nothing of it is left."""
        code = self.process.wait(PATIENCE)
        _, left = psutil.wait_procs(family, timeout=PATIENCE)
        assert left == [], self.said()
        return code


@pytest.fixture(scope="session", autouse=True)
def _postgres_is_there() -> None:
    try:
        find_programs()
    except UserError as error:
        if os.environ.get("REQUIRE_SERVICES"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    return a_free_port


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Waits until something is true, and fails if it never is."""
    return wait_until


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Callable[[str], Path]]:
    """Makes folders that the user of PostgreSQL may enter, with paths short enough for a socket; pytest's own are neither."""
    made = []

    def make(name: str) -> Path:
        made.append(Path(tempfile.mkdtemp(prefix=f"{name}-")).resolve())
        made[-1].chmod(0o755)
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(open_folder) -> Iterator[Cluster]:
    """A PostgreSQL that is not the server's own, with few connections."""
    cluster = open_cluster(open_folder("postgres"), max_connections=60)
    cluster.start()
    yield cluster
    cluster.stop()


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
        environment = {
            "MLFLOW_WORKERS": "1",
            **environment,
        }  # a second one takes as long to start, and answers the same
        port = port or a_free_port()
        output = tmp_path_factory.mktemp("server") / "output.txt"
        output.touch()
        command = ["sh", "-c", f'exec flight-delay server "$@" > {output} 2>&1', "sh", "--port", str(port), *arguments]
        started.append(Server(project.start(*command, **environment), output, f"http://{HERE}:{port}"))
        started[-1].wait_for("Ctrl-C stops it")
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
