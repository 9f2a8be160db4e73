"""data.sources.bts: a file that cannot be right ends in one line that names it, and leaves nothing beside the output."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from flight_delay.core.errors import UserError
from flight_delay.data.sources import bts, bts_text

LAYOUTS = {
    "bts_classic": ["Year", "Month", "UniqueCarrier"],
    "bts_current": ["Year", "Month", "Reporting_Airline", "DOT"],
}
HEADER = b"Year,Month,UniqueCarrier,Dest\n"
GOOD = HEADER + b"2013,1,UA,LAX\n" * 3
OTHER = b"Year,Month,Reporting_Airline,DOT\n2013,1,UA,7\n"
DOWNLOAD = "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2013_1"


def rows(*lines: str) -> bytes:
    return HEADER + "".join(f"{line}\n" for line in lines).encode()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return archive.getvalue()


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

# name of the file, its content, what the error says
TEXTS: dict[str, tuple[str, bytes, list[str]]] = {
    "empty": ("a.csv", b"", ["empty"]),
    "a header only": ("a.csv", HEADER, ["a header and no rows"]),
    "a header only, without an end": ("a.csv", HEADER.rstrip(), ["no second line"]),
    "blank lines after the header": ("a.csv", HEADER + b"\n\r\n\n", ["a header and no rows"]),
    "a blank first line": ("a.csv", b"\n" + GOOD, ["no name for column 1"]),
    "a NUL byte": ("a.csv", GOOD + b"2013,\0", [f"not text (NUL byte at offset {len(GOOD) + 5})"]),
    "UTF-16": ("a.csv", GOOD.decode().encode("utf-16"), ["NUL byte at offset 3"]),
    "a column twice": ("a.csv", with_bytes(GOOD, b"Dest", b"Month"), ["several columns are called 'Month'"]),
    "a column without a name": ("a.csv", with_bytes(GOOD, b"Month", b""), ["no name for column 2"]),
    "two columns without a name": ("a.csv", with_bytes(GOOD, b"\n", b",,\n"), ["no name for column 5"]),
    "very many columns": ("a.csv", b"a," * 99_999 + b"\n1\n", ["'a'"]),
    "very many names": ("a.csv", b",".join(b"%d" % (n // 2) for n in range(9999)) + b"\n1\n", ["'0', '1'", "4969 more"]),
    "very many columns without a name": ("a.csv", b"a" + b"," * 99_999 + b"\n1\n", ["no name for column 2"]),
    "values without a name": ("a.csv", HEADER[:-1] + b",\n2013,1,UA,LAX,\n2013,1,UA,LAX,7\n", ["column 5 has values"]),
    "semicolons": ("a.csv", with_bytes(GOOD, b",", b";"), ["separated by ';'"]),
    "tabs": ("a.csv", with_bytes(GOOD, b",", b"\t"), ["separated by '\\t'"]),
    "a quote open in the header": ("a.csv", b'Year,"Month,Dest\n2013,1,LAX\n', ["does not name columns"]),
    "a long header": ("a.csv", b"Year," + b"x" * 200_000 + b"\n2013,1\n", ["does not name columns"]),
    "no line": ("a.csv", b"x" * (bts_text.BLOCK_BYTES + 9), ["no second line"]),
    "another table": ("a.csv", b"faa,tzone\nJFK,America/New_York\n", ["bts_classic", "'Year', 'Month', 'UniqueCarrier'"]),
    "a layout but for a column": ("a.csv", with_bytes(OTHER, b"DOT", b"DOG"), ["bts_current", "'DOT' is missing"]),
    "names in other letters": ("a.csv", GOOD.swapcase(), ["bts_classic", "'Year'"]),
    "too few values": ("a.csv", rows("2013,1,UA,LAX", "2013,1,UA"), ["row 3", "has 3 values, the header 4"]),
    "too many values": ("a.csv", rows("2013,1,UA,LAX,7"), ["row 2", "has 5 values, the header 4"]),
    "too few values, far on": ("a.csv", LONG + b"2013\n", ["row 10002", "has 1 values, the header 4"]),
    "cut short": ("a.csv", GOOD[:-6], ["row 4", "has 3 values, the header 4"]),
    "cut short in quotes": ("a.csv", GOOD + b'2013,1,"U', ["row 5", "has 3 values, the header 4"]),
    "cut short in the last quotes": ("a.csv", GOOD + b'2013,1,UA,"LA', ["odd number of quotation marks"]),
    "a quote that nothing ends": ("a.csv", GOOD + b'2013,1,UA,"LAX\n' + LONG * 8, ["row 5", "line break in 'Dest'", "quotation mark"]),
    "a row in a value": ("a.csv", rows('2013,1,UA,"LAX', '2013,1,UA,"SFO"', '2013,1,UA,SFO"'), ["row 2", "line break in 'Dest'"]),
    "a break in a value": ("a.csv", rows('2013,1,UA,"LA\rX"'), ["row 2", "line break in 'Dest'"]),
    "a giant value": ("a.csv", GOOD + b"2013,1,UA," + b"x" * 3 * bts_text.BLOCK_BYTES + b"\n", ["within 1048576 bytes"]),
}  # fmt: skip
DATES: dict[str, tuple[str, bytes, list[str]]] = {
    **{
        f"{year!r}, {month!r}": ("a.csv", rows("2013,1,UA,LAX", f"{year},{month},UA,LAX"),
                                 ["row 3", "dates out of range (1987-10 … 2100-12)", shown])
        for year, month, shown in [
            ("2013", "13", "'13'"), ("2013", "0", "'0'"), ("2013", "", "Month is 'None'"), ("", "1", "Year is 'None'"), ("", "", "Year is 'None'"),
            ("1987", "9", "'1987'"), ("2101", "1", "'2101'"), ("NA", "NA", "'NA'"), ("2013", "1.5", "'1.5'"),
            ("-2013", "1", "'-2013'"), ("13", "1", "'13'"), ("2013", "Jan", "'Jan'"), ("2013|1", "1", "'2013|1'"),
            ("2013", "٣", "'٣'"), ("9" * 5000, "1", "'99999"),
        ]
    },
    "the header again": ("a.csv", GOOD + GOOD, ["row 5", "Year is 'Year', Month is 'Month'"]),
    "another month than its name": (f"{DOWNLOAD}.csv", rows("2013,1,UA,LAX", "2013,2,UA,LAX"),
                                    ["row 3", "says 2013-01, holds rows of 2013-02", "rename"]),
    "another month than the name of its zip": (f"{DOWNLOAD}.ZIP", zipped(("a.csv", rows("2012,12,UA,LAX"))),
                                               ["says 2013-01, holds rows of 2012-12"]),
    "later than asked for, and bad": ("a.csv", rows("2013,1,UA,LAX", "2014,1,UA,LAX", "2014,1,UA"), ["row 4"]),
}  # fmt: skip
PACKAGES: dict[str, tuple[str, bytes, list[str]]] = {
    "gzip that is none": ("a.csv.gz", GOOD, ["damaged"]),
    "gzip cut short": ("a.csv.gz", gzip.compress(GOOD)[:-10], ["cut short"]),
    "gzip without an end": ("a.csv.gz", gzip.compress(GOOD)[:-8], ["cut short"]),
    "gzip with another checksum": ("a.csv.gz", gzip.compress(GOOD)[:-8] + b"8" * 8, ["damaged", "CRC"]),
    "gzip damaged inside": ("a.csv.gz", PACKED[:40] + b"\xff" * 40 + PACKED[80:], ["damaged"]),
    "gzip of nothing": ("a.csv.gz", gzip.compress(b""), ["empty"]),
    "gzip that calls itself csv": ("a.csv", gzip.compress(GOOD), ["not text (NUL byte"]),
    "zip that is none": ("a.zip", GOOD, ["damaged", "not a zip file"]),
    "zip of nothing": ("a.zip", b"", ["damaged"]),
    "zip cut short": ("a.zip", zipped(("a.csv", GOOD))[:-30], ["cut short"]),
    "zip with another checksum": ("a.zip", with_bytes(STORED, b"LAX", b"LAY"), ["a.csv", "damaged", "CRC"]),
    "zip damaged inside": ("a.zip", with_bytes(zipped(("a.csv", GOOD)), b"PK\3\4", b"PK\3\5"), ["a.csv", "damaged"]),
    "zip with a password": ("a.zip", marked(STORED, 0, 1), ["a.csv", "encrypted"]),
    "zip without a table": ("a.zip", zipped(("readme.html", b"<html>"), ("folder.csv/", b"")), ["no .csv in this zip"]),
    "zip with a name of nothing": ("a.zip", zipped(("?.csv", GOOD)).replace(b"?.csv", b"\0.csv"), ["no .csv in this zip"]),
    "zip of another method": ("a.zip", marked(STORED, 2, 9), ["a.csv", "compression method is not supported"]),
    "zip that points before its start": ("a.zip", STORED[:-6] + b"\0\1\0\0" + STORED[-2:], ["a.csv", "damaged"]),
    "a bad table in a zip": ("a.zip", zipped(("a.csv", GOOD), ("b.csv", GOOD + b"1")), ["a.zip (b.csv)", "row 5"]),
    **{
        f"zip with {name}": ("a.zip", zipped(("a.csv", GOOD), (name, GOOD)), ["leads out of the zip"])
        for name in ("/etc/a.csv", "../a.csv", "b/../../a.csv", "..\\a.csv", "C:\\a.csv", "\\\\host\\a.csv", "../page.html")
    },
}  # fmt: skip
BAD = TEXTS | DATES | PACKAGES


def refusal(root: Path, files: Iterable[tuple[str, bytes]], through: str = "2013-01") -> str:
    """What is said about files. It is one line, and nothing stays behind."""
    (root / "external").mkdir()
    for name, content in files:
        (root / "external" / name).write_bytes(content)
    (root / "raw/flights").mkdir(parents=True)
    with pytest.raises(UserError) as refused:
        bts.fetch(root / "external", root / "raw/flights", LAYOUTS, through)
    assert [path.name for path in (root / "raw").rglob("*")] == ["flights"]
    said = str(refused.value)
    assert len(said.splitlines()) == 1
    assert len(said) < 600
    return said


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, bad):
    name, content, words = BAD[bad]
    said = refusal(tmp_path, [("0.csv", GOOD), (name, content)])
    assert said.startswith(str(tmp_path / "external" / name))
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize("bad", TEXTS)
def test_it_does_not_matter_how_a_bad_text_is_packed(tmp_path, bad):
    _, content, words = TEXTS[bad]
    for name, packed in ("a.csv.gz", gzip.compress(content)), ("a.zip", zipped(("b.csv", content))):
        (tmp_path / name).mkdir()
        said = refusal(tmp_path / name, [(name, packed)])
        assert [word for word in [name, *words] if word not in said] == [], said


@pytest.mark.parametrize("block_bytes", [64, 100, 1000])
@pytest.mark.parametrize(
    "bad",
    ["a NUL byte", "too few values, far on", "too few values", "the header again", "later than asked for, and bad"],
)
def test_what_is_wrong_is_found_in_any_block(tmp_path, monkeypatch, bad, block_bytes):
    monkeypatch.setattr(bts_text, "BLOCK_BYTES", block_bytes)
    _, content, words = BAD[bad]
    said = refusal(tmp_path, [("a.csv", content)])
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize("line", ['2013,1,UA,"LAX', '2013,1,"UA,LAX', '"2013,1,UA,LAX'])
def test_a_quote_that_nothing_ends_is_found_in_any_block(tmp_path, monkeypatch, line):
    monkeypatch.setattr(bts_text, "BLOCK_BYTES", 64)
    said = refusal(tmp_path, [("a.csv", GOOD + rows(line)[len(HEADER) :] + LONG)])
    assert "row 5 (the header is row 1) or one after it" in said
    assert "does not end on its line, or not within 64 bytes: a quotation mark is missing" in said


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path):
    assert "a?b.csv: empty" in refusal(tmp_path, [("a\nb.csv", b"")])


@pytest.mark.parametrize("others", [OTHER, with_bytes(GOOD, b"Dest", b"Destination"), GOOD.replace(b"\n", b",x\n")])
def test_files_of_one_month_that_do_not_go_together_are_both_named(tmp_path, others):
    said = refusal(tmp_path, [("a.csv", GOOD), ("b.csv", others)])
    assert re.search(r"a\.csv \(bts_classic\) and .*b\.csv \(bts_c\w+\) both hold 2013-01", said)


def test_tables_of_one_zip_that_do_not_go_together_are_both_named(tmp_path):
    said = refusal(tmp_path, [("a.zip", zipped(("b.csv", GOOD), ("c.csv", OTHER)))])
    assert "a.zip (b.csv) (bts_classic) and" in said
    assert "a.zip (c.csv) (bts_current)" in said


def test_a_last_month_that_is_not_there_is_named_with_those_that_are(tmp_path):
    files = [("a.csv", rows("2013,3,UA,LAX", "2012,12,UA,LAX")), ("b.csv", rows("2013,2,UA,LAX"))]
    said = refusal(tmp_path, files, "2013-01")
    assert "no flights of 2013-01" in said
    assert "2012-12, 2013-02, 2013-03" in said


@pytest.mark.parametrize("names", [[], ["README.md", "notes.txt", "airports.csv"]])
def test_a_folder_without_data_says_what_to_put_there(tmp_path, names):
    said = refusal(tmp_path, [(name, b"") for name in names])
    assert "put on-time performance files" in said
    assert bts.HOMEPAGE in said


def test_no_folder_is_like_an_empty_one(tmp_path):
    with pytest.raises(UserError, match=r"external: no \.csv, \.csv\.gz, \.zip file"):
        bts.fetch(tmp_path / "external", tmp_path / "flights", LAYOUTS, "2013-01")


def test_a_link_to_nothing_is_named(tmp_path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match=r"a\.csv: a link to nothing"):
        bts.fetch(tmp_path, tmp_path / "raw/flights", LAYOUTS, "2013-01")
