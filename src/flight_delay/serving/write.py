"""Write predictions table by table, as CSV or Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from flight_delay.serving.batch import PREDICTED


def write_predictions(path: Path, tables: Iterable[pa.Table]) -> int:
    """Write a .csv or .parquet file completely or not at all; return the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    os.close(descriptor)
    partial, rows = Path(name), 0
    try:
        with _writer(partial, path.suffix) as writer:
            for table in tables:
                writer.write_table(table)
                rows += len(table)
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return rows


def print_csv(tables: Iterable[pa.Table], output: BinaryIO) -> None:
    """Print tables as one CSV."""
    for number, table in enumerate(tables):
        options = pa.csv.WriteOptions(include_header=number == 0)
        pa.csv.write_csv(table, output, options)


def _writer(path: Path, suffix: str) -> pa.csv.CSVWriter | pq.ParquetWriter:
    if suffix == ".csv":
        return pa.csv.CSVWriter(path, PREDICTED)
    return pq.ParquetWriter(path, PREDICTED, compression="zstd", store_schema=False, write_page_checksum=True)
