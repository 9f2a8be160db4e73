"""Read CSV files with Arrow; all values are text.

A file that is not a table is a `UserError` of one line with its name."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flight_delay.core.errors import UserError
from flight_delay.data.sources.csv_files import Utf8Stream, csv_members, open_utf8, printable_name

BLOCK_BYTES = 1 << 20  # parsed at a time; no row may be longer


class CsvText(NamedTuple):
    """A CSV file, or a CSV file in a zip.

    `header` has the names of all columns; the last name may be empty.
    """

    path: Path
    member: zipfile.ZipInfo | None
    header: list[str]

    @property
    def names(self) -> list[str]:
        """Names of the columns, without an empty one."""
        return [name for name in self.header if name]

    def __str__(self) -> str:
        return printable_name(self.path, self.member)


def open_texts(path: Path) -> Iterator[CsvText]:
    """Read the header of a file, or of each CSV file in a zip, in its order.

    Raises:
        UserError: the file is damaged or is not text, or its first line does not name columns.
    """
    for member in csv_members(path) if path.name.lower().endswith(".zip") else [None]:
        with open_utf8(path, member) as stream:
            start = io.BufferedReader(stream).read(BLOCK_BYTES).decode(errors="ignore")
        yield CsvText(path, member, _parse_header(start, printable_name(path, member)))


def read_blocks(text: CsvText) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read the rows of a CSV in blocks; memory does not grow with the file.

    Yields:
        The number of a block's first row (the header is row 1, blank lines do not count), and the block: all columns
        that have a name, as strings, null where a value is empty.

    Raises:
        UserError: the file is damaged, has no rows, a row does not have the header's number of values, or a value does
            not end on its line.
    """
    row = 2
    invalid: list[pa.csv.InvalidRow] = []
    with open_utf8(text.path, text.member) as stream:
        try:
            with _arrow_reader(stream, text.header, invalid) as reader:
                for block in reader:
                    _check(text, row, block)
                    yield row, block.select(text.names)
                    row += block.num_rows
        except pa.ArrowInvalid as error:
            raise UserError(_explain(text, row, invalid, error)) from None
    if row == 2:
        raise UserError(f"{text}: a header and no rows; download it again or remove it")
    if stream.quotes % 2:
        raise UserError(f'{text}: an odd number of quotation marks ("): a value is cut short; download it again')


def quote_values(values: Sequence[str]) -> str:
    """Quote names or values for an error on one line; shorten long ones."""
    shown = [repr(value if len(value) <= 60 else f"{value[:60]}…") for value in values[:30]]
    return ", ".join(shown) + (f" and {len(values) - 30} more" if len(values) > 30 else "")


def _parse_header(start: str, where: str) -> list[str]:
    """Read the names of columns from the start of a file."""
    if not start:
        raise UserError(f"{where}: empty; download it again or remove it")
    if not (line := re.match("([^\r\n]*)[\r\n]", start)):
        raise UserError(f"{where}: no second line within {BLOCK_BYTES} characters; download it again or remove it")
    try:
        header = next(csv.reader([line[1]], strict=True), [])
    except csv.Error as error:
        raise UserError(f"{where}: its first line does not name columns ({error}); download it again") from None
    if not any(header) or not all(header[:-1]):
        raise UserError(
            f"{where}: no name for column {[*header, ''].index('') + 1} in its first line; download it again"
        )
    if repeated := [name for name, times in Counter(header).items() if times > 1]:
        raise UserError(f"{where}: several columns are called {quote_values(repeated)}; leave one of each")
    return header


def _arrow_reader(stream: Utf8Stream, header: list[str], invalid: list[pa.csv.InvalidRow]) -> pa.csv.CSVStreamingReader:
    def keep(row: pa.csv.InvalidRow) -> str:
        invalid.append(row)  # Arrow drops an exception that is raised here
        return "error"

    return pa.csv.open_csv(
        io.BufferedReader(stream, BLOCK_BYTES),
        # Arrow numbers rows only with one thread.
        pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, skip_rows=1, column_names=header),
        pa.csv.ParseOptions(invalid_row_handler=keep),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )


def _check(text: CsvText, row: int, block: pa.RecordBatch) -> None:
    """Refuse values in a column without a name, and line breaks in values.

    Arrow accepts both. No column of a flight has values of two lines: a quotation mark is missing, and the value would
    contain rows.
    """
    for name, column in zip(text.header, block.columns, strict=True):
        values = column.buffers()[2]
        content = values.to_pybytes() if values is not None else b""
        if b"\n" in content or b"\r" in content:
            broken = row + pc.index(pc.match_substring_regex(column, "[\r\n]"), True).as_py()
            raise UserError(
                f"{text}: row {broken} (the header is row 1) has a line break in {quote_values([name])}: a quotation "
                "mark is missing; download it again"
            )
        if not name and column.null_count < len(column):
            raise UserError(f"{text}: column {len(text.header)} has values and no name; name it in the first line")


def _explain(text: CsvText, row: int, invalid: list[pa.csv.InvalidRow], error: pa.ArrowInvalid) -> str:
    if invalid:
        return (
            f"{text}: row {invalid[0].number} (the header is row 1) has {invalid[0].actual_columns} values, "
            f"the header {invalid[0].expected_columns}: it is cut short or damaged; download it again"
        )
    if "straddling object" in str(error) or "out of sync" in str(error):
        return (
            f"{text}: row {row} (the header is row 1) or one after it has a value that does not end on its line, or "
            f"not within {BLOCK_BYTES} bytes: a quotation mark is missing; download it again"
        )
    return f"{text}: cannot be read from row {row} on ({str(error).splitlines()[0]}); download it again"
