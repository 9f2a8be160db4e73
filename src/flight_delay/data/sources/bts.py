"""The files of the US Bureau of Transportation Statistics (BTS), "on-time performance", as a user has put them into a
folder: sorted into months, with the rows and columns that they have there, every value as text."""

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
FIRST_MONTH, LAST_MONTH = "1987-10", "2100-12"  # the first that was published, and one that is surely a mistake
OTHER_FILES = ("README.md", "airports.csv")  # what else belongs into the folder

log = logging.getLogger(__name__)


class FetchedFiles(NamedTuple):
    """What was written, and from what.

    `months` goes by 'YYYY-MM', in order; `files` has the SHA-256 by the name of each file in the folder, in order.
    """

    months: dict[str, SpooledMonth]
    files: dict[str, str]


def fetch_bts(external: Path, flights: Path, layouts: Mapping[L, Collection[str]], through: str) -> FetchedFiles:
    """Write flights/YYYY-MM.parquet for every month up to `through` that the files in a folder hold.

    The same files give the same bytes. Memory does not grow with their number or size.

    Args:
        external: the folder with the files: .csv, .csv.gz and .zip, each with any months.
        flights: an empty folder. The rows wait beside it until they are all sorted into months.
        layouts: by name of a layout, the columns that its files have at least, Year and Month among them. A file is of
            the first layout that fits.
        through: the last month to write. Later ones are read and checked, and left out.

    Raises:
        UserError: there are no files, one is damaged or has no known layout, files with the same month do not go
            together, or none has the month `through`.
    """
    checksums = {name: sha256(external / name) for name in _data_files(external)}
    _warn_of_copies(checksums)
    found: set[str] = set()
    with temporary_spool(flights.parent / ".spool.partial") as spool:
        for name in track_progress(list(checksums), "file"):
            for text in open_texts(external / name):
                layout = find_layout(text.names, layouts, str(text), "put the file there as the BTS made it")
                for month, rows in _by_month(text):
                    found.add(month)
                    if month <= through:
                        spool.add(month, rows, text, layout)
        if through not in found:
            raise UserError(
                f"{external}: no flights of {through}, which fetch_raw.through in params.yaml asks for (there are "
                f"{', '.join(sorted(found))}); add them or change it"
            )
        months = {
            month: spool.write(month, month_path(flights, month))
            for month in track_progress(sorted(month for month in found if month <= through), "month")
        }
    return FetchedFiles(months, checksums)


def bts_provenance(fetched: FetchedFiles) -> dict[str, Any]:
    """Where the data come from, for the manifest."""
    return {"source": SOURCE, "licence": LICENCE, "homepage": HOMEPAGE, "inputs": fetched.files}


def _data_files(external: Path) -> list[str]:
    found = []
    for path in sorted(external.glob("[!.]*")):
        if path.name.lower().endswith(SUFFIXES) and path.name not in OTHER_FILES and not path.is_dir():
            if not path.exists():
                raise UserError(f"{path}: a link to nothing; `dvc checkout` restores it, or remove it")
            found.append(path.name)
        elif path.name not in OTHER_FILES and path.suffix != ".dvc":
            log.warning("  %s: left out; only %s files are read", path, ", ".join(SUFFIXES))
    if not found:
        raise UserError(
            f"{external}: no {', '.join(SUFFIXES)} file; put on-time performance files of the BTS there, from {HOMEPAGE}"
        )
    return found


def _warn_of_copies(checksums: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for name, checksum in checksums.items():
        if first.setdefault(checksum, name) != name:
            log.warning("  %s is a copy of %s: its flights are there twice; remove one of them", name, first[checksum])


def _by_month(text: CsvText) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows of a text, some at a time, each time of one month."""
    said = re.search(r"_([0-9]{4})_(0?[1-9]|1[0-2])\.(csv|csv\.gz|zip)$", text.path.name.lower())
    expected = f"{said[1]}-{int(said[2]):02d}" if said else None
    for first_row, block in read_blocks(text):
        dates = pc.binary_join_element_wise(
            block["Year"], block["Month"], "|", null_handling="replace", null_replacement=""
        ).dictionary_encode()
        months = [_month(date) for date in dates.dictionary.to_pylist()]
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
            if expected not in {None, month}:
                raise UserError(f"{where}: says {expected}, holds rows of {month}; rename the file if that is right")
            yield month, block.filter(in_month)


def _month(date: str) -> str | None:
    """The month that the text of Year and Month ('2013|1') means, if it means one."""
    found = re.fullmatch(r"\s*([0-9]{4})(?:\.0*)?\s*\|\s*([0-9]{1,2})(?:\.0*)?\s*", date)
    month = f"{found[1]}-{int(found[2]):02d}" if found and 1 <= int(found[2]) <= 12 else ""
    return month if FIRST_MONTH <= month <= LAST_MONTH else None
