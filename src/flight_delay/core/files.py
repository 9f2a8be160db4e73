"""Reading and writing files: atomic, so that a kill leaves nothing half-written; byte-stable, so that the same values
give the same bytes on every run. Nothing here knows what a file means."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from flight_delay.core.errors import UserError


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step: it has the old content or the new one, never a part of either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        # A full disk does not say which file it was.
        error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text in one step."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON in one step; keys keep the order they were given in. NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV with Unix line ends in one step; floats with at most six significant digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([f"{value:.6g}" if isinstance(value, float) else value for value in row] for row in rows)
    write_text(path, text.getvalue())


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file in one step, without the writer's own metadata (pandas index, schema fingerprints)."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.combine_chunks().replace_schema_metadata(None),
        sink,
        compression="zstd",
        store_schema=False,
        write_page_checksum=True,
    )
    write_bytes(path, sink.getvalue().to_pybytes())


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Give a folder to write into that becomes `path` when the block ends well, and vanishes when it does not.

    A former `path` is replaced as a whole. A folder that a killed process left behind is cleared away first.
    """
    partial, former = _partial(path), path.with_name(f".{path.name}.former.partial")
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    for leftover in (partial, former):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            path.rename(former)
        partial.rename(path)
    finally:
        for leftover in (partial, former):
            shutil.rmtree(leftover, ignore_errors=True)


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UserError: the file is missing or is not JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise UserError(f"{path}: not readable as JSON ({error}); {_RESTORE}") from None


def read_bytes(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        UserError: it is missing.
    """
    with _open(path) as file:
        return file.read()


def read_csv_columns(path: Path) -> dict[str, list[float]]:
    """Read a CSV of numbers by column.

    Raises:
        UserError: it is missing, empty or holds something else.
    """
    with _table_of_numbers(path) as (header, *rows):
        columns = zip(*([float(value) for value in row] for row in rows), strict=True)
        return dict(zip(header, map(list, columns), strict=True))


def read_csv_rows(path: Path, text: Collection[str] = ()) -> list[dict[str, Any]]:
    """Read a CSV row by row.

    Args:
        path: the file.
        text: columns that hold text; all others hold numbers, or nothing, which becomes None.

    Raises:
        UserError: it is missing, empty or holds something else.
    """
    with _table_of_numbers(path) as (header, *rows):
        return [
            {
                name: value if name in text else float(value) if value else None
                for name, value in zip(header, row, strict=True)
            }
            for row in rows
        ]


def read_table(path: Path, schema: pa.Schema | None = None, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file.

    Args:
        path: the file.
        schema: columns that the file must have, with their types; the table has exactly these, in this order.
        columns: names of columns to read, where the types do not matter.

    Raises:
        UserError: the file is missing, cut short, or lacks a column, or a column has another type.
    """
    wanted = schema.names if schema is not None else columns
    with _parquet(path) as file:
        present = file.schema_arrow
        for name in wanted or []:
            if name not in present.names:
                raise UserError(f"{path}: column '{name}' is missing; {_RESTORE}")
        for field in schema if schema is not None else []:
            found = present.field(field.name).type
            if found != field.type:
                raise UserError(f"{path}: column '{field.name}' is {found}, expected {field.type}; {_RESTORE}")
        return file.read(columns=list(wanted) if wanted is not None else None)


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns of a Parquet file.

    Raises:
        UserError: the file is missing or cut short.
    """
    with _parquet(path) as file:
        return list(file.schema_arrow.names)


def parquet_row_count(path: Path) -> int:
    """Number of rows of a Parquet file.

    Raises:
        UserError: the file is missing or cut short.
    """
    with _parquet(path) as file:
        return int(file.metadata.num_rows)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def round_values(values: Mapping[str, float], digits: int = 6) -> dict[str, float]:
    """Round for writing. The last digits of a float depend on the processor that summed it; the first six do not."""
    return {name: value if isinstance(value, int) else round(float(value), digits) for name, value in values.items()}


_RESTORE = "`dvc checkout --force` restores it, or `dvc repro --force` makes it again"


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: no such file; {_RESTORE}") from None


@contextmanager
def _table_of_numbers(path: Path) -> Iterator[list[list[str]]]:
    try:
        yield list(csv.reader(io.StringIO(read_bytes(path).decode())))
    except ValueError as error:
        raise UserError(f"{path}: not a table of numbers ({error}); {_RESTORE}") from None


@contextmanager
def _parquet(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        _open(path).close()  # names the file where Arrow does not
        yield pq.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowInvalid, pa.ArrowIOError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{path}: not a whole Parquet file ({reason}); {_RESTORE}") from None


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")
