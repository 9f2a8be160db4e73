"""Sort rows of files in `data/external/` by month, for any source."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.files import sha256
from flight_delay.core.months import month_path
from flight_delay.core.runner import track_progress
from flight_delay.data.sources.spool import MonthRows, SpooledMonth, temporary_spool

OTHER_FILES = ("README.md", "airports.csv")  # other files of the folder

Reader = Callable[[Path], Iterator[MonthRows]]

log = logging.getLogger(__name__)


class FetchedFiles(NamedTuple):
    """Written months by 'YYYY-MM', and SHA-256 of read files by name, in order."""

    months: dict[str, SpooledMonth]
    files: dict[str, str]


def list_data_files(external: Path, suffixes: Sequence[str], advice: str) -> list[str]:
    """List the names of a source's files in a folder, in order.

    Args:
        external: the folder; it need not exist.
        suffixes: ends of names, in lower case; other files cause a warning.
        advice: what to do if there are none, for the error.

    Raises:
        UserError: there are none, or one is a broken link.
    """
    names = []
    for path in sorted(external.glob("[!.]*")):
        if path.name in OTHER_FILES or path.suffix == ".dvc":
            continue
        if path.is_dir() or not path.name.lower().endswith(tuple(suffixes)):
            log.warning("  %s: ignored; only %s files are read", path, ", ".join(suffixes))
        elif path.exists():
            names.append(path.name)
        else:
            raise UserError(f"{path}: a broken link; `dvc checkout` restores it, or remove it")
    if not names:
        raise UserError(f"{external}: no {', '.join(suffixes)} file; {advice}")
    return names


def fetch_monthly_files(
    external: Path, names: Sequence[str], flights: Path, read: Reader, last_month: str
) -> FetchedFiles:
    """Write a file YYYY-MM.parquet for every month up to `last_month`.

    The same files give the same bytes. Memory does not grow with their number or size.

    Args:
        external: folder of the files.
        names: files to read, each with any months; a month has their rows in this order.
        flights: an empty folder for the result; the rows are spooled beside it.
        read: yields the rows of a file in its order, in blocks of one month each.
        last_month: last month to write; later ones are read and checked only.

    Raises:
        UserError: a file cannot be read, files of a month differ in their columns, or the month `last_month` is
            missing.
    """
    checksums = {name: sha256(external / name) for name in names}
    present: set[str] = set()
    with temporary_spool(flights.parent / ".spool.partial") as spool:
        for name in track_progress(names, "file"):
            for rows in read(external / name):
                present.add(rows.month)
                if rows.month <= last_month:
                    spool.add_rows(rows)
        if last_month not in present:
            raise UserError(
                f"{external}: no flights of {last_month}, fetch_raw.last_month in params.yaml (months are "
                f"{', '.join(sorted(present))}); add them or change it"
            )
        months = {
            month: spool.write_month(month, month_path(flights, month))
            for month in track_progress(sorted(month for month in present if month <= last_month), "month")
        }
    return FetchedFiles(months, checksums)
