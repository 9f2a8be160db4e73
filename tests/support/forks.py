"""Run DVC and stages in forks of a process that has imported their libraries: imports take most time of a small stage.

Processes are related as in a real `dvc repro`: a stage is a child of its DVC, and inherits no file but its output. The
code of stages is imported from their own checkout. tests/slow/test_verify.py compares the bytes with those of real
processes."""

from __future__ import annotations

import multiprocessing
import os
import re
import runpy
import shlex
import subprocess
import sys
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

LIBRARIES = [
    "dvc.cli", "dvc.commands.repro", "dvc.commands.status", "dvc.repo", "dvc.repo.experiments",
    "dvc_data.hashfile.build", "forks", "hold", "jinja2", "matplotlib.backends.backend_agg", "matplotlib.figure",
    "mlflow.pyfunc", "mlflow.xgboost", "mlflow.store.tracking.sqlalchemy_store", "pandas", "PIL.Image",
    "pyarrow.compute", "pyarrow.parquet", "scipy.stats", "shap", "sklearn.isotonic", "sklearn.linear_model", "xgboost",
]  # fmt: skip
# One thread a process. The stage `train_baselines` names this kind of processor to OpenBLAS, which reads it on loading.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
LOADED_WITH = {**THREADS, "OPENBLAS_CORETYPE": "Haswell", "MLFLOW_DISABLE_TELEMETRY": "true"}
STAGE = re.compile(r"env ((?:\w+=\S+ )+)python -m (flight_delay\.stages\.\w+)")

_context = multiprocessing.get_context("forkserver")


def start(
    command: list[str], folder: Path, environment: dict[str, str], outputs: tuple[Path, Path], hold: str = ""
) -> BaseProcess:
    """Start `dvc ARGUMENT…` or `python -m MODULE ARGUMENT…` in a process group of its own.

    Args:
        command: the words of the command.
        folder: where it works.
        environment: all of its environment variables.
        outputs: the files that get its standard output and its standard error.
        hold: `MODULE NUMBER PATTERN` stops (SIGSTOP) the process that runs this module at the event of this number that
            the pattern matches, see hold.py.
    """
    for output in outputs:
        output.touch()
    _context.set_forkserver_preload(LIBRARIES)
    process = _context.Process(target=_run, args=(command, folder, environment, outputs, hold))
    with pytest.MonkeyPatch.context() as patch:  # the first process starts the server, which inherits this
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONWARNDEFAULTENCODING"):
            patch.delenv(name, raising=False)
        for name, value in LOADED_WITH.items():
            patch.setenv(name, value)
        process.start()
    return process


def _run(command: list[str], folder: Path, environment: dict[str, str], outputs: tuple[Path, Path], hold: str) -> None:
    os.setsid()
    for standard, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), standard)
    if command[0] == "dvc":
        _enter(folder, environment, command)
        import dvc.cli
        import dvc.stage.run

        dvc.stage.run.subprocess = SimpleNamespace(Popen=partial(_start_stage, hold=hold))
        _exit_after(lambda: sys.exit(dvc.cli.main(command[1:])))
    else:
        assert command[:2] == ["python", "-m"], command
        _run_module(command[2:], folder, environment, hold)


class _Stage:
    """A fork of DVC that runs a stage, as far as DVC uses a `subprocess.Popen`."""

    def __init__(self, work: Callable[[], NoReturn]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # DVC's locks, above all
            work()

    def communicate(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)


def _start_stage(command: list[str], *, hold: str, cwd: str, env: dict[str, str], **options: Any) -> Any:
    stage = STAGE.fullmatch(command[-1])
    if not stage:
        return subprocess.Popen(command, cwd=cwd, env=env, **options)
    variables = dict(word.split("=", 1) for word in shlex.split(stage[1]))
    return _Stage(lambda: _run_module([stage[2]], Path(cwd), {**env, **variables}, hold))


def _enter(folder: Path, environment: dict[str, str], command: list[str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = command
    sys.stdout, sys.stderr = (open(standard, "w", closefd=False) for standard in (1, 2))  # noqa: SIM115


def _run_module(command: list[str], folder: Path, environment: dict[str, str], hold: str) -> NoReturn:
    _enter(folder, environment, command)
    sys.path[:0] = [str(folder), *(str(folder / path) for path in environment.get("PYTHONPATH", "").split(":") if path)]
    module, (held, _, where) = command[0], hold.partition(" ")
    if held == module:
        from hold import hold_at

        number, _, pattern = where.partition(" ")
        hold_at(int(number), pattern)
    _exit_after(lambda: runpy.run_module(module, run_name="__main__", alter_sys=True))


def _exit_after(work: Callable[[], object]) -> NoReturn:
    """End this fork with the exit code of some work, without the handlers of the process that it was forked from."""
    code: Any = 1
    try:
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
