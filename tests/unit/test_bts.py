"""data.sources.bts: files as the BTS made them, in any split and order, become the same months. Bad files are in
test_bts_bad_files, what keeps memory small in test_spool."""

from __future__ import annotations

import gzip
import hashlib
import logging
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from external_files import as_csv, fetch_files, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.data.sources import bts

REPOSITORY = Path(__file__).resolve().parents[2]
ALLYEARS2K = REPOSITORY / "tests/data/allyears2k.csv.gz"

LAYOUTS = {
    "bts_classic": ["Year", "Month", "DayofMonth", "UniqueCarrier", "CRSDepTime"],
    "bts_current": ["Year", "Month", "DayofMonth", "Reporting_Airline", "CRSDepTime"],
}
CLASSIC = ["Year", "Month", "DayofMonth", "DayOfWeek", "DepTime", "CRSDepTime", "UniqueCarrier", "FlightNum", "TailNum"]
AIRPORT = ["AirportID", "AirportSeqID", "CityMarketID", "", "CityName", "State", "StateFips", "StateName", "Wac"]
DIVERSION = ["Airport", "AirportID", "AirportSeqID", "WheelsOn", "TotalGTime", "LongestGTime", "WheelsOff", "TailNum"]
CURRENT = [
    "Year", "Quarter", "Month", "DayofMonth", "DayOfWeek", "FlightDate", "Reporting_Airline",
    "DOT_ID_Reporting_Airline", "IATA_CODE_Reporting_Airline", "Tail_Number", "Flight_Number_Reporting_Airline",
    *(f"{end}{name}" for end in ("Origin", "Dest") for name in AIRPORT),
    "CRSDepTime", "DepTime", "DepDelay", "DepDelayMinutes", "DepDel15", "DepartureDelayGroups", "DepTimeBlk",
    "TaxiOut", "WheelsOff", "WheelsOn", "TaxiIn",
    "CRSArrTime", "ArrTime", "ArrDelay", "ArrDelayMinutes", "ArrDel15", "ArrivalDelayGroups", "ArrTimeBlk",
    "Cancelled", "CancellationCode", "Diverted", "CRSElapsedTime", "ActualElapsedTime", "AirTime", "Flights",
    "Distance", "DistanceGroup", "CarrierDelay", "WeatherDelay", "NASDelay", "SecurityDelay", "LateAircraftDelay",
    "FirstDepTime", "TotalAddGTime", "LongestAddGTime", "DivAirportLandings", "DivReachedDest",
    "DivActualElapsedTime", "DivArrDelay", "DivDistance",
    *(f"Div{number}{name}" for number in range(1, 6) for name in DIVERSION),
]  # fmt: skip
DOWNLOAD = "On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2013_1.zip"


def classic(*dates: tuple[Any, Any], tail: str = "N1") -> bytes:
    """A file of the classic layout with a flight for each (Year, Month)."""
    rows = [[*date, "3", "4", "NA", "730", "PS", str(number), tail] for number, date in enumerate(dates)]
    return as_csv(CLASSIC, rows)


def current(**values: str) -> bytes:
    """A file of the current layout with one flight: quotes everywhere, and a comma at the end of each line."""
    flight = {"Year": "2013", "Month": "1", "Reporting_Airline": "AA", "OriginCityName": "New York, NY", **values}
    lines = [CURRENT, [flight.get(name, "") for name in CURRENT]]
    return "".join(",".join(f'"{value}"' for value in line) + ",\n" for line in lines).encode()


def without_first_row(text: bytes) -> bytes:
    header, _, *rows = text.splitlines(keepends=True)
    return b"".join([header, *rows])


def fetched(root: Path, files: dict[str, bytes], last_month: str) -> tuple[dict[str, str], dict[str, pa.Table]]:
    """Fetch files; return the checksums, and the table of every month."""
    provenance = fetch_files(root, files, partial(bts.fetch_bts, layouts=LAYOUTS, last_month=last_month))
    assert set(provenance) == {"source", "licence", "homepage", "inputs"}
    months = sorted((root / "raw/flights").glob("*.parquet"))
    return provenance["inputs"], {path.stem: pq.read_table(path) for path in months}


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[..., tuple[dict[str, str], dict[str, pa.Table]]]:
    """Fetches these files in a folder of their own."""
    return lambda files, last_month="2013-01": fetched(Path(tempfile.mkdtemp(dir=tmp_path)), files, last_month)


def test_a_classic_file_keeps_its_rows_columns_and_texts(fetch, tmp_path):
    _, written = fetch({"2013.csv": as_csv(CLASSIC, [["2013", " 1", "03", "4", "NA", "0730", "PS", "", "x y "]])})
    assert set(written["2013-01"].schema.types) == {pa.string()}
    (path,) = tmp_path.rglob("2013-01.parquet")
    assert pq.read_metadata(path).metadata is None
    values = ["2013", " 1", "03", "4", "NA", "0730", "PS", None, "x y "]
    assert written["2013-01"].to_pylist() == [dict(zip(CLASSIC, values, strict=True))]


def test_a_download_keeps_its_109_columns_and_the_empty_one_goes(fetch):
    members = ("on_time.csv", current(CRSDepTime="0905")), ("readme.html", b"\0<html>")
    _, written = fetch({DOWNLOAD: zipped(*members)})
    (flight,) = written["2013-01"].to_pylist()
    assert list(flight) == CURRENT
    assert len(flight) == 109
    filled = {"Year": "2013", "Month": "1", "Reporting_Airline": "AA", "OriginCityName": "New York, NY"}
    assert {name: value for name, value in flight.items() if value is not None} == {**filled, "CRSDepTime": "0905"}


@pytest.mark.parametrize(
    ("name", "pack"),
    {
        "plain.csv": lambda text: text,
        "SHOUTED.CSV": lambda text: text,
        "marked.csv": lambda text: b"\xef\xbb\xbf" + text,
        "splits.csv": lambda text: text.replace(b"\n", b"\r\n"),
        "old.csv": lambda text: text.replace(b"\n", b"\r"),
        "unfinished.csv": lambda text: text.rstrip(b"\n"),
        "spacious.csv": lambda text: text.replace(b"\n", b"\n\n"),
        "packed.csv.gz": gzip.compress,
        "packed.Csv.GZ": lambda text: gzip.compress(text[:50]) + gzip.compress(text[50:]),
        "packed.zip": lambda text: zipped(("a.csv", text)),
        "two tables.zip": lambda text: zipped(
            ("b.csv", text[: text.rindex(b"\n", 0, -1) + 1]), ("a.csv", without_first_row(text))
        ),
        "packed.ZIP": lambda text: zipped(("__MACOSX/._a.csv", b"\0"), ("folder/a.csv", text), ("readme.html", b"")),
    }.items(),
)
def test_how_a_file_is_packed_does_not_matter(fetch, name, pack):
    text = classic((2013, 1), (2013, 1), tail="N700é")
    _, expected = fetch({"a.csv": text})
    _, written = fetch({name: pack(text)})
    assert written["2013-01"].equals(expected["2013-01"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_letters_are_kept_in_utf_8_and_latin_1(fetch, encoding):
    flights = classic(*[(2013, 1)] * 50_000)  # so that the letter stands in another block than the header
    text = (flights + classic((2013, 1), tail="N700äæ").splitlines()[1] + b"\n").decode().encode(encoding)
    _, written = fetch({"a.csv": text})
    assert written["2013-01"]["TailNum"].to_pylist()[-2:] == ["N1", "N700äæ"]


@pytest.mark.parametrize(("tail", "letters"), [(b"N\x96", "N\x96"), (b"N\xc3", "NÃ"), (b"\xed\xa0\x80", "í\xa0\x80")])
def test_what_is_not_utf_8_is_latin_1(fetch, tail, letters):
    _, written = fetch({"a.csv": classic((2013, 1)).replace(b"N1\n", tail)})
    assert written["2013-01"]["TailNum"].to_pylist() == [letters]


@pytest.mark.parametrize("year", ["2013", "2013.0", " 2013", "2013."])
@pytest.mark.parametrize("month", ["1", "01", " 1 ", "1.0", "01.00"])
def test_a_month_may_be_written_in_many_ways(fetch, year, month):
    _, written = fetch({"a.csv": classic((year, month))})
    assert written["2013-01"].select(["Year", "Month"]).to_pylist() == [{"Year": year, "Month": month}]


def test_a_month_has_the_columns_of_its_first_file_in_their_order(fetch):
    first, second = as_csv(CLASSIC, [[2013, 1, *"abcdefg"]]), as_csv(CLASSIC[::-1], [[*"gfedcba", 1, 2013]])
    inputs, written = fetch({"b.csv": second, "a.csv": first})
    assert written["2013-01"].column_names == CLASSIC
    assert written["2013-01"].to_pylist()[0] == written["2013-01"].to_pylist()[1]
    assert list(inputs) == ["a.csv", "b.csv"]
    assert inputs["a.csv"] == hashlib.sha256(first).hexdigest()
    _, written = fetch({"b.csv": first, "a.csv": second})
    assert written["2013-01"].column_names == CLASSIC[::-1]


def test_months_of_both_layouts_stand_side_by_side(fetch):
    _, written = fetch({"old.csv": classic((1987, 10), (2008, 1)), "new.csv": current()})
    assert {month: rows.column_names for month, rows in written.items()} == {
        "1987-10": CLASSIC, "2008-01": CLASSIC, "2013-01": CURRENT,
    }  # fmt: skip


def test_what_is_no_data_is_left_out_with_a_word_where_it_is_not_expected(fetch, caplog):
    silent = dict.fromkeys(["README.md", "airports.csv", ".gitignore", ".hidden.csv", "a.csv.dvc"], b"\0")
    with caplog.at_level(logging.WARNING):
        inputs, _ = fetch({**silent, "a.csv": classic((2013, 1)), "a.csv.bz2": b"", "notes.txt": b""})
    assert list(inputs) == ["a.csv"]
    assert [name for name in ("a.csv.bz2", "notes.txt") if f"/{name}: " in caplog.text] == [
        "a.csv.bz2",
        "notes.txt",
    ]
    assert len(caplog.records) == 2


@settings(max_examples=20)
@given(
    dates=st.lists(st.sampled_from([(2012, 12), (2013, 1), (2013, 2), (2013, 3)]), min_size=1, max_size=60),
    parts=st.integers(1, 4),
    chance=st.randoms(use_true_random=False),
)
def test_however_rows_are_split_over_files_a_month_has_the_same_rows(dates, parts, chance):
    rows = [[*date, *(chance.choice(["", "NA", 'say "a, b"', "é", "7"]) for _ in CLASSIC[2:])] for date in dates]
    files: dict[str, bytes] = {}
    for number in range(parts):
        order = chance.sample(range(len(CLASSIC)), len(CLASSIC))
        of_part = chance.sample(rows[number::parts], len(rows[number::parts]))
        if of_part:
            text = as_csv([CLASSIC[n] for n in order], [[row[n] for n in order] for row in of_part])
            files |= chance.choice([{f"{number}.csv": text}, {f"{number}.zip": zipped(("a.csv", text))}])
    with tempfile.TemporaryDirectory() as root:
        _, written = fetched(Path(root), files, "{}-{:02d}".format(*max(dates)))
    expected = {f"{year}-{month:02d}": Counter[Any]() for year, month in dates}
    for year, month, *others in rows:
        values = [str(year), str(month), *(value or None for value in others)]
        expected[f"{year}-{month:02d}"][tuple(values)] += 1
    rows_of = {
        m: zip(*(month_table[name].to_pylist() for name in CLASSIC), strict=True) for m, month_table in written.items()
    }
    assert {month: Counter(month_rows) for month, month_rows in rows_of.items()} == expected


def test_the_real_sample_has_1999_flights_of_each_of_22_months(fetch):
    _, written = fetch({"allyears2k.csv.gz": ALLYEARS2K.read_bytes()}, "2008-01")
    assert list(written) == ["1987-10", *(f"{year}-01" for year in range(1988, 2009))]
    assert {rows.num_rows for rows in written.values()} == {1999}
    flights = pa.concat_tables(written.values())
    assert flights.num_columns == 31
    assert pc.sum(pc.equal(flights["TailNum"], "N700äæ")).as_py() > 0
    assert pc.sum(pc.equal(flights["DepTime"], "NA")).as_py() == 1086
