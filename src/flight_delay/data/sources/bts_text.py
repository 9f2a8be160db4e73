"""Opening the CSV texts that a user has put into a folder, plain, in gzip or in zip: what is damaged or no table is named
before a row is used. All values are text; what they mean is not known here."""

from __future__ import annotations

import codecs
import csv
import errno
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import IO, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flight_delay.core.errors import UserError

SUFFIXES = (".csv", ".csv.gz", ".zip")
# Read at a time; no row may be longer.
BLOCK_BYTES = 1 << 20
# What gzip, zip and the methods inside a zip raise for bytes that are not theirs; zipfile raises NotImplementedError for a
# version or method of compression that it does not know.
DAMAGED = (
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class CsvText(NamedTuple):
    """A CSV file or a CSV in a zip, read once from end to end: whole, decodable, and with a proper header.

    `header` has the names of all columns; the last may be empty.
    """

    path: Path
    member: zipfile.ZipInfo | None
    encoding: str
    quotes_pair: bool
    header: list[str]

    @property
    def names(self) -> list[str]:
        """The columns that have a name."""
        return [name for name in self.header if name]

    def __str__(self) -> str:
        return _label(self.path, self.member)


def open_texts(path: Path) -> Iterator[CsvText]:
    """The texts of a file: one, or those of a zip in its own order.

    Raises:
        UserError: the file is damaged, encrypted or unsafe, is not text, or its first line does not name columns.
    """
    for member in _csv_members(path) if path.name.lower().endswith(".zip") else [None]:
        encoding, quotes_pair = _scan(path, member)
        yield CsvText(path, member, encoding, quotes_pair, _header(path, member, encoding))


def read_blocks(text: CsvText) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read the rows of a text, some at a time, so that memory does not grow with the file.

    Yields:
        The number of a block's first row (the header is row 1, blank lines do not count), and the block: all its columns
        strings, null where there is nothing. An empty last column without a name, as after a comma at the end, is
        left out.

    Raises:
        UserError: a row does not have the header's number of values, or a value does not end on its line.
    """
    row = 2
    misfits: list[pa.csv.InvalidRow] = []
    try:
        with _opened(text.path, text.member) as file, _reader(file, text, misfits) as reader:
            for block in reader:
                _check(text, row, block)
                yield row, block.select(text.names)
                row += block.num_rows
    except pa.ArrowInvalid as error:
        raise UserError(_why(text, row, misfits, error)) from None
    if row == 2:
        raise UserError(f"{text}: a header and no rows; download it again or remove it")
    if not text.quotes_pair:
        raise UserError(f'{text}: an odd number of quotation marks ("): a value is cut short; download it again')


def quote_values(found: Sequence[str]) -> str:
    """Names or values from a file, for an error: in quotes, on one line, however many and long they are."""
    shown = [repr(text if len(text) <= 60 else f"{text[:60]}…") for text in found[:30]]
    return ", ".join(shown) + (f" and {len(found) - 30} more" if len(found) > 30 else "")


def _csv_members(path: Path) -> list[zipfile.ZipInfo]:
    with _named_if_damaged(path), zipfile.ZipFile(path) as archive:
        names = {member: PureWindowsPath(member.filename) for member in archive.infolist()}  # knows both slashes
    for member, name in names.items():
        # Nothing is extracted, but whoever makes such a zip is up to no good.
        if name.anchor or ".." in name.parts:
            raise UserError(f"{_label(path, member)}: a name that leads out of the zip; use the zip that the BTS made")
    # Some systems add hidden files of their own.
    found = [member for member, name in names.items() if name.match("[!.]*.csv") and not member.filename.endswith("/")]
    if not found:
        raise UserError(f"{_label(path)}: no .csv in this zip; download it again or remove it")
    for member in found:
        if member.flag_bits & 1:
            raise UserError(f"{_label(path, member)}: encrypted; put it there without a password")
    return found


def _scan(path: Path, member: zipfile.ZipInfo | None) -> tuple[str, bool]:
    """Read to the end, which checks all checksums. Returns the encoding, and whether quotation marks come in pairs."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, offset, quotes = "utf-8", 0, 0
    with _named_if_damaged(path, member), _opened(path, member) as file:
        chunk = None
        while chunk != b"":
            chunk = file.read(BLOCK_BYTES)
            if (nul := chunk.find(b"\0")) >= 0:
                raise UserError(
                    f"{_label(path, member)}: not text (NUL byte at offset {offset + nul}); download it again"
                )
            if encoding == "utf-8":
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    encoding = "latin-1"
            offset += len(chunk)
            quotes += chunk.count(b'"')
    return encoding, quotes % 2 == 0


def _header(path: Path, member: zipfile.ZipInfo | None, encoding: str) -> list[str]:
    where = _label(path, member)
    with (
        _opened(path, member) as file,
        io.TextIOWrapper(file, "utf-8-sig" if encoding == "utf-8" else encoding) as lines,
    ):
        line = lines.readline(BLOCK_BYTES)
    if not line:
        raise UserError(f"{where}: empty; download it again or remove it")
    if not line.endswith("\n"):
        raise UserError(f"{where}: no second line within {BLOCK_BYTES} characters; download it again or remove it")
    try:
        header = next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise UserError(f"{where}: its first line does not name columns ({error}); download it again") from None
    for delimiter in ";", "\t":
        if len(header) == 1 and delimiter in header[0]:
            raise UserError(f"{where}: values are separated by {delimiter!r}, not by commas; save it with commas")
    if not any(header) or not all(header[:-1]):
        raise UserError(
            f"{where}: no name for column {[*header, ''].index('') + 1} in its first line; download it again"
        )
    repeated = [name for name, times in Counter(header).items() if times > 1]
    if repeated:
        raise UserError(f"{where}: several columns are called {quote_values(repeated)}; leave one of each")
    return header


def _reader(file: IO[bytes], text: CsvText, misfits: list[pa.csv.InvalidRow]) -> pa.csv.CSVStreamingReader:
    def keep(row: pa.csv.InvalidRow) -> str:
        misfits.append(row)  # an exception that is raised here gets lost
        return "error"

    return pa.csv.open_csv(
        file,
        # Only with one thread does Arrow know the number of a row.
        pa.csv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, skip_rows=1, column_names=text.header, encoding=text.encoding
        ),
        pa.csv.ParseOptions(invalid_row_handler=keep),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(text.header, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )


def _check(text: CsvText, row: int, block: pa.RecordBatch) -> None:
    """Refuse what Arrow lets through: values in a column without a name, and values that go on in the next line.

    No file of the BTS has a value of two lines. Where one seems to, a quotation mark is missing and rows are lost in it.
    """
    for name, column in zip(text.header, block.columns, strict=True):
        values = column.buffers()[2]
        content = values.to_pybytes() if values is not None else b""
        if b"\n" in content or b"\r" in content:
            broken = row + pc.index(pc.match_substring_regex(column, "[\r\n]"), True).as_py()
            raise UserError(
                f"{text}: row {broken} (the header is row 1) has a line break in {quote_values([name])}: a quotation mark is "
                "missing; download it again"
            )
        if not name and column.null_count < len(column):
            raise UserError(f"{text}: column {len(text.header)} has values and no name; name it in the first line")


def _why(text: CsvText, row: int, misfits: list[pa.csv.InvalidRow], error: pa.ArrowInvalid) -> str:
    if misfits:
        misfit = misfits[0]
        return (
            f"{text}: row {misfit.number} (the header is row 1) has {misfit.actual_columns} values, "
            f"the header {misfit.expected_columns}: it is cut short or damaged; download it again"
        )
    if "straddling object" in str(error) or "out of sync" in str(error):
        return (
            f"{text}: row {row} (the header is row 1) or one after it has a value that does not end on its line, or not "
            f"within {BLOCK_BYTES} bytes: a quotation mark is missing; download it again"
        )
    return f"{text}: cannot be read from row {row} on ({str(error).splitlines()[0]}); download it again"


@contextmanager
def _opened(path: Path, member: zipfile.ZipInfo | None) -> Iterator[IO[bytes]]:
    if member is not None:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield file
    elif path.suffix.lower() == ".gz":
        with gzip.open(path) as unzipped:
            yield cast("IO[bytes]", unzipped)
    else:
        with path.open("rb") as plain:
            yield plain


@contextmanager
def _named_if_damaged(path: Path, member: zipfile.ZipInfo | None = None) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise  # the disk, not the content, which may name a place before the file's start (EINVAL)
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"{_label(path, member)}: cut short, damaged or not what its name says ({reason}); download it again"
        ) from None


def _label(path: Path, member: zipfile.ZipInfo | None = None) -> str:
    name = f"{path} ({member.filename})" if member is not None else str(path)
    return "".join(letter if letter.isprintable() else "?" for letter in name)  # a name may hold line breaks
