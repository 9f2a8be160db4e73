"""Settings of deploy/environments, adapted to a test, and running a walk-through with them."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from waiting import HERE, PATIENCE, free_port, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]


def read_settings(name: str) -> dict[str, str]:
    """Settings of a file as a shell reads them."""
    command = f"set -a; . {REPOSITORY / 'deploy/environments'}/{name}.env; env -0"
    done = subprocess.run(["sh", "-c", command], env={}, capture_output=True, text=True, check=True)
    settings = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    return {key: value for key, value in settings.items() if key not in {"PWD", "OLDPWD", "SHLVL", "_"}}


def adapt(settings: dict[str, str], folder: Path, tracking: str) -> dict[str, str]:
    """Settings with this tracking server, an SQLite database and a folder of the test, and a port that is free."""
    service, port = folder / settings["FLIGHT_DELAY_SERVICE"], str(free_port())
    return {
        **settings,
        "MLFLOW_TRACKING_URI": tracking,
        "FLIGHT_DELAY_DATABASE": f"sqlite:///{service / 'predictions.db'}",
        "FLIGHT_DELAY_SERVICE": str(service),
        "FLIGHT_DELAY_URL": settings["FLIGHT_DELAY_URL"].replace(settings["PREDICTIONS_PORT"], port),
        "PREDICTIONS_PORT": port,
    }


@contextmanager
def running(project: Any, command: str, settings: dict[str, str], output: Path) -> Iterator[None]:
    """Run a service in the background, from when it is ready."""
    process = project.start("sh", "-c", f"exec {command} > {output} 2>&1", **settings)
    try:
        wait_until(lambda: process.poll() is not None or _is_ready(settings["FLIGHT_DELAY_URL"]), output.read_text)
        assert process.poll() is None, output.read_text()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _is_ready(url: str) -> bool:
    assert HERE in url
    try:
        return requests.get(f"{url}/ready", timeout=PATIENCE).ok
    except requests.ConnectionError:
        return False


def walk_through(
    block: str, settings_of: Callable[[str], dict[str, str]], serve: Callable[[str, dict[str, str]], None]
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield words and settings of each command; `serve` starts those that end with &."""
    settings: dict[str, str] = {}
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == ".":
            settings = settings_of(Path(words[1]).stem)
        elif words[-1] == "&":
            serve(" ".join(words[:-1]), settings)
        elif words[0] != "set":
            yield words, settings
