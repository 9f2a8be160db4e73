"""A clean room: a clone of a commit in a temporary folder, with a cache, an environment and experiments of its own, in which
its pipeline is run. Nothing of the commit is imported here, and nothing of the user's checkout is written to."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from flight_delay.core.errors import UserError
from flight_delay.core.runner import log
from flight_delay.review.environment import build_environment
from flight_delay.vcs.git import git, repo_root
from flight_delay.vcs.lock import LOCK_FILE, PUBLISH


@dataclass(frozen=True)
class CleanClone:
    """A clone of a commit at `root`; `python` is the interpreter that runs its pipeline."""

    root: Path
    commit: str
    python: Path
    environment: dict[str, str] = field(repr=False)

    def dvc(self, *arguments: str, timeout_seconds: float | None = None) -> str:
        """Run DVC in the clone and return what it prints; what stages log goes to stderr as it comes.

        Raises:
            subprocess.CalledProcessError: DVC fails.
            subprocess.TimeoutExpired: it took longer; DVC and its stages are ended.
        """
        command = [str(self.python), "-m", "dvc", *arguments]
        # A process group of its own, so that an end ends the stages, too.
        with subprocess.Popen(
            command, cwd=self.root, env=self.environment, stdout=subprocess.PIPE, text=True, process_group=0
        ) as process:
            try:
                printed, _ = process.communicate(timeout=timeout_seconds)
            except BaseException:
                os.killpg(process.pid, 9)
                raise
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, printed)
        return printed

    @property
    def stages(self) -> list[str]:
        """Names of all stages but `publish`."""
        declared = yaml.safe_load((self.root / "dvc.yaml").read_text("utf-8"))["stages"]
        return [name for name in declared if name != PUBLISH]

    def run_from_raw_data(self, timeout_seconds: float | None = None) -> None:
        """Run all stages but `publish`, whatever dvc.lock says.

        Raises:
            UserError: a stage fails.
            subprocess.TimeoutExpired: it took longer.
        """
        # Without its lock DVC has nothing to believe: every stage runs.
        (self.root / LOCK_FILE).unlink()
        try:
            # Standard output is the answer's; what DVC says is progress.
            sys.stderr.write(
                self.dvc("repro", "--force", "--no-run-cache", *self.stages, timeout_seconds=timeout_seconds)
            )
        except subprocess.CalledProcessError as error:
            sys.stderr.write(error.stdout)
            raise UserError(
                "a stage failed in the clean clone (see above), so nothing could be compared; mend it and commit"
            ) from None


@contextmanager
def clean_clone(commit: str, *, fresh_env: bool = False) -> Iterator[CleanClone]:
    """Clone a commit of this repository into a temporary folder, which is removed in the end.

    Args:
        commit: 40 hexadecimal digits.
        fresh_env: run its pipeline in a virtual environment that is made of the commit's own locked requirements, instead
            of the environment of this process.

    Raises:
        UserError: the environment cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="flight-delay-review-") as folder:
        root = Path(folder) / "clone"
        git("clone", "--quiet", "--no-checkout", str(repo_root()), str(root))
        git("fetch", "--quiet", "origin", commit, cwd=root)  # an experiment is on no branch
        git("checkout", "--quiet", "--detach", commit, cwd=root)
        python = Path(sys.executable)
        if fresh_env:
            log.info("building an environment from the requirements of %s", commit[:10])
            python = build_environment(root, Path(folder) / "env")
        _use_own_cache(root)
        yield CleanClone(root, commit, python, clean_environment(os.environ, python))


def clean_environment(
    environment: Mapping[str, str] = os.environ, python: Path = Path(sys.executable)
) -> dict[str, str]:
    """The environment without what would lead to the user's DVC, MLflow or git state, and with an interpreter first."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("DVC_", "MLFLOW_", "GIT_")) and name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
    return {**kept, "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def _use_own_cache(root: Path) -> None:
    """Whatever cache and remotes this machine's own configuration names, a clone uses a cache of its own, which is empty."""
    settings = configparser.ConfigParser(interpolation=None)
    settings["core"] = {"analytics": "false", "site_cache_dir": str(root / ".dvc/site")}
    settings["cache"] = {"dir": str(root / ".dvc/cache")}
    with (root / ".dvc/config.local").open("w", encoding="utf-8") as file:
        settings.write(file)
