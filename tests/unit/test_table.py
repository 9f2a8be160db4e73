"""data.sources.table: a table becomes the same months, whatever its columns are called and however it is written."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from external_files import as_csv, fetch_files, zipped
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.incremental import MonthlyFolder
from flight_delay.data.canonical import parse_flights, read_raw
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.sources import table
from flight_delay.data.sources.monthly_files import COLUMNS_FILE

ZONES = {"EWR": "America/New_York", "LAX": "America/Los_Angeles"}
# A warehouse's names by canonical column, and a flight as it writes it.
COLUMNS = {
    "flight_date": "day", "carrier": "airline_code", "flight_number": "number", "origin": "from", "destination": "to",
    "scheduled_departure_minutes": "dep_sched_local", "scheduled_arrival_minutes": "arr_sched_local",
    "distance_miles": "miles", "departure_delay_minutes": "dep_late", "arrival_delay_minutes": "arr_late",
    "cancelled": "is_cancelled", "diverted": "is_diverted",
}  # fmt: skip
FLIGHT = ["2013-01-05", "UA", "7", "EWR", "LAX", "09:05:00", "12:15:00", "2454", "5", "-3", "False", "False"]
FEBRUARY = ["2013-02-01", *FLIGHT[1:]]
NAMES = list(COLUMNS.values())

Files = dict[str, bytes]
Fetch = Callable[..., dict[str, bytes]]


def as_parquet(columns: Sequence[str], rows: Sequence[Sequence[Any]], **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    arrays = [pa.array(column) for column in zip(*rows, strict=True)] or [pa.array([], pa.string())] * len(columns)
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), sink, **options)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def fetched(root: Path, files: Files, columns: Any, dictionary: Dictionary, last_month: str) -> dict[str, bytes]:
    text = columns if isinstance(columns, str) else yaml.safe_dump(columns)
    names: dict[str, str] = {}

    def fetch_table(external: Path, flights: MonthlyFolder) -> dict[str, Any]:
        names.update(table.read_columns(external, dictionary))
        return table.fetch_table(external, flights, names, dictionary, last_month)

    provenance = fetch_files(root, {**files, COLUMNS_FILE: text.encode()}, fetch_table)
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    assert provenance == {"source": "table", "columns": names, "inputs": checksums}
    return {path.stem: path.read_bytes() for path in sorted((root / "raw/flights").glob("*.parquet"))}


@pytest.fixture
def fetch(tmp_path: Path, dictionary: Dictionary) -> Fetch:
    """Fetches from a folder with these files; gives the bytes of every month."""

    def fetch_files(files: Files, columns: Any = COLUMNS, last_month: str = "2013-01") -> dict[str, bytes]:
        return fetched(Path(tempfile.mkdtemp(dir=tmp_path)), files, columns, dictionary, last_month)

    return fetch_files


def rows_of(content: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(content)).to_pylist()
    return rows


def test_columns_get_their_canonical_names_and_others_are_left_out(fetch: Fetch, dictionary: Dictionary) -> None:
    text = as_csv(["passengers", *NAMES, "carrier"], [["99", *FLIGHT, "a second one"], ["0", *FEBRUARY, ""]])
    months = fetch({"flights.csv": text}, last_month="2013-02")
    assert list(months) == ["2013-01", "2013-02"]
    assert rows_of(months["2013-01"]) == [dict(zip(COLUMNS, FLIGHT, strict=True))]
    assert list(rows_of(months["2013-01"])[0]) == [name for name in dictionary.columns if name in COLUMNS]


def test_a_table_may_have_informative_columns(fetch: Fetch) -> None:
    text = as_csv([*NAMES, "plane"], [[*FLIGHT, "N1"]])
    (row,) = rows_of(fetch({"a.csv": text}, {"tail_number": "plane", **COLUMNS})["2013-01"])
    assert row["tail_number"] == "N1"


WRITERS: dict[str, Callable[[bytes], bytes]] = {
    "a.csv.gz": gzip.compress,
    "a.zip": lambda text: zipped(("flights.csv", text)),
    "A.CSV": lambda text: text,
}


@pytest.mark.parametrize("name", [*WRITERS, "a.parquet", "A.Parquet"])
def test_how_a_table_is_written_does_not_matter(fetch: Fetch, name: str) -> None:
    rows = [FLIGHT, [*FLIGHT[:9], None, *FLIGHT[10:]]]
    expected = fetch({"a.csv": as_csv(NAMES, rows)})
    content = as_parquet(NAMES, rows) if name.lower().endswith("parquet") else WRITERS[name](as_csv(NAMES, rows))
    assert fetch({name: content}) == expected


TYPED = [
    dt.date(2013, 1, 5), "UA", 7, "EWR", "LAX", dt.time(9, 5), dt.datetime.fromisoformat("2013-01-05 12:15"), 2454.0,
    decimal.Decimal("5.00"), -3, False, 0,
]  # fmt: skip


def test_a_typed_table_gives_the_flights_of_a_text(fetch: Fetch, dictionary: Dictionary, tmp_path: Path) -> None:
    flights = []
    for name, content in {"a.csv": as_csv(NAMES, [FLIGHT]), "a.parquet": as_parquet(NAMES, [TYPED])}.items():
        path = tmp_path / f"{name}.parquet"
        path.write_bytes(fetch({name: content})["2013-01"])
        layout, raw = read_raw(path, dictionary)
        assert layout == "table"
        parsed = parse_flights(raw, layout, dictionary, ZONES)
        assert parsed.unreadable == {}
        flights.append(parsed.flights)
    assert flights[0].equals(flights[1])
    assert flights[0]["flight_id"].tolist() == ["2013-01-05-UA-7-EWR-0905"]


def test_whole_numbers_do_not_tell_whether_others_are_missing(fetch: Fetch) -> None:
    """pandas, and so DVC, writes the whole numbers of a block as 5.0 if one of them is missing."""
    written = [*FLIGHT[:7], "2454.0", "5.0", "-3.0", *FLIGHT[10:]]
    assert fetch({"a.csv": as_csv(NAMES, [written])}) == fetch({"a.csv": as_csv(NAMES, [FLIGHT])})


def test_a_number_that_is_none_is_missing(fetch: Fetch) -> None:
    rows = [[*FLIGHT[:8], delay, *FLIGHT[9:]] for delay in (5.0, float("nan"))]
    months = fetch({"a.parquet": as_parquet(NAMES, rows)})
    assert [row["departure_delay_minutes"] for row in rows_of(months["2013-01"])] == ["5", None]


cells = st.sampled_from(["", "NA", 'say "a, b"', "é", "7", "7.0", "0905", "09:05", "True"]) | st.text(
    "ab1.-", max_size=4
)
rows_drawn = st.lists(
    st.tuples(st.sampled_from(["2013-01-05", "2013-01-06 00:00:00", "2012-12-31"]), *[cells] * (len(COLUMNS) - 1)),
    min_size=1,
    max_size=8,
)
column_names = st.lists(
    st.sampled_from([*COLUMNS, *NAMES, "x y", "é", "a.b"]) | st.text("abc", min_size=1, max_size=5),
    min_size=len(COLUMNS), max_size=len(COLUMNS) + 3, unique=True,
)  # fmt: skip


@given(rows=rows_drawn, called=column_names, chance=st.randoms(use_true_random=False))
def test_neither_names_nor_order_of_columns_nor_the_format_matter(
    dictionary: Dictionary, rows: list[tuple[str, ...]], called: list[str], chance: Any
) -> None:
    last_month = max(row[0] for row in rows)[:7]
    others = [""] * (len(called) - len(COLUMNS))
    order = chance.sample(range(len(called)), len(called))
    columns = dict(chance.sample(list(zip(COLUMNS, called, strict=False)), len(COLUMNS)))
    table_rows = [[[*row, *others][n] or None for n in order] for row in rows]
    shuffled = [called[n] for n in order]
    with tempfile.TemporaryDirectory() as folder:
        expected, *got = (
            fetched(Path(folder, str(n)), files, mapping, dictionary, last_month)
            for n, (files, mapping) in enumerate(
                [
                    ({"a.csv": as_csv(list(COLUMNS), rows)}, {name: name for name in COLUMNS}),
                    ({"b.csv": as_csv(shuffled, table_rows)}, columns),
                    ({"c.parquet": as_parquet(shuffled, table_rows)}, columns),
                ]
            )
        )
    assert got == [expected, expected]


def parquet_with(name: str, value: Any) -> bytes:
    return as_parquet(NAMES, [[value if column == name else cell for column, cell in zip(NAMES, FLIGHT, strict=True)]])


GOOD = as_csv(NAMES, [FLIGHT])
LONG = as_parquet(NAMES, [[*FLIGHT[:1], str(n), *FLIGHT[2:]] for n in range(20_000)], compression="none")
Bad = tuple[Files, Any, list[str]]  # files, the mapping, and what the error names
BAD: dict[str, Bad] = {
    "nothing": ({"a.csv": GOOD}, {**COLUMNS, "carrier": None}, [COLUMNS_FILE, "carrier", "None"]),
    "a key twice": ({"a.csv": GOOD}, "carrier: a\ncarrier: b\n", [COLUMNS_FILE, "line 2"]),
    "a column twice": ({"a.csv": as_csv([*NAMES, "day"], [[*FLIGHT, ""]])}, COLUMNS, ["a.csv", "'day'"]),
    "a column of Parquet twice": (
        {"a.parquet": as_parquet([*NAMES, "day"], [[*FLIGHT, ""]])}, COLUMNS, ["a.parquet", "'day'"],
    ),
    "a short row": ({"a.csv": GOOD + b"2013-01-05\n"}, COLUMNS, ["a.csv", "row 3"]),
    "a missing date": ({"a.csv": as_csv(NAMES, [["", *FLIGHT[1:]]])}, COLUMNS, ["a.csv", "row 2", "day", "None"]),
    "a date of another age": ({"a.parquet": parquet_with("day", dt.date(1903, 12, 17))}, COLUMNS, ["row 2", "1903"]),
    "a moment": (
        {"a.parquet": parquet_with("dep_sched_local", dt.datetime(2013, 1, 5, tzinfo=dt.UTC))}, COLUMNS,
        ["a.parquet", "dep_sched_local", "UTC"],
    ),
    "half a file": ({"a.parquet": LONG[:5000] + LONG[6000:]}, COLUMNS, ["a.parquet"]),
    "another byte": ({"a.parquet": LONG.replace(b"19999", b"\xff9999")}, COLUMNS, ["a.parquet"]),
    "another month": ({"a.csv": as_csv(NAMES, [FEBRUARY])}, COLUMNS, ["2013-01", "2013-02"]),
}  # fmt: skip


@pytest.mark.parametrize(("files", "columns", "parts"), BAD.values(), ids=BAD)
def test_what_cannot_be_right_is_one_line(
    fetch: Fetch, tmp_path: Path, files: Files, columns: Any, parts: list[str]
) -> None:
    with pytest.raises(UserError) as refused:
        fetch(files, columns)
    assert len(str(refused.value).splitlines()) == 1
    assert [part for part in parts if part not in str(refused.value)] == []
    (raw,) = tmp_path.glob("*/raw")
    assert [path.name for path in raw.iterdir()] == ["flights"]


def test_rows_are_numbered_through_all_blocks(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "BLOCK_ROWS", 10)
    with pytest.raises(UserError, match="row 37 "):
        fetch({"a.parquet": as_parquet(NAMES, [*[FLIGHT] * 35, ["soon", *FLIGHT[1:]], FLIGHT])})
