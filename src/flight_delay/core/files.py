"""Read and write files: atomically, and with the same bytes on every run."""

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
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flight_delay.core.content import RESTORE, Source, open_file, open_parquet
from flight_delay.core.errors import UserError


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically: it has the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        error.filename = str(path)  # the error of a full disk has no name
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON atomically; NaN and infinity raise ValueError."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV atomically; floats have at most six significant digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([f"{value:.6g}" if isinstance(value, float) else value for value in row] for row in rows)
    write_text(path, text.getvalue())


def table_bytes(table: pa.Table) -> bytes:
    """Return the content of a Parquet file, without metadata of the writer."""
    sink = pa.BufferOutputStream()
    plain = table.combine_chunks().replace_schema_metadata(None)
    pq.write_table(plain, sink, compression="zstd", store_schema=False, write_page_checksum=True)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file atomically."""
    write_bytes(path, table_bytes(table))


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield a directory that replaces `path` if the block succeeds."""
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


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Raises:
        UserError: it is missing.
    """
    with open_file(path) as file:
        return file.read()


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UserError: the file is missing or is not JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise UserError(f"{path}: not readable as JSON ({error}); {RESTORE}") from None


def read_csv_rows(path: Path, text: Collection[str] = ()) -> list[dict[str, Any]]:
    """Read a CSV by row: columns in `text` as text, others as number or None.

    Raises:
        UserError: the file is missing or empty, or a value is not a number.
    """

    def parse(name: str, value: str) -> str | float | None:
        return value if name in text else float(value) if value else None

    try:
        header, *rows = csv.reader(io.StringIO(read_bytes(path).decode()))
        return [{name: parse(name, value) for name, value in zip(header, row, strict=True)} for row in rows]
    except ValueError as error:
        raise UserError(f"{path}: not a table of numbers ({error}); {RESTORE}") from None


def read_csv_columns(path: Path) -> dict[str, list[float]]:
    """Read a CSV of numbers by column; see `read_csv_rows`."""
    if not (rows := read_csv_rows(path)):
        raise UserError(f"{path}: not a table of numbers (no rows); {RESTORE}")
    return {name: [row[name] for row in rows] for name in rows[0]}


def read_table(path: Source, schema: pa.Schema | None = None, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file.

    Args:
        path: the file.
        schema: columns to read, in this order, with the types that they must have.
        columns: names of columns to read, of any type.

    Raises:
        UserError: the file is missing or cut short, or a column is missing or has another type.
    """
    names = columns if schema is None else schema.names
    with open_parquet(path) as file:
        present = file.schema_arrow
        for name in names or []:
            if name not in present.names:
                raise UserError(f"{path}: column '{name}' is missing; {RESTORE}")
        for field in schema or []:
            kind = present.field(field.name).type
            if kind != field.type:
                raise UserError(f"{path}: column '{field.name}' is {kind}, expected {field.type}; {RESTORE}")
        return file.read(columns=None if names is None else list(names))


def read_parquet_metadata(path: Source) -> pq.FileMetaData:
    """Read the metadata of a Parquet file, such as `num_rows` and `schema.names`.

    Raises:
        UserError: the file is missing or cut short.
    """
    with open_parquet(path) as file:
        return file.metadata


def sha256(path: Path) -> str:
    """Compute the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def round_values(values: Mapping[str, float], digits: int = 6) -> dict[str, float]:
    """Round floats for writing, because their last digits depend on the CPU."""
    return {name: value if isinstance(value, int) else round(float(value), digits) for name, value in values.items()}


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")
