"""tracking.process: what is started is ended, with its children, whatever becomes of the one that started it."""

from __future__ import annotations

import errno
import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from flight_delay.core.errors import UserError
from flight_delay.tracking.server.process import claim, http_url, start, stop, until_it_answers

HERE = "127.0.0.1"
FAMILY = ["sh", "-c", "sleep 300 & echo $! > child; wait"]
STUBBORN = ["sh", "-c", "trap '' TERM; sleep 300 & echo $! > child; while :; do sleep 300; done"]
STARTS = """
import os, signal, sys, time
from pathlib import Path
from flight_delay.tracking.server.process import start
started = start(sys.argv[2:], dict(os.environ), Path(sys.argv[1]), signal.SIGTERM, 1)
print(started.pid, flush=True)
time.sleep(300)
"""


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def family(folder, pid: int) -> list[psutil.Process]:
    """A process and its child, once it has one."""
    until(lambda: (folder / "child").exists() and (folder / "child").read_text().strip())
    return [psutil.Process(pid), psutil.Process(int((folder / "child").read_text()))]


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("command", [FAMILY, STUBBORN], ids=["willing", "stubborn"])
def test_what_is_stopped_is_gone_with_its_children(command, tmp_path) -> None:
    started = start(command, dict(os.environ), tmp_path, signal.SIGTERM, 1)
    both, watcher = family(tmp_path, started.pid), started.watcher
    stop(started)
    until(lambda: all(gone(process) for process in both))
    assert started.returncode == (-signal.SIGKILL if command == STUBBORN else -signal.SIGTERM)
    assert watcher.poll() is not None
    stop(started)  # once more does no harm


@pytest.mark.parametrize("command", [FAMILY, STUBBORN], ids=["willing", "stubborn"])
def test_nothing_outlives_the_one_that_started_it_and_was_killed(command, tmp_path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(tmp_path), *command], stdout=subprocess.PIPE, text=True
    )
    both = family(tmp_path, int(starter.stdout.readline()))
    starter.kill()
    starter.wait()
    starter.stdout.close()
    until(lambda: all(gone(process) for process in both))


def test_a_process_that_has_ended_is_told_from_one_that_takes_too_long(tmp_path) -> None:
    for command, patience, said in ((["true"], 60, "did not start"), (["sleep", "300"], 0.5, "within 0 s")):
        process = start(command, dict(os.environ), tmp_path, signal.SIGTERM, 5)
        before = time.monotonic()
        with socket.create_server((HERE, 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(UserError, match=said):
            until_it_answers(process, http_url(HERE, port), patience)
        assert time.monotonic() - before < 20
        stop(process)


def test_one_that_answers_late_is_waited_for(tmp_path) -> None:
    class Answer(http.server.BaseHTTPRequestHandler):
        asked: list[str] = []  # noqa: RUF012 (of this server only)

        def do_GET(self) -> None:
            self.asked.append(self.path)
            self.send_response(503 if len(self.asked) < 3 else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    process = start(["sleep", "300"], dict(os.environ), tmp_path, signal.SIGTERM, 5)
    with http.server.ThreadingHTTPServer((HERE, 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        until_it_answers(process, http_url(HERE, server.server_port), 30)
        server.shutdown()
    assert Answer.asked == ["/health"] * 3
    stop(process)


def test_a_port_that_is_taken_is_refused_and_a_free_one_is_left_free() -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"\b{HERE}, port {port} \({os.strerror(errno.EADDRINUSE)}\).*\bPORT=\d+"):
            claim(HERE, port)
    claim(HERE, port)
    claim(HERE, port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 5000), (HERE, 70_000), ("nowhere.invalid", 5000)])
def test_an_address_that_this_machine_has_not_is_refused(host: str, port: int) -> None:
    with pytest.raises(UserError, match=rf"\b{re.escape(host)}, port {port} "):
        claim(host, port)


def test_an_address_is_that_by_which_it_is_reached_from_here() -> None:
    assert http_url(HERE, 5000) == "http://127.0.0.1:5000"
    assert http_url("0.0.0.0", 80) == "http://127.0.0.1:80"  # noqa: S104
    assert http_url("::", 80) == http_url("::1", 80) == "http://[::1]:80"
    assert http_url("flights.example.org", 80) == "http://flights.example.org:80"
