"""Read on-time performance files of the BTS and sort their rows by month.

The BTS is the US Bureau of Transportation Statistics. All rows and columns are kept, every value as text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import MonthlyFolder
from flight_delay.data.dictionary import L, find_layout
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.sources.csv_files import SUFFIXES
from flight_delay.data.sources.csv_text import open_texts, quote_values, read_blocks
from flight_delay.data.sources.monthly_files import fetch_monthly_files, list_data_files, split_by_month
from flight_delay.data.sources.spool import MonthRows

SOURCE = "bts"
LICENCE = "public domain: a work of the US Government (Department of Transportation), 17 U.S.C. 105"
HOMEPAGE = "https://www.transtats.bts.gov/"
LAYOUTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
FIRST_MONTH, LAST_MONTH = "1987-10", "2100-12"  # first published month; a month after the last one is a mistake


def fetch_bts(
    external: Path, flights: MonthlyFolder, layouts: Mapping[L, Collection[str]], last_month: str
) -> dict[str, Any]:
    """Write a file YYYY-MM.parquet for every month up to `last_month`.

    Args:
        external: folder with .csv, .csv.gz and .zip files, each with any months.
        flights: folder for the result.
        layouts: columns that a file of each layout must have, Year and Month among them.
        last_month: last month to write.

    Returns:
        Source, licence, homepage and files for the manifest.

    Raises:
        UserError: there are no files, a file is damaged or has an unknown layout, files of a month differ in their
            columns, or the month `last_month` is missing.
    """
    names = list_data_files(external, SUFFIXES, f"put on-time performance files of the BTS there, from {HOMEPAGE}")
    inputs = fetch_monthly_files(external, names, flights, partial(_read_file, layouts=layouts), last_month)
    return {"source": SOURCE, "licence": LICENCE, "homepage": HOMEPAGE, "inputs": inputs}


def _read_file(path: Path, layouts: Mapping[L, Collection[str]]) -> Iterator[MonthRows]:
    for text in open_texts(path):
        layout = find_layout(text.names, layouts, str(text), "put the file there as the BTS made it")
        for first_row, block in read_blocks(text):
            dates = pc.binary_join_element_wise(
                block["Year"], block["Month"], "|", null_handling="replace", null_replacement=""
            )
            for month, first, rows in split_by_month(block, dates, _parse_month):
                if month is None:
                    year, number = (quote_values([str(block[name][first])]) for name in ("Year", "Month"))
                    raise UserError(
                        f"{text}: row {first_row + first} (the header is row 1): Year is {year}, Month is {number}: "
                        f"dates out of range ({FIRST_MONTH} … {LAST_MONTH}); download it again or remove the row"
                    )
                yield MonthRows(month, rows, str(text), layout)


def _parse_month(date: str) -> str | None:
    """Parse the text of Year and Month, such as '2013|1'; None if invalid."""
    parts = re.fullmatch(r"\s*([0-9]{4})(?:\.0*)?\s*\|\s*([0-9]{1,2})(?:\.0*)?\s*", date)
    month = f"{parts[1]}-{int(parts[2]):02d}" if parts and 1 <= int(parts[2]) <= 12 else ""
    return month if FIRST_MONTH <= month <= LAST_MONTH else None
