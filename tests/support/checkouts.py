"""A checkout in a temporary folder: running commands in it, in processes of their own or in this one; looking at it."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import forks
import pytest
import yaml

# Names of files and folders that are no part of the state of a checkout.
NO_STATE = {"__pycache__", "logs", "mlflow.db.lock"}


@contextlib.contextmanager
def _process_as_it_was(environment: dict[str, str], folder: Path, command: list[str]) -> Iterator[None]:
    """Have an environment, a working folder and arguments for a while; take back what a command sets in its process."""
    before, root, zones = dict(os.environ), logging.getLogger(), zoneinfo.TZPATH
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []  # pytest's own, which a stage would close
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", command)
        os.environ.clear()
        os.environ.update(environment)
        try:
            yield
        finally:
            if "mlflow" in sys.modules:
                sys.modules["mlflow"].set_tracking_uri(None)
            os.environ.clear()
            os.environ.update(before)
            root.handlers[:] = handlers
            root.setLevel(level)
            zoneinfo.reset_tzpath(to=zones)


@contextlib.contextmanager
def forked_clones() -> Iterator[None]:
    """Run DVC in clean clones as `Project.dvc` does, in forks; without it, it starts as in use."""
    from flight_delay.review.clean_clone import CleanClone

    def fork(clone: CleanClone, *arguments: str, timeout_seconds: float | None = None) -> str:
        done = Project(clone.root, clone.environment).dvc(*arguments, code=None, timeout=timeout_seconds or 600)
        sys.stderr.write(done.stderr)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, arguments, done.stdout)
        return done.stdout

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CleanClone, "dvc", fork)
        yield


@dataclass(frozen=True)
class Project:
    """A checkout in a temporary folder, and running commands in it as a user would."""

    root: Path
    environment: dict[str, str] = field(repr=False)

    def run(
        self, *command: str, code: int | None = 0, timeout: float = 600, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; `code` is the exit code that is expected, None for any."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, f"{command} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def dvc(
        self, *arguments: str, code: int | None = 0, timeout: float = 600, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run DVC; it and its stages find their libraries imported already (see forks.py)."""
        return self._fork(["dvc", *arguments], code, timeout, environment)

    def _fork(
        self, command: list[str], code: int | None, timeout: float, environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            outputs = Path(folder) / "out", Path(folder) / "err"
            process = forks.start(command, self.root, {**self.environment, **environment}, outputs)
            process.join(timeout)
            if process.exitcode is None:
                os.killpg(process.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(command, timeout)
            done = subprocess.CompletedProcess(command, process.exitcode, *(path.read_text() for path in outputs))
        if code is not None:
            assert done.returncode == code, f"{command} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, to be watched or killed."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stage(self, name: str, *, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a stage alone, without DVC."""
        return self._fork(
            ["python", "-m", f"flight_delay.stages.{name}"], code, 600, {"PYTHONPATH": "src", **environment}
        )

    def stage_here(self, name: str, *, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Do in this process what `stage` does in one of its own: most of its time goes into imports."""
        from flight_delay.core.runner import run_stage

        module = importlib.import_module(f"flight_delay.stages.{name}")
        return self._here([name], code, environment, lambda: run_stage(name, module.main))

    def command(self, *arguments: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Do in this process what `flight-delay` does with these arguments."""
        from flight_delay import cli

        return self._here(["flight-delay", *arguments], code, environment, cli.main)

    def _here(
        self, command: list[str], code: int | None, environment: dict[str, str], work: Callable[[], None]
    ) -> subprocess.CompletedProcess[str]:
        """Run what ends with SystemExit; afterwards this process is as it was."""
        out, err = io.StringIO(), io.StringIO()
        with (
            _process_as_it_was({**self.environment, **environment}, self.root, command),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            work()
        returned = ended.value.code
        done = subprocess.CompletedProcess(
            command,
            returned if isinstance(returned, int) else int(returned is not None),
            out.getvalue(),
            err.getvalue(),
        )
        if code is not None:
            assert done.returncode == code, f"{command} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def bare_copy(self, root: Path) -> Project:
        """A copy without git, DVC and runs, to run stages alone in."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns(".git", ".dvc", "mlflow.db*", "mlruns"))
        return replace(self, root=root)

    def state(self) -> dict[str, Any]:
        """All files and folders but logs and locks, so that a file that was written again differs."""
        state: dict[str, Any] = {}
        folders = [str(self.root)]
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name in NO_STATE:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        state[entry.path] = "folder"
                        folders.append(entry.path)
                    else:
                        stat = entry.stat(follow_symlinks=False)
                        state[entry.path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        return state

    def refuses(self, stage: str, *parts: str, apart: bool = False, **environment: str) -> None:
        """Check that a stage ends with code 2 and one line that says all this, and leaves everything as it was.

        It runs in this process, or else `apart`, in one of its own.
        """
        before = self.state()
        run = self.stage if apart else self.stage_here
        done = run(stage, code=2, **environment)
        *log, error = done.stderr.splitlines()
        assert error.startswith(f"{stage}: error: ")
        assert [part for part in parts if part not in error] == [], error
        assert [line for line in log if "error" in line or "Traceback" in line] == []
        assert self.state() == before

    def runs(self) -> list[Any]:
        """Runs in the checkout's own MLflow, oldest first."""
        from mlflow import MlflowClient

        client = MlflowClient(f"sqlite:///{self.root / 'mlflow.db'}")
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        return sorted(client.search_runs(experiments), key=lambda run: run.info.start_time)

    def params(self, changes: dict[str, dict[str, Any]]) -> None:
        """Change keys of sections of params.yaml."""
        path = self.root / "params.yaml"
        sections = yaml.safe_load(path.read_text())
        for section, keys in changes.items():
            sections[section].update(keys)
        path.write_text(yaml.safe_dump(sections, sort_keys=False))

    def lock(self) -> dict[str, Any]:
        """Entries of dvc.lock by stage."""
        stages: dict[str, Any] = yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]
        return stages

    def commit(self, message: str = "change") -> None:
        """Commit everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)


class Spoilable:
    """A copy of the made checkout that tests spoil one after the other: what differs after one is copied again."""

    def __init__(self, made: Project, project: Project) -> None:
        self.made, self.project = made, project
        self._whole = project.state()

    def put_right(self) -> None:
        """Make everything as it is in the made checkout."""
        state = self.project.state()
        for name in sorted(name for name in self._whole | state if self._whole.get(name) != state.get(name)):
            path, wanted = Path(name), self._whole.get(name)
            if path.is_dir() and wanted != "folder":
                shutil.rmtree(path)
            elif wanted is None:
                path.unlink(missing_ok=True)
            elif wanted == "folder":
                path.mkdir()
            else:
                path.unlink(missing_ok=True)  # a file of its own, not what a link leads to
                shutil.copy2(self.made.root / path.relative_to(self.project.root), path)
        self._whole = self.project.state()
