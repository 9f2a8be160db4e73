"""Read on-time performance files of the BTS and sort their rows by month.

The BTS is the US Bureau of Transportation Statistics. All rows and columns are kept, every value as text."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.files import sha256
from flight_delay.core.months import month_path
from flight_delay.core.runner import track_progress
from flight_delay.data.dictionary import L, find_layout
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.sources.bts_files import SUFFIXES
from flight_delay.data.sources.bts_spool import SpooledMonth, temporary_spool
from flight_delay.data.sources.bts_text import CsvText, open_texts, quote_values, read_blocks

SOURCE = "bts"
LICENCE = "public domain: a work of the US Government (Department of Transportation), 17 U.S.C. 105"
HOMEPAGE = "https://www.transtats.bts.gov/"
LAYOUTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
FIRST_MONTH, LAST_MONTH = "1987-10", "2100-12"  # first published month; a month after the last one is a mistake
OTHER_FILES = ("README.md", "airports.csv")  # other files of the folder

log = logging.getLogger(__name__)


class FetchedFiles(NamedTuple):
    """Written months by 'YYYY-MM', and SHA-256 of read files by name, in order."""

    months: dict[str, SpooledMonth]
    files: dict[str, str]


def fetch_bts(external: Path, flights: Path, layouts: Mapping[L, Collection[str]], last_month: str) -> FetchedFiles:
    """Write a file YYYY-MM.parquet for every month up to `last_month`.

    The same files give the same bytes. Memory does not grow with their number or size.

    Args:
        external: folder with .csv, .csv.gz and .zip files, each with any months.
        flights: an empty folder for the result; the rows are spooled beside it.
        layouts: columns that a file of each layout must have, Year and Month among them.
        last_month: last month to write; later ones are read and checked only.

    Raises:
        UserError: there are no files, a file is damaged or has an unknown layout, files of a month differ in their
            columns, or the month `last_month` is missing.
    """
    checksums = {name: sha256(external / name) for name in _data_files(external)}
    present: set[str] = set()
    with temporary_spool(flights.parent / ".spool.partial") as spool:
        for name in track_progress(list(checksums), "file"):
            for text in open_texts(external / name):
                layout = find_layout(text.names, layouts, str(text), "put the file there as the BTS made it")
                for month, rows in _split_by_month(text):
                    present.add(month)
                    if month <= last_month:
                        spool.add_rows(month, rows, text, layout)
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


def bts_provenance(fetched: FetchedFiles) -> dict[str, Any]:
    """Return source, licence, homepage and files for the manifest."""
    return {"source": SOURCE, "licence": LICENCE, "homepage": HOMEPAGE, "inputs": fetched.files}


def _data_files(external: Path) -> list[str]:
    names = []
    for path in sorted(external.glob("[!.]*")):
        if path.name in OTHER_FILES or path.suffix == ".dvc":
            continue
        if path.is_dir() or not path.name.lower().endswith(SUFFIXES):
            log.warning("  %s: ignored; only %s files are read", path, ", ".join(SUFFIXES))
        elif path.exists():
            names.append(path.name)
        else:
            raise UserError(f"{path}: a broken link; `dvc checkout` restores it, or remove it")
    if not names:
        raise UserError(
            f"{external}: no {', '.join(SUFFIXES)} file; "
            f"put on-time performance files of the BTS there, from {HOMEPAGE}"
        )
    return names


def _split_by_month(text: CsvText) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the rows of a text in blocks of one month each."""
    for first_row, block in read_blocks(text):
        dates = pc.binary_join_element_wise(
            block["Year"], block["Month"], "|", null_handling="replace", null_replacement=""
        ).dictionary_encode()
        months = [_parse_month(date) for date in dates.dictionary.to_pylist()]
        month_of_row = pa.array(months, pa.string()).take(dates.indices)
        for month in dict.fromkeys(months):
            in_month = pc.equal(month_of_row, month) if month else pc.is_null(month_of_row)
            index = pc.index(in_month, True).as_py()
            where = f"{text}: row {first_row + index} (the header is row 1)"
            if month is None:
                year, number = (quote_values([str(block[name][index])]) for name in ("Year", "Month"))
                raise UserError(
                    f"{where}: Year is {year}, Month is {number}: dates out of range ({FIRST_MONTH} … {LAST_MONTH}); "
                    "download it again or remove the row"
                )
            yield month, block.filter(in_month)


def _parse_month(date: str) -> str | None:
    """Parse the text of Year and Month, such as '2013|1'; None if invalid."""
    parts = re.fullmatch(r"\s*([0-9]{4})(?:\.0*)?\s*\|\s*([0-9]{1,2})(?:\.0*)?\s*", date)
    month = f"{parts[1]}-{int(parts[2]):02d}" if parts and 1 <= int(parts[2]) <= 12 else ""
    return month if FIRST_MONTH <= month <= LAST_MONTH else None
