"""A real package index, and an environment that installs from it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from checkouts import Project
from waiting import HERE, free_port, wait_until

PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Index:
    """A running pypiserver."""

    uri: str

    def upload(self, *files: Path, code: int = 0) -> str:
        """Upload packages; return what twine prints."""
        options = ["--repository-url", self.uri, "--username", "any", "--password", "any", "--disable-progress-bar"]
        options += ["--non-interactive", "--verbose"]
        command = [PROGRAMS / "twine", "upload", "--config-file", os.devnull, *options, *files]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@contextmanager
def running_index(folder: Path) -> Iterator[Index]:
    """Run a package index without passwords."""
    port = free_port()
    (folder / "packages").mkdir(parents=True)
    options = ["--interface", HERE, "--port", str(port), "--disable-fallback"]
    no_passwords = ["--authenticate", ".", "--passwords", "."]
    with (folder / "index.txt").open("w") as output:
        command = [PROGRAMS / "pypi-server", "run", *options, *no_passwords, folder / "packages"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    uri = f"http://{HERE}:{port}/"

    def answers() -> bool:
        assert process.poll() is None, (folder / "index.txt").read_text()
        try:
            return requests.get(uri, timeout=10, headers={"Connection": "close"}).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(answers)
        yield Index(uri)
    finally:
        process.kill()
        process.wait()


class Installation:
    """A virtual environment and an empty folder; it has the locked packages, and not this one."""

    def __init__(self, root: Path, index: Index, environment: dict[str, str]) -> None:
        self._environment, self._index = root / "environment", index
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self._environment], check=True)
        packages, locked = Path(sysconfig.get_path("purelib")), root / "locked"
        locked.mkdir()
        for path in packages.iterdir():
            if not path.name.startswith(("flight_delay", "_flight_delay")):
                (locked / path.name).symlink_to(path)
        (own,) = self._environment.glob("lib/python*/site-packages")
        (own / "locked.pth").write_text(f"{locked}\n")
        programs = f"{self._environment / 'bin'}{os.pathsep}{environment['PATH']}"
        kept = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
        (root / "empty").mkdir()
        self.project = Project(root / "empty", {**kept, "PATH": programs})

    def pip(self, *arguments: str) -> str:
        """Run pip in the environment; only the index has packages."""
        command = [sys.executable, "-m", "pip", "--python", str(self._environment), *arguments]
        settings = {"PIP_INDEX_URL": f"{self._index.uri}simple/", "PIP_CONFIG_FILE": os.devnull}
        return self.project.run(*command, **settings, PIP_NO_CACHE_DIR="1", PIP_DISABLE_PIP_VERSION_CHECK="1").stdout
