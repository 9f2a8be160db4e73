"""Publishing at once, being overtaken, being killed: in the end MLflow has one complete run of a pipeline, no rest."""

from __future__ import annotations

import http.client
import http.server
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any, NamedTuple

import psutil
import publishing
import pytest
from mlflow import MlflowClient
from publishing import Publisher, assert_one_complete_run_of_each, finish
from waiting import HERE, PATIENCE, free_port, wait_until

SERVER = f"mlflow server --host {HERE} --workers 1 --backend-store-uri sqlite:///mlflow.db --artifacts-destination kept"
MODEL_BEGUN, MODEL_LOGGED = b"POST /api/2.0/mlflow/logged-models", b"PATCH /api/2.0/mlflow/logged-models"
FINISHED, DELETED = b'"status": "FINISHED"', b"POST /api/2.0/mlflow/runs/delete"


class Store(NamedTuple):
    """An MLflow, how publishers are told of it, and where it listens if it does."""

    client: MlflowClient
    environment: dict[str, str]
    port: int = 0


class Gate:
    """A relay to the server that holds back the first bytes in which something occurs, until it is opened."""

    def __init__(self, server: Store, held: bytes) -> None:
        self.port, self.held = server.port, held
        self.reached, self.open = threading.Event(), threading.Event()
        self.listener = socket.create_server((HERE, 0))
        port = self.listener.getsockname()[1]
        self.environment = {**server.environment, "MLFLOW_TRACKING_URI": f"http://{HERE}:{port}"}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, server = self.listener.accept()[0], socket.create_connection((HERE, self.port))
            for pair in ((client, server, self.held), (server, client, None)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, held: bytes | None) -> None:
        with suppress(OSError), source, target:
            while sent := source.recv(1 << 16):
                if held and held in sent and not self.reached.is_set():
                    self.reached.set()
                    self.open.wait()
                target.sendall(sent)
            target.shutdown(socket.SHUT_RDWR)


class Forgetful(http.server.BaseHTTPRequestHandler):
    """A relay to the server at `port` that hands on every request, and of each kind of writing in whose name something
    occurs loses the first answer."""

    port: int
    about: str
    lost: set[str]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name != "Transfer-Encoding"}
        with closing(http.client.HTTPConnection(HERE, self.port, timeout=PATIENCE)) as server:
            server.request(self.command, self.path, self._body(), headers)
            answer = server.getresponse()
            content = answer.read()
        # Of one run or model as of another, and of one file as of another.
        kind = self.command if self.command == "PUT" else f"{self.command} {re.sub('[0-9a-f]{32}', 'ID', self.path)}"
        if self.command != "GET" and self.about in kind and kind not in self.lost:
            self.lost.add(kind)
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if "Transfer-Encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):  # in chunks, as empty files are sent
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 (the names are the library's)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def checkouts(made, tmp_path) -> Callable[..., list[Any]]:
    """Makes checkouts with all that is published; each a pipeline of its own, or all of one."""
    return partial(publishing.checkouts, made, tmp_path)


@pytest.fixture
def start() -> Iterator[Callable[..., Publisher]]:
    """Starts the stage `publish` in a checkout; in the end no such process is left."""
    with publishing.publishers() as begin:
        yield begin


@pytest.fixture
def file(tmp_path) -> Store:
    """An empty MLflow database where DVC says that the main checkout is."""
    return Store(MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}"), {"DVC_ROOT": str(tmp_path)})


@pytest.fixture(scope="module")
def server(made, tmp_path_factory) -> Iterator[Store]:
    """An MLflow server on a free port, stopped in the end with all its workers."""
    folder, quiet = tmp_path_factory.mktemp("server"), {"MLFLOW_DISABLE_TELEMETRY": "true"}
    port = free_port()
    with (folder / "log").open("w") as log:
        environment = {**made.environment, **quiet, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        # A connection on which a request is held back is not to be closed as idle.
        command = [*SERVER.split(), "--port", str(port), "--uvicorn-opts", "--timeout-keep-alive 300"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        with closing(socket.socket()) as probe:
            wait_until(lambda: probe.connect_ex((HERE, port)) == 0)
        uri = f"http://{HERE}:{port}"
        yield Store(MlflowClient(uri), {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_TIMEOUT": "120"}, port)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("where", ["file", "server"])
def test_four_at_once_publish_one_pipeline_once(where, request, checkouts, start) -> None:
    store, projects = request.getfixturevalue(where), checkouts("a", "b", "c", "d", pipeline="one")
    finish(*[start(project, store.environment) for project in projects])
    assert_one_complete_run_of_each(store.client, *projects)


def test_four_at_once_publish_four_pipelines_where_there_is_no_database_yet(checkouts, tmp_path, start) -> None:
    projects = checkouts("a", "b", "c", "d")
    finish(*[start(project, {"DVC_ROOT": str(tmp_path)}) for project in projects])
    assert_one_complete_run_of_each(MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}"), *projects)


def test_what_a_killed_publisher_began_in_the_file_is_cleared_away(file, checkouts, start) -> None:
    (project,) = checkouts("a")
    killed = start(project, file.environment, hold=r"1 (open|shutil\.copyfile) .*/models/m-\w+/artifacts/")
    wait_until(lambda: psutil.Process(killed.process.pid).status() == psutil.STATUS_STOPPED)
    assert len(file.client.search_logged_models(["1"])) == 1
    killed.kill()
    finish(start(project, file.environment))
    assert_one_complete_run_of_each(file.client, project)


def test_what_a_killed_publisher_began_on_the_server_is_cleared_away(server, checkouts, start) -> None:
    (project,), gate = checkouts("a"), Gate(server, MODEL_LOGGED)
    killed = start(project, gate.environment)
    assert gate.reached.wait(PATIENCE)
    killed.kill()
    finish(start(project, server.environment))
    assert_one_complete_run_of_each(server.client, project)


def test_a_publisher_that_is_overtaken_leaves_nothing_behind(server, checkouts, start) -> None:
    (slow, fast), gate = checkouts("slow", "fast", pipeline="one"), Gate(server, MODEL_BEGUN)
    overtaken = start(slow, gate.environment)
    assert gate.reached.wait(PATIENCE)
    finish(start(fast, server.environment))
    gate.open.set()
    finish(overtaken)
    assert_one_complete_run_of_each(server.client, slow, fast)


EVERYTHING = ("runs/create", "runs/log-batch", "runs/log-inputs", "runs/update", "logged-models", "PATCH", "PUT")


@pytest.mark.parametrize(("about", "written"), [("", EVERYTHING), ("POST /api/2.0/mlflow/logged-models", ("POST",))])
def test_requests_whose_answers_are_lost_are_sent_again_and_leave_nothing_double(
    server, checkouts, about: str, written: tuple[str, ...], start
) -> None:
    lossy = {"port": server.port, "about": about, "lost": set()}
    (project,), relay = checkouts("a"), type("Relay", (Forgetful,), lossy)
    with http.server.ThreadingHTTPServer((HERE, 0), relay) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        uri = f"http://{HERE}:{listener.server_port}"
        finish(start(project, {**server.environment, "MLFLOW_TRACKING_URI": uri}))
        listener.shutdown()
    assert [what for what in written if not any(what in kind for kind in relay.lost)] == []
    assert_one_complete_run_of_each(server.client, project)


def test_two_that_finish_together_do_not_remove_each_other(server, checkouts, start) -> None:
    one, other = checkouts("one", "other", pipeline="one")
    finishing, removing = Gate(server, FINISHED), Gate(server, DELETED)
    first = start(one, finishing.environment)
    assert finishing.reached.wait(PATIENCE)
    second = start(other, removing.environment)
    assert removing.reached.wait(PATIENCE)
    finishing.open.set()
    first.process.join(10)  # it may end, or wait for the other
    removing.open.set()
    finish(first, second)
    assert_one_complete_run_of_each(server.client, one, other)
