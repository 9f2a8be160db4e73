"""Sort rows of files in `data/external/` by month, for any source."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.files import sha256
from flight_delay.core.incremental import MonthlyFolder, changed_months
from flight_delay.core.months import month_path
from flight_delay.core.runner import track_progress
from flight_delay.data.sources.spool import MonthRows, temporary_spool

COLUMNS_FILE = "columns.yaml"  # of source table
OTHER_FILES = ("README.md", "airports.csv", COLUMNS_FILE)  # other files of the folder

Reader = Callable[[Path], Iterator[MonthRows]]

log = logging.getLogger(__name__)


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
    external: Path, names: Sequence[str], flights: MonthlyFolder, read: Reader, last_month: str
) -> dict[str, str]:
    """Write a file YYYY-MM.parquet for every month up to `last_month`.

    The same files give the same bytes, whatever former months are kept. Memory does not grow with their number or size.

    Args:
        external: folder of the files.
        names: files to read, each with any months; a month has their rows in this order.
        flights: folder for the result; the rows are spooled beside it. A file that the former run read is read again
            only if one of its months is not kept.
        read: yields the rows of a file in its order, in blocks of one month each.
        last_month: last month to write; later ones are read and checked only.

    Returns:
        SHA-256 of the files by name.

    Raises:
        UserError: a file cannot be read, files of a month differ in their columns, or the month `last_month` is
            missing.
    """
    checksums = {name: sha256(external / name) for name in names}
    contents = [f"{checksums[name]}  {name}" for name in names]
    known = flights.months_of_inputs
    with temporary_spool(flights.path.parent / ".spool.partial") as spool:

        def spool_files(positions: Sequence[int], wanted: Callable[[str], bool]) -> None:
            for position, name in zip(positions, track_progress([names[n] for n in positions], "file"), strict=True):
                months = set()
                for rows in read(external / name):
                    months.add(rows.month)
                    if wanted(rows.month):
                        spool.add_rows(position, rows)
                known[contents[position]] = sorted(months)

        new = [position for position, content in enumerate(contents) if content not in known]
        spool_files(new, lambda month: month <= last_month)
        for content in known.keys() - set(contents):
            del known[content]
        inputs = {
            month: [content for content in contents if month in known[content]]
            for month in sorted({month for months in known.values() for month in months})
        }
        if last_month not in inputs:
            raise UserError(
                f"{external}: no flights of {last_month}, fetch_raw.last_month in params.yaml (months are "
                f"{', '.join(inputs)}); add them or change it"
            )
        months = [month for month in inputs if month <= last_month]
        stale = changed_months([flights], {month: inputs[month] for month in months})
        again = [n for n, content in enumerate(contents) if n not in new and set(known[content]) & set(stale)]
        spool_files(again, lambda month: month in stale)
        spool.require_same_columns()
        for month in track_progress(stale, "month"):
            flights.add(month, inputs[month], {"rows": spool.write_month(month, month_path(flights.path, month))})
    return checksums


def split_by_month(
    rows: pa.RecordBatch, dates: pa.StringArray, parse_month: Callable[[str], str | None]
) -> Iterator[tuple[str | None, int, pa.RecordBatch]]:
    """Split rows into those of each month.

    Args:
        rows: in any order.
        dates: text of the date of each row.
        parse_month: returns the month of a date, such as '2013-01', or None.

    Yields:
        Month, position of its first row, and its rows; months are in order of their first rows.
    """
    encoded = dates.fill_null("").dictionary_encode()
    months = [parse_month(date) for date in encoded.dictionary.to_pylist()]
    month_of_row = pa.array(months, pa.string()).take(encoded.indices)
    for month in dict.fromkeys(months):
        in_month = pc.equal(month_of_row, month) if month else pc.is_null(month_of_row)
        yield month, pc.index(in_month, True).as_py(), rows.filter(in_month)
