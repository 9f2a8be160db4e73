"""Read the files of a commit from git, the DVC cache or a DVC remote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from dvc.api import DVCFileSystem
from dvc_data.index import DataIndexDirError

from flight_delay.core.errors import UserError
from flight_delay.vcs.git import git, repo_root, resolve_revision
from flight_delay.vcs.lock import LOCK_FILE, Stages, parse_lock


@dataclass(frozen=True)
class CommitFiles:
    """Files of a commit; `root` is a checkout with git repository and DVC cache."""

    commit: str
    root: Path = field(repr=False)

    @staticmethod
    def at(revision: str = "HEAD", checkout: Path = Path()) -> CommitFiles:
        """Return the files of a commit, tag, branch or DVC experiment.

        Raises:
            UserError: there is none of this name, or the folder is not in a git repository.
        """
        return CommitFiles(resolve_revision(revision, checkout), repo_root(checkout))

    @cached_property
    def lock(self) -> Stages:
        """The entries of the commit's dvc.lock by stage.

        Raises:
            UserError: it has none.
        """
        try:
            text = git("cat-file", "blob", f"{self.commit}:{LOCK_FILE}", cwd=self.root)
        except UserError:
            raise UserError(
                f"commit {self.commit[:10]} has no {LOCK_FILE}; choose one that has "
                f"(`git log --oneline -- {LOCK_FILE}`)"
            ) from None
        return parse_lock(text, f"{self.commit[:10]}:{LOCK_FILE}")

    @cached_property
    def params(self) -> dict[str, Any]:
        """The sections of the commit's params.yaml."""
        return dict(yaml.safe_load(self.read_text("params.yaml")))

    def files(self, path: str) -> list[str]:
        """List the files in a folder of the commit, sorted; a path of a file gives itself, a missing path nothing.

        Raises:
            UserError: the list of the folder is neither in the DVC cache nor in a remote.
        """
        with self._not_found_as_user_error(path):
            return sorted(self._system.find(path))

    def read_bytes(self, path: str) -> bytes:
        """Read a file of the commit.

        Raises:
            UserError: the file is neither in git nor in the DVC cache or a remote.
        """
        with self._not_found_as_user_error(path):
            return bytes(self._system.read_bytes(path))

    def read_text(self, path: str) -> str:
        """Read a text file of the commit; see `read_bytes`."""
        return self.read_bytes(path).decode()

    def read_json(self, path: str) -> Any:
        """Read a JSON file of the commit; see `read_bytes`."""
        return json.loads(self.read_bytes(path))

    def copy(self, path: str, target: Path) -> None:
        """Copy a file or folder of the commit to `target`, which must not exist; see `read_bytes`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._not_found_as_user_error(path):
            self._system.get(path, str(target), recursive=True)

    @cached_property
    def _system(self) -> DVCFileSystem:
        return DVCFileSystem(str(self.root), rev=self.commit)

    @contextmanager
    def _not_found_as_user_error(self, path: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, DataIndexDirError):  # the latter: the list of a folder is missing
            raise UserError(
                f"{path} of commit {self.commit[:10]}: neither in git nor in the DVC cache or remote; "
                "`dvc fetch --all-commits` brings what a remote has, and `dvc repro` in that commit makes it"
            ) from None
