"""Read tables of flights, CSV or Parquet, and sort their rows by month.

A YAML file beside them says which of their columns are the canonical ones. Other columns are left out, and every value
is kept as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import MonthlyFolder
from flight_delay.core.params import parse_yaml
from flight_delay.data.dictionary import DICTIONARY_FILE, Dictionary
from flight_delay.data.sources import csv_files
from flight_delay.data.sources.csv_text import open_texts, quote_values, read_blocks
from flight_delay.data.sources.monthly_files import COLUMNS_FILE, fetch_monthly_files, list_data_files, split_by_month
from flight_delay.data.sources.spool import MonthRows
from flight_delay.data.values import DATE

SOURCE = "table"
PARQUET = ".parquet"
SUFFIXES = (*csv_files.SUFFIXES, PARQUET)
BLOCK_ROWS = 1 << 16
WHOLE_NUMBER = r"^(-?[0-9]+)\.0*$"
READ_BYTES = 1 << 20  # of a Parquet column at a time
# Types of Parquet columns whose texts are parsed as those of a CSV.
PARSED_TYPES: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_integer, pa.types.is_floating,
    pa.types.is_decimal, pa.types.is_boolean, pa.types.is_date, pa.types.is_time, pa.types.is_null,
)  # fmt: skip


# Rows of a file, with its name and the number of the first row.
_Block = tuple[str, int, pa.RecordBatch]


def fetch_table(
    external: Path, flights: MonthlyFolder, columns: Mapping[str, str], dictionary: Dictionary, last_month: str
) -> dict[str, Any]:
    """Write a file YYYY-MM.parquet for every month up to `last_month`.

    Args:
        external: folder with .csv, .csv.gz, .zip and .parquet files, each with any months.
        flights: folder for the result.
        columns: name of the source column by canonical column, see `read_columns`.
        dictionary: describes the canonical columns.
        last_month: last month to write.

    Returns:
        Source, columns and files for the manifest.

    Raises:
        UserError: there are no files, a file is damaged or lacks a column, a date is invalid, or the month
            `last_month` is missing.
    """
    names = list_data_files(external, SUFFIXES, "put a table of flights there")
    read = partial(_read_file, columns=columns, dictionary=dictionary)
    inputs = fetch_monthly_files(external, names, flights, read, last_month)
    return {"source": SOURCE, "columns": dict(columns), "inputs": inputs}


def read_columns(external: Path, dictionary: Dictionary) -> dict[str, str]:
    """Read the name of the source column by canonical column.

    Args:
        external: folder with `COLUMNS_FILE`.
        dictionary: describes the canonical columns.

    Raises:
        UserError: the file is missing or is not a mapping of names, a canonical column is unknown, an essential one is
            missing, or a source column stands twice.
    """
    path = external / COLUMNS_FILE
    try:
        given = parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; name the columns of your table there (docs/tables.md)") from None
    except ValueError as error:
        raise UserError(f"{path}: not valid YAML ({error}); correct the line") from None
    if not isinstance(given, dict):
        raise UserError(f"{path}: not a mapping such as 'carrier: airline_code'; see docs/tables.md")
    known = dictionary.layout_columns("table")
    if unknown := [str(name) for name in given if name not in known]:
        raise UserError(
            f"{path}: {quote_values(unknown)} is not in {DICTIONARY_FILE}, or is computed; choose from "
            f"{', '.join(known)}"
        )
    for name, column in given.items():
        if not isinstance(column, str) or not column:
            raise UserError(f"{path}: {name} is {column!r}, not the name of a column; write the name, in quotes")
    if missing := [name for name in known if name in dictionary.required_columns["table"] - set(given)]:
        raise UserError(f"{path}: {quote_values(missing)} is missing and essential; name its column")
    if repeated := [column for column, times in Counter(given.values()).items() if times > 1]:
        twice = " and ".join(name for name, column in given.items() if column == repeated[0])
        raise UserError(f"{path}: {twice} are both {repeated[0]!r}; name another column for one of them")
    return {name: given[name] for name in known if name in given}


def _read_file(path: Path, columns: Mapping[str, str], dictionary: Dictionary) -> Iterator[MonthRows]:
    entries = [dictionary.columns[name] for name in columns]
    date = dictionary.columns["flight_date"]
    first_month, last_month = (str(bound)[:7] for bound in (date.minimum, date.maximum))

    def parse_month(text: str) -> str | None:
        parts = re.match(DATE, text.strip())
        month = f"{parts[1]}-{parts[2]}" if parts and "01" <= parts[2] <= "12" else ""
        return month if first_month <= month <= last_month else None

    names, where = list(columns.values()), path.with_name(COLUMNS_FILE)
    read = _read_parquet if path.name.lower().endswith(PARQUET) else _read_csv
    for source, first_row, block in read(path, names, where):
        # A database gives whole numbers as 5.0 where others of its block are missing.
        texts = [
            pc.replace_substring_regex(values, WHOLE_NUMBER, r"\1") if entry.type == "integer" else values
            for entry, values in zip(entries, block.columns, strict=True)
        ]
        rows = pa.RecordBatch.from_arrays(texts, names=list(columns))
        for month, first, of_month in split_by_month(rows, rows["flight_date"], parse_month):
            if month is None:
                raise UserError(
                    f"{source}: row {first_row + first} (the header is row 1): {columns['flight_date']} is "
                    f"{quote_values([str(rows['flight_date'][first])])}, not a local date such as 2013-01-31; correct "
                    "or remove the row"
                )
            yield MonthRows(month, of_month, source, "table")


def _read_csv(path: Path, names: Sequence[str], where: Path) -> Iterator[_Block]:
    for text in open_texts(path):
        _require_columns(text.names, names, str(text), where)
        for first_row, block in read_blocks(text):
            yield str(text), first_row, block.select(names)


def _read_parquet(path: Path, names: Sequence[str], where: Path) -> Iterator[_Block]:
    source = csv_files.printable_name(path)
    try:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            if not file.metadata.num_rows:
                raise UserError(f"{source}: no rows; write it again or remove it")
            _require_columns(schema.names, names, source, where)
            for name in names:
                if not _is_parsed(kind := schema.field(name).type):
                    raise UserError(
                        f"{source}: column {name!r} is {kind}; give text, numbers, true and false, or dates and local "
                        "times without a time zone"
                    )
            row = 2  # as in a CSV
            for block in file.iter_batches(BLOCK_ROWS, columns=list(names)):
                block.validate(full=True)  # such as text that is no UTF-8
                texts = [_as_text(block[name]) for name in names]
                yield source, row, pa.RecordBatch.from_arrays(texts, names=list(names))
                row += block.num_rows
    except (pa.ArrowException, pa.ArrowIOError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{source}: not a whole Parquet file ({reason}); write it again") from None


def _as_text(column: pa.Array) -> pa.StringArray:
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)  # how some programs write a missing number
    return column.cast(pa.string())


def _require_columns(present: Sequence[str], names: Sequence[str], source: str, where: Path) -> None:
    if repeated := [name for name, times in Counter(present).items() if times > 1]:
        raise UserError(f"{source}: several columns are called {quote_values(repeated)}; leave one of each")
    if missing := [name for name in names if name not in present]:
        raise UserError(
            f"{source}: column {quote_values(missing)} of {where} is missing; correct one of them (columns are "
            f"{quote_values(present)})"
        )


def _is_parsed(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_parsed(kind.value_type)
    return any(test(kind) for test in PARSED_TYPES) or (pa.types.is_timestamp(kind) and kind.tz is None)
