"""data.sources.bts: a file that cannot be right ends in one line that names it, and leaves nothing behind."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from external_files import fetch_files, zipped

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import monthly_folder
from flight_delay.data.sources import bts, csv_text

LAYOUTS = {
    "bts_classic": ["Year", "Month", "UniqueCarrier"],
    "bts_current": ["Year", "Month", "Reporting_Airline", "DOT"],
}
HEADER = b"Year,Month,UniqueCarrier,Dest\n"
GOOD = HEADER + b"2013,1,UA,LAX\n" * 3
OTHER = b"Year,Month,Reporting_Airline,DOT\n2013,1,UA,7\n"


def rows(*lines: str) -> bytes:
    return HEADER + "".join(f"{line}\n" for line in lines).encode()


def with_bytes(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new)


def marked(archive: bytes, offset: int, byte: int) -> bytes:
    """The archive with another byte in what it says of its first member, in both places where it says it."""
    changed = bytearray(archive)
    changed[archive.index(b"PK\3\4") + 6 + offset] = changed[archive.index(b"PK\1\2") + 8 + offset] = byte
    return bytes(changed)


STORED = zipped(("a.csv", GOOD), method=zipfile.ZIP_STORED)
LONG = rows(*["2013,1,UA,LAX"] * 10_000)
PACKED = gzip.compress(bytes(range(1, 256)).replace(b'"', b"") * 99)

# By fault: name of the file, its content, and names and numbers that the error must hold.
Bad = tuple[str, bytes, list[str | int]]
TEXTS: dict[str, Bad] = {
    "blank first line": ("a.csv", b"\n" + GOOD, [1]),
    "NUL byte": ("a.csv", GOOD + b"2013,\0", [len(GOOD) + 5]),
    "UTF-16": ("a.csv", GOOD.decode().encode("utf-16"), [3]),
    "very many columns": ("a.csv", b"a," * 99_999 + b"\n1\n", ["'a'"]),
    "long header": ("a.csv", b"Year," + b"x" * 200_000 + b"\n2013,1\n", []),
    "semicolons": ("a.csv", with_bytes(GOOD, b",", b";"), ["bts_classic"]),
    "column missing": ("a.csv", with_bytes(OTHER, b"DOT", b"DOG"), ["bts_current", "'DOT'"]),
    "names in other letters": ("a.csv", GOOD.swapcase(), ["bts_classic", "'Year'"]),
    "too few values": ("a.csv", rows("2013,1,UA,LAX", "2013,1,UA"), [3, 4]),
    "too many values": ("a.csv", rows("2013,1,UA,LAX,7"), [2, 5, 4]),
    "far too few values": ("a.csv", LONG + b"2013\n", [10_002, 1, 4]),
    "cut short": ("a.csv", GOOD[:-6], [4, 3]),
    "cut short in quotes": ("a.csv", GOOD + b'2013,1,"U', [5, 3, 4]),
    "quote without end": ("a.csv", GOOD + b'2013,1,UA,"LAX\n' + LONG * 8, [5, "'Dest'"]),
}  # fmt: skip
DATES: dict[str, Bad] = {
    **{
        f"{year!r}, {month!r}": ("a.csv", rows("2013,1,UA,LAX", f"{year},{month},UA,LAX"),
                                 [3, "1987-10 … 2100-12", *shown])
        for year, month, *shown in [
            ("2013", "13", "'13'"), ("2013", "0", "'0'"), ("2013", "", "'2013'", "'None'"), ("", "1", "'None'", "'1'"),
            ("", "", "'None'"), ("1987", "9", "'1987'"), ("2101", "1", "'2101'"), ("NA", "NA", "'NA'"),
            ("2013", "1.5", "'1.5'"),
            ("-2013", "1", "'-2013'"), ("13", "1", "'13'"), ("2013", "Jan", "'Jan'"), ("2013|1", "1", "'2013|1'"),
            ("2013", "٣", "'٣'"), ("9" * 5000, "1", "'99999"),
        ]
    },
    "header again": ("a.csv", GOOD + GOOD, [5, "'Year'", "'Month'"]),
    "later and bad": ("a.csv", rows("2013,1,UA,LAX", "2014,1,UA,LAX", "2014,1,UA"), [4, 3]),
}  # fmt: skip
PACKAGES: dict[str, Bad] = {
    "gzip that is none": ("a.csv.gz", GOOD, []),
    "gzip cut short": ("a.csv.gz", gzip.compress(GOOD)[:-10], []),
    "gzip without an end": ("a.csv.gz", gzip.compress(GOOD)[:-8], []),
    "gzip with another checksum": ("a.csv.gz", gzip.compress(GOOD)[:-8] + b"8" * 8, ["CRC"]),
    "gzip damaged inside": ("a.csv.gz", PACKED[:40] + b"\xff" * 40 + PACKED[80:], []),
    "gzip of nothing": ("a.csv.gz", gzip.compress(b""), []),
    "gzip called csv": ("a.csv", gzip.compress(GOOD), []),
    "zip that is none": ("a.zip", GOOD, ["not a zip file"]),
    "zip of nothing": ("a.zip", b"", []),
    "zip cut short": ("a.zip", zipped(("a.csv", GOOD))[:-30], []),
    "zip with another checksum": ("a.zip", with_bytes(STORED, b"LAX", b"LAY"), ["(a.csv)", "CRC"]),
    "zip damaged inside": ("a.zip", with_bytes(zipped(("a.csv", GOOD)), b"PK\3\4", b"PK\3\5"), ["(a.csv)"]),
    "zip with a password": ("a.zip", marked(STORED, 0, 1), ["(a.csv)", "encrypted"]),
    "zip without a table": ("a.zip", zipped(("readme.html", b"<html>"), ("folder.csv/", b"")), []),
    "zip without a name": ("a.zip", zipped(("?.csv", GOOD)).replace(b"?.csv", b"\0.csv"), []),
    "zip of another method": ("a.zip", marked(STORED, 2, 9), ["(a.csv)", "compression method"]),
    "zip before its start": ("a.zip", STORED[:-6] + b"\0\1\0\0" + STORED[-2:], ["(a.csv)"]),
    "bad table in zip": ("a.zip", zipped(("a.csv", GOOD), ("b.csv", GOOD + b"1")), ["a.zip (b.csv)", 5, 1, 4]),
}  # fmt: skip
BAD = TEXTS | DATES | PACKAGES


def refusal(root: Path, files: Iterable[tuple[str, bytes]]) -> str:
    """Return the error that fetching files raises; it is one line."""
    with pytest.raises(UserError) as refused:
        fetch_files(root, dict(files), partial(bts.fetch_bts, layouts=LAYOUTS, last_month="2013-01"))
    assert [path.name for path in (root / "raw").rglob("*")] == ["flights"]
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 600
    return message


def missing_from(values: Iterable[str | int], message: str) -> list[str | int]:
    """Names and numbers that an error does not hold."""
    return [
        value
        for value in values
        if (value not in message if isinstance(value, str) else not re.search(rf"\b{value}\b", message))
    ]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, bad):
    name, content, values = BAD[bad]
    message = refusal(tmp_path, [("0.csv", GOOD), (name, content)])
    path = str(tmp_path / "external" / name)
    assert message.startswith(path)
    assert missing_from(values, message.replace(path, name)) == [], message


@pytest.mark.parametrize("bad", TEXTS)
def test_it_does_not_matter_how_a_bad_text_is_packed(tmp_path, bad):
    _, content, values = TEXTS[bad]
    for name, packed in ("a.csv.gz", gzip.compress(content)), ("a.zip", zipped(("b.csv", content))):
        (tmp_path / name).mkdir()
        message = refusal(tmp_path / name, [(name, packed)]).removeprefix(str(tmp_path / name))
        assert missing_from([name, *values], message) == [], message


@pytest.mark.parametrize("block_bytes", [100, 1000])
@pytest.mark.parametrize("bad", ["NUL byte", "far too few values", "too few values", "header again", "later and bad"])
def test_what_is_wrong_is_found_in_any_block(tmp_path, monkeypatch, bad, block_bytes):
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", block_bytes)
    _, content, values = BAD[bad]
    message = refusal(tmp_path, [("a.csv", content)]).removeprefix(str(tmp_path))
    assert missing_from(values, message) == [], message


@pytest.mark.parametrize("line", ['2013,1,UA,"LAX', '2013,1,"UA,LAX', '"2013,1,UA,LAX'])
def test_a_quote_that_nothing_ends_is_found_in_any_block(tmp_path, monkeypatch, line):
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", 64)
    message = refusal(tmp_path, [("a.csv", GOOD + rows(line)[len(HEADER) :] + LONG)])
    assert missing_from([5, 64], message.removeprefix(str(tmp_path))) == []


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path):
    assert "/a?b.csv: " in refusal(tmp_path, [("a\nb.csv", b"")])


def test_tables_of_one_zip_that_do_not_go_together_are_both_named(tmp_path):
    message = refusal(tmp_path, [("a.zip", zipped(("b.csv", GOOD), ("c.csv", OTHER)))])
    assert "a.zip (b.csv) (bts_classic)" in message
    assert "a.zip (c.csv) (bts_current)" in message


def test_no_folder_is_like_an_empty_one(tmp_path):
    refused = pytest.raises(UserError, match=r"/external: .*\.csv, \.csv\.gz, \.zip\b")
    with refused, monthly_folder(tmp_path / "flights", "code") as flights:
        bts.fetch_bts(tmp_path / "external", flights, LAYOUTS, "2013-01")
