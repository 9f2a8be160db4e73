"""Processes that a server is made of: started so that none outlives this one, asked whether they answer, and stopped with
all their children. Knows nothing of MLflow or PostgreSQL."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TypedDict

from flight_delay.core.errors import UserError

# Waits until the one that started it is gone, however it went; then ends a process, and by force what is left of its group.
WATCH = """
cat > /dev/null
kill -s "$2" "$1" 2> /dev/null || exit 0
seconds=0
while [ "$seconds" -lt "$3" ] && kill -0 "$1" 2> /dev/null; do sleep 1; seconds=$((seconds + 1)); done
kill -s KILL -- "-$1" 2> /dev/null
"""


class Identity(TypedDict, total=False):
    """Arguments of `subprocess` that say as whom."""

    user: str
    group: int
    extra_groups: list[int]


class Process(subprocess.Popen[bytes]):
    """A process in a session of its own, how it is ended, how long that may take, and who ends it should we be killed."""

    ends_by: signal.Signals
    patience_seconds: int
    watcher: subprocess.Popen[bytes]


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    ends_by: signal.Signals,
    patience_seconds: int,
    *,
    user: str | None = None,
    output: IO[bytes] | None = None,
) -> Process:
    """Start a process in a session of its own, so that Ctrl-C reaches it through us, in the order that we choose.

    Args:
        command: program and arguments.
        environment: all of its environment.
        folder: where it works.
        ends_by: what ends it in good order.
        patience_seconds: how long that may take, before it is ended by force.
        user: whose process it is, if we are root and it is not to be; None for ours.
        output: where it writes; None for where we do.
    """
    started = Process(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        **identity(user),
    )
    started.ends_by, started.patience_seconds = ends_by, patience_seconds
    # Its input is held open by us alone.
    watch = ["sh", "-c", WATCH, "sh", str(started.pid), ends_by.name.removeprefix("SIG"), str(patience_seconds)]
    started.watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)
    return started


def stop(process: Process) -> None:
    """End a process and whatever it has started; by force where it takes too long. It may have ended before."""
    if process.poll() is None:
        process.send_signal(process.ends_by)
        with suppress(subprocess.TimeoutExpired):
            process.wait(process.patience_seconds)
    with suppress(ProcessLookupError):  # mostly nobody is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.watcher.kill()
    process.watcher.communicate()


def identity(user: str | None) -> Identity:
    """What `subprocess` needs to run something as another user, in none but that user's groups; nothing for None."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def claim(host: str, port: int) -> None:
    """Make sure that a server may listen there.

    Raises:
        UserError: something else listens there, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        # Python's own words say the address once more; a name that is not known has no number of the system's.
        number = getattr(error, "errno", None) or 0
        said = os.strerror(number) if number > 0 else str(error)
        raise UserError(
            f"cannot listen on {host}, port {port} ({said}); try another, such as PORT={port % 60_000 + 1}"
        ) from None


def until_it_answers(process: Process, url: str, patience_seconds: float) -> None:
    """Wait until the server that a process is says that it is well.

    Raises:
        UserError: it ended instead, or takes longer than this.
    """
    end = time.monotonic() + patience_seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise UserError(f"the MLflow server at {url} did not start; see above why")
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310 (http, as `http_url` has it)
                return
        except OSError:
            time.sleep(0.2)
    raise UserError(f"the MLflow server at {url} did not answer within {patience_seconds:.0f} s; try again")


def http_url(host: str, port: int) -> str:
    """Where to reach from here what listens on an address."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (a name, not a binding)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
