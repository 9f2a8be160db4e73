"""A temporary clone of a commit, in which its pipeline runs.

It has its own cache, environment and experiments.

No code of the commit is imported, and the user's checkout is not written to.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.core.params import parse_yaml
from flight_delay.core.runner import log
from flight_delay.review.environment import build_environment
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import git, repo_root
from flight_delay.vcs.lock import LOCK_FILE, PUBLISH

_KEPT = re.compile(
    "PATH|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|USER|LOGNAME|(DY)?LD_LIBRARY_PATH|(OMP|OPENBLAS|MKL)_.*|FLIGHT_DELAY_(LOG|SCHEDULER)"
    "|PYTHON(HASHSEED|DONTWRITEBYTECODE)|DASK_.*"
)
_PIP = re.compile("PIP_.*|.*_PROXY|SSL_CERT_.*|REQUESTS_CA_BUNDLE", re.IGNORECASE)


@dataclass(frozen=True)
class CleanClone:
    """A clone of a commit at `root`.

    `python` is the interpreter that runs its pipeline, `prefix` the command that isolates it.
    """

    root: Path
    commit: str
    python: Path
    environment: dict[str, str] = field(repr=False)
    prefix: tuple[str, ...] = ()

    def dvc(self, *arguments: str, timeout_seconds: float | None = None) -> str:
        """Run DVC in the clone and return its standard output; stages log to stderr.

        Raises:
            subprocess.CalledProcessError: DVC fails.
            subprocess.TimeoutExpired: it took longer; DVC and its stages are killed.
        """
        # -P: not `dvc` or another module at the top of the commit.
        command = [*self.prefix, str(self.python), "-P", "-m", "dvc", *arguments]
        # In a process group of its own, so that its stages are killed with it.
        with subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        ) as process:
            try:
                output, _ = process.communicate(timeout=timeout_seconds)
            except BaseException:
                os.killpg(process.pid, 9)
                raise
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, output)
        return output

    def copy_added_data(self) -> None:
        """Copy data that `dvc add` tracks from the DVC cache or remote.

        Raises:
            UserError: they are not available.
        """
        files = CommitFiles.at(self.commit)
        for path in files.added_data:
            files.copy(path, self.root / path)

    def run_from_raw_data(self, timeout_seconds: float | None = None) -> None:
        """Run all stages but `publish`, whatever dvc.lock says.

        Raises:
            UserError: a stage fails, or data that `dvc add` tracks are not available.
            subprocess.TimeoutExpired: it took longer.
        """
        self.copy_added_data()
        (self.root / LOCK_FILE).unlink()
        declared = parse_yaml((self.root / "dvc.yaml").read_text("utf-8"))["stages"]
        command = ("repro", "--force", "--no-run-cache", *(name for name in declared if name != PUBLISH))
        try:
            # Standard output is for the result of the command; DVC's output is progress.
            sys.stderr.write(self.dvc(*command, timeout_seconds=timeout_seconds))
        except subprocess.CalledProcessError as error:
            sys.stderr.write(error.stdout)
            raise UserError(
                "a stage failed in the clean clone (see the log above), so nothing could be compared; fix and commit it"
            ) from None

    def commit_outputs(self) -> None:
        """Commit dvc.lock and other tracked files, for reading by commit."""
        identity = ("-c", "user.name=review", "-c", "user.email=review@localhost", "-c", "commit.gpgsign=false")
        options = ("--all", "--allow-empty", "--no-verify", "--quiet", "--message", "Run the pipeline")
        git(*identity, "commit", *options, cwd=self.root)


@contextmanager
def clean_clone(
    commit: str, *, fresh_env: bool = False, isolate: bool = False, keep: Path | None = None, cache: Path | None = None
) -> Iterator[CleanClone]:
    """Clone a commit of this repository into a temporary folder.

    Args:
        commit: 40 hexadecimal digits.
        fresh_env: run its pipeline in a virtual environment built from the commit's own locked requirements, instead of
            the environment of this process.
        isolate: run its pipeline without network.
        keep: where the clone is moved to at the end of the block; nothing may be there. It is removed if not given.
        cache: of DVC; an empty one of its own if not given.

    Raises:
        UserError: there is something at `keep`, the commit has a link that leads out of it, its environment cannot be
            built, or this system does not isolate.
    """
    if keep is not None and (keep.exists() or keep.is_symlink()):
        raise UserError(f"--keep: {keep} exists; name a new folder")
    prefix = _isolation() if isolate else ()
    with tempfile.TemporaryDirectory(prefix="flight-delay-review-") as folder:
        root, home = Path(folder) / "clone", Path(folder) / "home"
        home.mkdir()
        git("clone", "--quiet", "--no-checkout", str(repo_root()), str(root))
        git("fetch", "--quiet", "origin", commit, cwd=root)  # an experiment is on no branch
        git("checkout", "--quiet", "--detach", commit, cwd=root)
        for link in (path for path in root.rglob("*") if path.is_symlink()):
            if not link.resolve().is_relative_to(root.resolve()):
                raise UserError(
                    f"{link.relative_to(root)} of commit {commit[:10]}: a link out of the repository; remove it"
                )
        python = Path(sys.executable)
        if fresh_env:
            log.info("building an environment from the requirements of %s", commit[:10])
            settings = {name: value for name, value in os.environ.items() if _PIP.fullmatch(name)}
            environment = clean_environment(Path.home()) | settings
            python = build_environment(root, Path(folder) / "env", environment)
        _use_cache(root, cache)
        # The user's own DVC settings, such as core.no_scm or cache.type, are not those of the pipeline.
        settings = dict.fromkeys(("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"), str(Path(folder) / "no-settings"))
        yield CleanClone(root, commit, python, clean_environment(home, python=python) | settings, prefix)
        if keep is not None:
            shutil.move(root, keep)
            _use_cache(keep, cache)


def clean_environment(
    home: Path, environment: Mapping[str, str] = os.environ, python: Path = Path(sys.executable)
) -> dict[str, str]:
    """Keep variables that stages need; set the interpreter and home folder.

    Credentials and the configuration of git, DVC and MLflow are in other variables or in the user's home folder.
    """
    kept = {name: value for name, value in environment.items() if _KEPT.fullmatch(name)}
    return {**kept, "HOME": str(home), "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def _isolation() -> tuple[str, ...]:
    """Return the command that runs another one without network.

    Raises:
        UserError: this system does not allow it.
    """
    prefix = ("unshare", "--map-root-user", "--net", "--")
    try:
        subprocess.run([*prefix, "true"], capture_output=True, check=True)
    except FileNotFoundError:
        reason = "there is no unshare on the PATH"
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().partition("\n")[0]
    else:
        return prefix
    raise UserError(f"--isolate: not possible on this system ({reason}); verify it in a container without network")


def _use_cache(root: Path, cache: Path | None) -> None:
    """Configure a cache, or else an empty one, whatever the user's configuration."""
    settings = configparser.ConfigParser(interpolation=None)
    folder = root.resolve() / ".dvc"
    settings["core"] = {"analytics": "false", "site_cache_dir": str(folder / "site")}
    settings["cache"] = {"dir": str(cache or folder / "cache")}
    with (root / ".dvc/config.local").open("w", encoding="utf-8") as file:
        settings.write(file)
