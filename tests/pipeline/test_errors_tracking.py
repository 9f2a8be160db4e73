"""An MLflow that is away, silent, broken or not there: `publish` ends soon, with one line that says what to do, and
everything that the other stages made stays, to be published by the next `dvc repro`."""

from __future__ import annotations

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from mlflow import MlflowClient

HERE = "127.0.0.1"
# Root may write everywhere; without this capability it may not.
AS_A_USER = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []


def refused(project, seconds: float, *said: str, uri: str = "") -> None:
    """`publish` ends in time with code 2 and one line that says all this, and leaves everything as it was."""
    environment = {"MLFLOW_TRACKING_URI": uri} if uri else {}
    project.refuses("publish", "MLFLOW_TRACKING_URI", "dvc repro", *said, timeout=seconds, **environment)


def statuses(project) -> list[str]:
    """Of the runs in the checkout's own MLflow."""
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    runs = client.search_runs([found.experiment_id for found in client.search_experiments()])
    return [run.info.status for run in runs]


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


def test_when_the_server_is_back_dvc_publishes_alone(copy_of_made, made):
    away = f"http://{HERE}:{free_port()}"
    failed = copy_of_made.run("dvc", "repro", code=255, timeout=60, MLFLOW_TRACKING_URI=away)
    assert f"publish: error: MLflow at {away} does not answer" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert copy_of_made.lock() == made.lock()
    assert copy_of_made.run("git", "status", "--porcelain").stdout == ""

    again = copy_of_made.run("dvc", "repro")
    assert [line for line in again.stdout.splitlines() if line.startswith("Running")] == ["Running stage 'publish':"]
    assert statuses(copy_of_made) == ["FINISHED"]


def test_a_server_that_is_away_is_named_soon(copy_of_made):
    away = f"http://{HERE}:{free_port()}"
    refused(copy_of_made, 30, away, "Connection refused", uri=away)


def test_a_server_that_never_answers_is_given_up(copy_of_made):
    with closing(socket.create_server((HERE, 0))) as listener:
        silent = f"http://{HERE}:{listener.getsockname()[1]}"
        refused(copy_of_made, 60, silent, "does not answer", uri=silent)


@pytest.mark.parametrize("code", [500, 401, 404])
def test_a_server_that_refuses_is_named_with_its_answer(copy_of_made, code):
    with answering(code, b"<html>no</html>") as broken:
        refused(copy_of_made, 30, broken, str(code), uri=broken)


def test_a_server_that_is_not_mlflow_is_named(copy_of_made):
    with answering(200, b"<html>Welcome</html>") as other:
        refused(copy_of_made, 30, other, uri=other)


@pytest.mark.parametrize("uri", ["htp://example.org", "runs"])
def test_an_address_that_cannot_be_used_is_named(copy_of_made, uri):
    refused(copy_of_made, 30, uri, uri=uri)


def test_a_file_that_is_no_database_is_named_and_kept(copy_of_made):
    (copy_of_made.root / "mlflow.db").write_text("This is a diary.\n")
    refused(copy_of_made, 30, "mlflow.db", "not a database")


def test_a_folder_in_which_no_database_can_be_made_is_named_soon(copy_of_made):
    (copy_of_made.root / "logs").mkdir()
    copy_of_made.root.chmod(0o555)
    try:
        stage = [*AS_A_USER, "python", "-m", "flight_delay.stages.publish"]
        done = copy_of_made.run(*stage, code=2, timeout=30, PYTHONPATH="src")
    finally:
        copy_of_made.root.chmod(0o755)
    start, error = done.stderr.splitlines()
    assert start == "publish: start"
    assert error.startswith("publish: error: ")
    assert str(copy_of_made.root) in error


def test_after_a_full_disk_cut_the_making_of_the_database_short_publishing_succeeds(copy_of_made):
    # In blocks of 512 bytes: a third of what an empty database of MLflow has.
    limited = ["sh", "-c", 'ulimit -f 600; exec "$@"', "sh", "python", "-m", "flight_delay.stages.publish"]
    failed = copy_of_made.run(*limited, code=2, PYTHONPATH="src", timeout=60)
    assert failed.stderr.splitlines()[-1].startswith("publish: error: ")
    assert "Traceback" not in failed.stderr
    copy_of_made.stage("publish")
    assert statuses(copy_of_made) == ["FINISHED"]
