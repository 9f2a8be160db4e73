"""Record files in DVC with the URL that they are from.

The .dvc file has URL, ETag, size and MD5, as from `dvc import-url --no-exec` and `dvc commit --no-relink`. `dvc
import-url` alone accepts any content, and does not continue a transfer that breaks off."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_bytes

log = logging.getLogger(__name__)


@contextmanager
def open_repo() -> Iterator[Repo]:
    """Open the DVC repository of the working folder.

    Raises:
        UserError: there is none, or DVC fails in the block.
    """
    try:
        with Repo() as repo:
            repo.scm_context.quiet = True  # what to add to git is printed once, at the end
            yield repo
    except (DvcException, FileNotFoundError, sqlite3.Error) as error:  # a URL does not answer DVC; its own files
        raise UserError(f"DVC: {' '.join(str(error).split())}; run it again, months before this one stay") from None


def record_path(out: Path) -> Path:
    """Return the path of a file's .dvc file."""
    return out.with_name(f"{out.name}.dvc")


def is_recorded(repo: Repo, out: Path) -> bool:
    """Whether a file is recorded and present; restore it from the cache."""
    record = record_path(out)
    if not record.exists():
        return False
    if not any(stored.hash_info for stored in repo.stage.load_one(str(record)).outs):
        out.unlink(missing_ok=True)  # a killed run left both
        return False
    if not out.exists():
        repo.checkout([str(record)], allow_missing=True)
    return out.exists()


def record_import(repo: Repo, url: str, partial: Path, out: Path) -> str:
    """Move a file to its place, record it, and return its recorded ETag."""
    record = record_path(out)
    text = record.read_bytes() if record.exists() else b""
    former = [stored.hash_info for stored in repo.stage.load_one(str(record)).outs] if text else []
    try:
        repo.imp_url(url, str(out), no_exec=True)
        partial.rename(out)
        with repo.scm_context():  # if core.autostage is set, `git add`: committing does not do it
            # With `relink`, a kill could leave another copy beside the file.
            (stage,) = repo.commit(str(record), force=True, relink=False)
    except BaseException:
        if not partial.exists():
            out.unlink(missing_ok=True)
        record.unlink(missing_ok=True)
        if text:
            write_bytes(record, text)
        raise
    if any(former) and stage.outs[0].hash_info not in former:
        log.warning("  %s: not the file that was recorded; `git diff %s` shows it", out.name, record)
    return str(stage.deps[0].hash_info.value)
