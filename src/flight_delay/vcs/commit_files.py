"""Read the files of a commit from git, the DVC cache or a DVC remote."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pygit2
from dvc.api import DVCFileSystem
from dvc_data.index import DataIndex, DataIndexDirError

from flight_delay.core.errors import UserError
from flight_delay.core.params import parse_yaml
from flight_delay.vcs.git import git, repo_root, resolve_revision
from flight_delay.vcs.lock import LOCK_FILE, Stages, input_hashes, md5, parse_lock


@dataclass(frozen=True)
class CommitFiles:
    """Files of a commit; `root` is a checkout with git repository and DVC cache."""

    commit: str
    root: Path = field(repr=False)

    @staticmethod
    def at(revision: str = "HEAD", checkout: Path = Path()) -> CommitFiles:
        """Return the files of a commit, tag, branch or DVC experiment.

        Raises:
            UserError: there is none of this name, some of its files are missing in git, the folder is not in a git
                repository, or git fails.
        """
        commit, root = resolve_revision(revision, checkout), repo_root(checkout)
        objects = git("rev-list", "--objects", "--no-walk", "--missing=print", commit, cwd=root)
        if "\n?" in objects:
            raise UserError(
                f"commit {commit[:10]}: some of its files are missing in this clone; `git fetch --refetch --no-filter` "
                "completes a partial clone, `git fsck` checks another one"
            )
        return CommitFiles(commit, root)

    @cached_property
    def lock(self) -> Stages:
        """The entries of the commit's dvc.lock by stage.

        Raises:
            UserError: it has none, or git fails.
        """
        if not git("ls-tree", "--name-only", self.commit, "--", str(LOCK_FILE), cwd=self.root):
            raise UserError(
                f"commit {self.commit[:10]} has no {LOCK_FILE}; choose one that has "
                f"(`git log --oneline -- {LOCK_FILE}`)"
            )
        text = git("cat-file", "blob", f"{self.commit}:{LOCK_FILE}", cwd=self.root)
        return parse_lock(text, f"{self.commit[:10]}:{LOCK_FILE}")

    @cached_property
    def params(self) -> dict[str, Any]:
        """The sections of the commit's params.yaml."""
        return dict(parse_yaml(self.read_text("params.yaml")))

    def files(self, path: str) -> list[str]:
        """List the files in a folder of the commit, sorted.

        The path of a file gives itself, a missing path nothing.

        Raises:
            UserError: the list of the folder is neither in the DVC cache nor in a remote.
        """
        with self._errors_as_user_errors(path):
            return sorted(self._system.find(path))

    def read_bytes(self, path: str) -> bytes:
        """Read a file of the commit.

        Raises:
            UserError: the file is neither in git nor in the DVC cache or a remote.
        """
        with self._errors_as_user_errors(path):
            return bytes(self._system.read_bytes(path))

    def read_text(self, path: str) -> str:
        """Read a text file of the commit; see `read_bytes`."""
        return self.read_bytes(path).decode()

    def read_json(self, path: str) -> Any:
        """Read a JSON file of the commit; see `read_bytes`."""
        return json.loads(self.read_bytes(path))

    def md5(self, path: str) -> str | None:
        """Compute the MD5 of a file or folder as DVC does, or None if it is absent.

        Data that DVC tracks are not read.

        Raises:
            UserError: the list of a folder is neither in the DVC cache nor in a remote.
        """
        with self._errors_as_user_errors(path):
            try:
                if self._system.info(path)["type"] == "file":
                    return self._file_md5(path)
            except FileNotFoundError:
                return None
            names = sorted(self._system.find(path, dvcfiles=True))
            parts = [{"md5": self._file_md5(name), "relpath": name[len(path) + 1 :]} for name in names]
        return f"{md5(json.dumps(parts, sort_keys=True).encode())}.dir"

    def copy(self, path: str, target: Path) -> None:
        """Copy a file or folder of the commit to `target`, which must not exist.

        See `read_bytes` for errors.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._errors_as_user_errors(path):
            self._system.get(path, str(target), recursive=True)

    @cached_property
    def added_data(self) -> list[str]:
        """List inputs of stages that `dvc add` or `dvc import` tracks."""
        if ".dvc" not in {
            Path(name).suffix for name in git("ls-tree", "-r", "--name-only", self.commit, cwd=self.root).split()
        }:
            return []
        with self._errors_as_user_errors("dvc.yaml"):
            stages = [stage for stage in self._system.repo.index.stages if stage.is_data_source]
        paths = [out.fspath.lstrip("/") for stage in stages for out in stage.outs]
        pairs = [(path, f"{path}/", f"{name}/") for path in paths for name in input_hashes(self.lock)]
        return sorted({path for path, out, name in pairs if out.startswith(name) or name.startswith(out)})

    def _file_md5(self, path: str) -> str:
        return str(self._system.info(path).get("md5") or md5(self._system.read_bytes(path)))

    @cached_property
    def _system(self) -> DVCFileSystem:
        pygit2.settings.owner_validation = False  # as for the commands of git.py
        system = DVCFileSystem(str(self.root), rev=self.commit)
        # DVC's index on disk is locked by other processes that read this repository.
        system.repo._data_index = DataIndex()  # noqa: SLF001
        return system

    @contextmanager
    def _errors_as_user_errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, DataIndexDirError) as error:  # the latter: the list of a folder cannot be read
            cause = error.__cause__
            reason = f" ({cause})" if cause and not isinstance(cause, FileNotFoundError) else ""
            raise UserError(
                f"{path} of commit {self.commit[:10]}: neither in git nor in the DVC cache or remote{reason}; "
                "`dvc push` where it exists sends it to the remote, and `dvc repro` in that commit makes outputs again"
            ) from error
        except Exception as error:  # every kind of remote has exceptions of its own
            if isinstance(error, OSError) and (error.filename or error.errno == errno.ENOSPC):
                raise  # of this machine
            reason = " ".join(str(error).split()) or type(error).__name__
            raise UserError(
                f"{path} of commit {self.commit[:10]}: DVC cannot read it ({reason}); see `dvc remote list`"
            ) from error
