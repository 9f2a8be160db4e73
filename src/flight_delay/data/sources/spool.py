"""Sort rows into months on disk, in bounded memory and with one open file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from flight_delay.core.errors import UserError
from flight_delay.data.sources.csv_text import quote_values

ROW_GROUP_ROWS = 1 << 16
SPOOL_BYTES = 1 << 25


class MonthRows(NamedTuple):
    """Rows of one month.

    `source` is the file that they are from, for errors. Rows of a month have the same columns, in any order.
    """

    month: str
    rows: pa.RecordBatch
    source: str
    layout: str


class Spool:
    """Rows by month, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # First rows, without their values, by month and position: columns of a file are those of its first rows, and
        # columns of a month those of its first file.
        self._first: dict[str, dict[int, MonthRows]] = {}
        self._waiting: dict[str, list[pa.RecordBatch]] = {}
        self._waiting_bytes = 0

    def add_rows(self, position: int, added: MonthRows) -> None:
        """Add rows of a month.

        Args:
            position: of their file; a month has rows of several files in this order, whichever is read first.
            added: rows in the order of the file.

        Raises:
            UserError: other rows of the month in this file have other columns.
        """
        month, rows, *_ = added
        parts = self._first.setdefault(month, {})
        first = parts.setdefault(position, added._replace(rows=pa.RecordBatch.from_pylist([], rows.schema)))
        _require_same_columns(first, added)
        self._waiting.setdefault(f"{month}.{position}", []).append(rows.select(first.rows.schema.names))
        self._waiting_bytes += rows.nbytes
        if self._waiting_bytes >= SPOOL_BYTES:
            self._flush()

    def require_same_columns(self) -> None:
        """Check that the files of each month have the same columns.

        Raises:
            UserError: two differ; they do not depend on the order in which files were read.
        """
        for _, parts in sorted(self._first.items()):
            for _, part in sorted(parts.items()):
                _require_same_columns(parts[min(parts)], part)

    def write_month(self, month: str, path: Path) -> int:
        """Move the rows of a month to a Parquet file; return their number."""
        self._flush()
        parts = self._first[month]
        first = parts[min(parts)]
        spooled = [self._folder / f"{month}.{position}" for position in sorted(parts)]
        batches = (batch.select(first.rows.schema.names) for part in spooled for batch in _read(part))
        rows = 0
        with pq.ParquetWriter(
            path, first.rows.schema, compression="zstd", store_schema=False, write_page_checksum=True
        ) as writer:
            for table in _row_groups(batches):
                writer.write_table(table)
                rows += table.num_rows
        for part in spooled:
            part.unlink()
        return rows

    def _flush(self) -> None:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        for name, pieces in self._waiting.items():
            table = pa.Table.from_batches(pieces).combine_chunks()
            with (
                (self._folder / name).open("ab") as file,
                pa.ipc.new_stream(file, table.schema, options=options) as sink,
            ):
                sink.write_table(table)
        self._waiting, self._waiting_bytes = {}, 0


@contextmanager
def temporary_spool(folder: Path) -> Iterator[Spool]:
    """Yield a spool in a folder that is removed at the end of the block."""
    shutil.rmtree(folder, ignore_errors=True)  # a killed process may have left it
    folder.mkdir(parents=True)
    try:
        yield Spool(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_same_columns(first: MonthRows, second: MonthRows) -> None:
    if differing := sorted(set(first.rows.schema.names) ^ set(second.rows.schema.names)):
        raise UserError(
            f"{first.source} ({first.layout}) and {second.source} ({second.layout}) both hold {first.month}, but only "
            f"one has {quote_values(differing)}; keep one of them"
        )


def _read(path: Path) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as file:
        while file.peek(1):  # every flush appends a stream
            yield from pa.ipc.open_stream(file)


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Regroup rows, so that the bytes of the file do not depend on the batches."""
    waiting: list[pa.RecordBatch] = []
    missing = ROW_GROUP_ROWS
    for batch in batches:
        rest = batch
        while rest.num_rows >= missing:
            yield pa.Table.from_batches([*waiting, rest.slice(0, missing)]).combine_chunks()
            rest = rest.slice(missing)
            waiting, missing = [], ROW_GROUP_ROWS
        waiting.append(rest)
        missing -= rest.num_rows
    if missing < ROW_GROUP_ROWS:
        yield pa.Table.from_batches(waiting).combine_chunks()
