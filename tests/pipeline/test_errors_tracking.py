"""An MLflow that is away, silent, broken or not there: `publish` ends soon, with one line that says what to do, and
everything that the other stages made stays (that the next `dvc repro` publishes it: tests/slow/test_mended.py)."""

from __future__ import annotations

import http.server
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from checkouts import Spoilable

from flight_delay.tracking import client

HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def spoilable_repository(made, tmp_path_factory):
    """A copy of the made checkout with its commits, without its cache and its MLflow runs."""
    root = tmp_path_factory.mktemp("unpublished") / "project"
    nothing_of = shutil.ignore_patterns("cache", "mlflow.db*", "mlruns", "logs")
    shutil.copytree(made.root, root, symlinks=True, ignore=nothing_of)
    return Spoilable(made, replace(made, root=root))


@pytest.fixture
def unpublished(spoilable_repository):
    """A checkout in which everything is made and nothing is published; put right again afterwards."""
    yield spoilable_repository.project
    spoilable_repository.put_right()


def refused(project, seconds: float, *messages: str, uri: str = "", **environment: str) -> None:
    """`publish` ends in time with code 2 and one line that says all this, and leaves everything as it was."""
    environment |= {"MLFLOW_TRACKING_URI": uri} if uri else {}
    begun = time.monotonic()
    project.refuses("publish", "MLFLOW_TRACKING_URI", "run it again", *messages, **environment)
    assert time.monotonic() - begun < seconds


def free_port() -> int:
    with closing(socket.create_server((HERE, 0))) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def answering(code: int, body: bytes = b"") -> Iterator[str]:
    """A web server that gives the same answer to everything."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (the names are the library's)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((HERE, 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HERE}:{server.server_port}"
        server.shutdown()


def test_a_server_that_is_away_is_named_soon(unpublished):
    away = f"http://{HERE}:{free_port()}"
    refused(unpublished, 30, away, "Connection refused", uri=away)


def test_a_server_that_never_answers_is_given_up(unpublished, monkeypatch):
    assert client.HEALTH_SECONDS <= 10
    monkeypatch.setattr(client, "HEALTH_SECONDS", 0.5)
    with closing(socket.create_server((HERE, 0))) as listener:
        silent = f"http://{HERE}:{listener.getsockname()[1]}"
        refused(unpublished, 60, silent, "does not answer", uri=silent)


@pytest.mark.parametrize("code", [500, 401, 404])
def test_a_server_that_refuses_is_named_with_its_answer(unpublished, code):
    with answering(code, b"<html>no</html>") as broken:
        refused(unpublished, 30, broken, str(code), uri=broken)


PROXIES = [name for scheme in ("http", "https", "all") for name in (f"{scheme}_proxy", f"{scheme}_PROXY".upper())]


@pytest.mark.parametrize("excluded", [{}, {"no_proxy": "*"}, {"no_proxy": "example.org"}, {"NO_PROXY": "example.org"}])
@pytest.mark.parametrize("name", [HERE, "localhost"])
def test_a_server_on_this_machine_is_not_reached_through_a_proxy(unpublished, name, excluded):
    proxies = dict.fromkeys(PROXIES, f"http://{HERE}:{free_port()}")
    with answering(501) as server:
        uri = server.replace(HERE, name)
        refused(unpublished, 30, uri, "501", uri=uri, **proxies, **excluded)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_server_elsewhere_is_reached_through_the_proxy(unpublished, name):
    with answering(501) as proxy:
        refused(unpublished, 30, "501", uri="http://mlflow.invalid:5000", **{name: proxy})


def test_a_server_that_is_not_mlflow_is_named(unpublished):
    with answering(200, b"<html>Welcome</html>") as other:
        refused(unpublished, 30, other, uri=other)


@pytest.mark.parametrize("uri", ["htp://example.org", "runs", "file:///tmp/runs"])
def test_an_address_that_cannot_be_used_is_named(unpublished, uri):
    refused(unpublished, 30, uri, uri=uri)


def test_a_file_that_is_no_database_is_named_and_kept(unpublished):
    (unpublished.root / "mlflow.db").write_text("This is a diary.\n")
    unpublished.refuses("publish", "mlflow.db", "not a database", apart=True)


@pytest.mark.parametrize("revision", ["4465047574b1", "of_a_later_mlflow"])
def test_a_database_of_another_version_is_named_and_kept(made, unpublished, revision):
    database = shutil.copy(made.root / "mlflow.db", unpublished.root / "mlflow.db")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    unpublished.refuses("publish", f"mlflow db upgrade sqlite:///{database}", apart=True)


def test_a_setting_of_mlflow_that_is_no_number_is_named(unpublished):
    name = "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE"
    unpublished.refuses("publish", name, "run it again", apart=True, **{name: "many"})


def test_settings_of_other_runs_are_ignored(unpublished):
    other = {
        "MLFLOW_RUN_ID": "0" * 32, "MLFLOW_EXPERIMENT_NAME": "other", "MLFLOW_EXPERIMENT_ID": "77",
        "MLFLOW_ACTIVE_MODEL_ID": "m-1", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "/nowhere",
    }  # fmt: skip
    unpublished.stage_here("publish", **other)
    (run,) = unpublished.runs()
    assert run.info.status == "FINISHED"
    assert (run.info.experiment_id, [name for name in run.data.metrics if name.startswith("system/")]) == ("1", [])


def test_a_folder_in_which_no_database_can_be_made_is_named_soon(unpublished, as_a_user):
    (unpublished.root / "logs").mkdir(exist_ok=True)
    (unpublished.root / "mlflow.db.lock").unlink(missing_ok=True)  # of the tests before
    unpublished.root.chmod(0o555)
    begun = time.monotonic()
    try:
        done = as_a_user(unpublished.stage_here, "publish", code=2)
    finally:
        unpublished.root.chmod(0o755)
    assert time.monotonic() - begun < 30
    start, error = done.stderr.splitlines()
    assert start == "publish: start"
    assert error.startswith("publish: error: ")
    assert str(unpublished.root) in error
