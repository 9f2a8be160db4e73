"""Open CSV files, plain, in gzip or in zip, as UTF-8.

A damaged file is a `UserError` of one line with its name."""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import IO, Any, cast

from flight_delay.core.errors import UserError

SUFFIXES = (".csv", ".csv.gz", ".zip")
BLOCK_BYTES = 1 << 20  # read at a time
# Exceptions of gzip, zipfile and the compression methods inside a zip for damaged data. zipfile raises RuntimeError for
# an encrypted file, and a subclass of it for an unknown compression method.
DAMAGED = (
    EOFError, OSError, RuntimeError, ValueError, lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _decode_latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin-1", _decode_latin_1)


class Utf8Stream(io.RawIOBase):
    """A file as UTF-8; bytes that are not valid UTF-8 are read as Latin-1.

    `quotes` counts quotation marks.
    """

    def __init__(self, file: IO[bytes], label: str) -> None:
        self._file, self._label = file, label
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("latin-1")
        self._pending = memoryview(b"")
        self._offset = self.quotes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; see `io.RawIOBase.readinto`."""
        while not self._pending:
            chunk = self._file.read(BLOCK_BYTES)
            if (nul := chunk.find(b"\0")) >= 0:
                raise UserError(f"{self._label}: not text (NUL byte at offset {self._offset + nul}); download it again")
            self._offset += len(chunk)
            self.quotes += chunk.count(b'"')
            self._pending = memoryview(self._decoder.decode(chunk, final=not chunk).encode())
            if not chunk:
                break
        size = min(len(buffer), len(self._pending))
        buffer[:size], self._pending = self._pending[:size], self._pending[size:]
        return size


def csv_members(path: Path) -> list[zipfile.ZipInfo]:
    """List the CSV files in a zip, in its order.

    Raises:
        UserError: there is none, or the zip is damaged.
    """
    with _damage_as_user_error(path), zipfile.ZipFile(path) as archive:
        # Some systems add hidden files of their own. A Windows path is split at both slashes.
        members = [member for member in archive.infolist() if PureWindowsPath(member.filename).match("[!.]*.csv")]
    if not (files := [member for member in members if not member.is_dir()]):
        raise UserError(f"{printable_name(path)}: no .csv in this zip; download it again or remove it")
    return files


@contextmanager
def open_utf8(path: Path, member: zipfile.ZipInfo | None) -> Iterator[Utf8Stream]:
    """Open a file, or a file in a zip.

    Raises:
        UserError: the block reads bytes that are damaged.
    """
    with _damage_as_user_error(path, member):
        if member is not None:
            with zipfile.ZipFile(path) as archive, archive.open(member) as file:
                yield Utf8Stream(file, printable_name(path, member))
        elif path.suffix.lower() == ".gz":
            with gzip.open(path) as unzipped:
                yield Utf8Stream(cast("IO[bytes]", unzipped), printable_name(path))
        else:
            with path.open("rb") as plain:
                yield Utf8Stream(plain, printable_name(path))


@contextmanager
def _damage_as_user_error(path: Path, member: zipfile.ZipInfo | None = None) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise  # an error of the disk; EINVAL comes from a zip with an offset before its start
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"{printable_name(path, member)}: cut short, damaged or not what its name says ({reason}); "
            "download it again"
        ) from None


def printable_name(path: Path, member: zipfile.ZipInfo | None = None) -> str:
    """Return a name for an error: unprintable letters become question marks."""
    name = f"{path} ({member.filename})" if member is not None else str(path)
    return "".join(letter if letter.isprintable() else "?" for letter in name)
