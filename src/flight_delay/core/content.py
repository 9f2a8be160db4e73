"""Open files of stages, also files that were read on another machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from flight_delay.core.errors import UserError

RESTORE = "`dvc checkout --force` restores it, or `dvc repro --force` makes it again"


@dataclass(frozen=True)
class FileContent:
    """The content of a file of another machine; readers take it for a path."""

    path: Path
    content: bytes

    def __str__(self) -> str:
        return str(self.path)


Source = Path | FileContent


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        UserError: it is missing.
    """
    try:
        return path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: no such file; {RESTORE}") from None


@contextmanager
def open_parquet(source: Source) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; its pages are verified as they are read.

    Raises:
        UserError: it is missing or cut short.
    """
    try:
        if isinstance(source, Path):
            open_file(source).close()  # the error of Arrow may lack the name of the file
        file = source if isinstance(source, Path) else pa.BufferReader(source.content)
        yield pq.ParquetFile(file, page_checksum_verification=True)
    except (pa.ArrowInvalid, pa.ArrowIOError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{source}: not a whole Parquet file ({reason}); {RESTORE}") from None
