"""Download months of the BTS into data/external/, check them, record them."""

from __future__ import annotations

import logging
import re
import shutil
import time
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dvc.repo import Repo
from dvc.scm import NoSCM
from filelock import FileLock, Timeout

from flight_delay.core.errors import UserError
from flight_delay.core.months import months_between
from flight_delay.core.runner import LOGS
from flight_delay.data.dictionary import find_layout
from flight_delay.data.sources.bts import FIRST_MONTH
from flight_delay.data.sources.csv_text import open_texts, read_blocks
from flight_delay.download.record import is_recorded, open_repo, record_import, record_path
from flight_delay.download.transfer import Download, download_file

PARTIAL = ".download.partial"  # git and DVC ignore this folder

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """Months by what was done.

    `recorded`: they were there. `unrecorded`: names of files without a .dvc file. `missing`: the server does not have
    them. `needs_git_add`: whether the user has to add .dvc files to git.
    """

    downloaded: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    needs_git_add: bool = False


def current_month() -> str:
    """Return the current month in UTC."""
    return f"{datetime.now(UTC):%Y-%m}"


def parse_months(first: str, last: str, current: str) -> list[str]:
    """List the months to download.

    Args:
        first: first month.
        last: last month.
        current: the current month.

    Raises:
        UserError: one is not a month, is before the first published one or in the future, or `first` is after `last`.
    """
    for option, month in (("--from", first), ("--through", last)):
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
            raise UserError(f"{option} {month!r}: not a month; write it as 2024-01")
        if not FIRST_MONTH <= month <= current:
            raise UserError(f"{option} {month}: choose a month from {FIRST_MONTH} to {current}, the current one")
    if first > last:
        raise UserError(f"--from {first} is after --through {last}; exchange them")
    return months_between(first, last)


def download_months(months: Sequence[str], external: Path, columns: Collection[str], settings: Download) -> Outcome:
    """Download and record the months that are not in a folder.

    What a killed run left is removed, and downloaded again. Files without a .dvc file are the user's and stay.

    Args:
        months: such as '2024-01', in order.
        external: the folder.
        columns: columns that a file must have.
        settings: URL and retries.

    Raises:
        UserError: a server does not answer, sends something else than flights of the month, DVC fails, or another
            download is running. Months before it stay.
    """
    outcome = Outcome()
    with _only_process(), open_repo() as repo, _temporary_folder(external / PARTIAL) as partial:
        for number, month in enumerate(months, start=1):
            url = settings.month_url(month)
            out = external / url.rpartition("/")[2]
            if is_recorded(repo, out):
                outcome.recorded.append(month)
            elif out.exists() or out.is_symlink():
                outcome.unrecorded.append(out.name)
            else:
                if outcome.downloaded or outcome.missing:
                    time.sleep(settings.pause_seconds)
                is_there = _download_month(repo, month, url, partial / out.name, out, columns, settings)
                (outcome.downloaded if is_there else outcome.missing).append(month)
                size = f"{out.stat().st_size / 1e6:.1f} MB" if is_there else "not there"
                log.info("  %s: %s (%d of %d)", month, size, number, len(months))
        outcome.needs_git_add = not (isinstance(repo.scm, NoSCM) or repo.scm_context.autostage)
    return outcome


def require_month(path: Path, month: str, url: str, columns: Collection[str]) -> None:
    """Check that a file is a whole zip with flights of one month only.

    Raises:
        UserError: it is not.
    """
    if not zipfile.is_zipfile(path):
        raise UserError(f"{url}: the server does not send a whole zip; open it in a browser, or try again later")
    present: set[str] = set()
    try:
        for text in open_texts(path):
            find_layout(text.names, {"bts_current": columns}, str(text), "change download.url in params.yaml")
            for _, block in read_blocks(text):
                years, numbers = (block[name].unique().to_pylist() for name in ("Year", "Month"))
                present |= {f"{year}-{number!s:0>2}" for year in years for number in numbers}
    except UserError as error:
        raise UserError(str(error).replace(str(path), url)) from None
    if present != {month}:
        shown = ", ".join(sorted(present)[:12])
        raise UserError(f"{url}: has flights of {shown} instead of {month}; change download.url in params.yaml")


def _download_month(
    repo: Repo, month: str, url: str, partial: Path, out: Path, columns: Collection[str], settings: Download
) -> bool:
    """Download, check and record a month; False if the server does not have it."""
    for is_last in (False, True):
        if (etag := download_file(url, partial, settings)) is None:
            return False
        require_month(partial, month, url, columns)
        if record_import(repo, url, partial, out) == etag or not etag or is_last:
            break
        log.info("  %s: the server has another file since; downloading it again", out.name)
        record_path(out).unlink()
        out.unlink()
    return True


@contextmanager
def _only_process() -> Iterator[None]:
    LOGS.mkdir(exist_ok=True)
    try:
        lock = FileLock(LOGS / "download.lock").acquire(timeout=0)
    except Timeout:
        raise UserError("another download is running here; wait for it, or stop it and run this again") from None
    with lock:
        yield


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)  # a killed run may have left it
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
