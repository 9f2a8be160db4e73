"""data.weather: the canonical observations, from the weather of the package."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.data.weather import OBSERVATIONS, RAW_COLUMNS, SOURCES, canonical_observations
from flight_delay.features.weather import MEASUREMENTS

NOON = dt.datetime(2013, 3, 5, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
RAW = pa.schema(
    [
        ("origin", pa.string()),
        ("time_hour", pa.timestamp("s", tz="UTC")),
        *((name, pa.int64() if name == "wind_dir" else pa.float64()) for name in SOURCES.values()),
    ]
)


def raw(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([{"origin": "EWR", "time_hour": NOON, **row} for row in rows], RAW)


def test_the_measurements_are_those_that_features_are_made_of() -> None:
    assert tuple(SOURCES) == MEASUREMENTS
    assert OBSERVATIONS.names == ["airport", "observed_utc", *MEASUREMENTS]


def test_every_measurement_is_taken_from_its_source() -> None:
    row = canonical_observations(raw({name: place for place, name in enumerate(SOURCES.values())})).to_pylist()[0]
    assert row == {"airport": "EWR", "observed_utc": NOON, **{name: place for place, name in enumerate(SOURCES)}}


def test_rows_without_airport_or_time_are_left_out_and_missing_measurements_stay_missing() -> None:
    table = canonical_observations(
        raw({"origin": None, "temp": 1.0}, {"time_hour": None, "temp": 2.0}, {"temp": 3.0, "dewp": None})
    )
    assert table["temperature"].to_pylist() == [3.0]
    assert table["dew_point"].to_pylist() == [None]


@given(st.lists(st.tuples(st.sampled_from(["EWR", "JFK"]), st.integers(0, 5)), max_size=30))
def test_rows_are_in_order_of_airport_and_time_and_otherwise_keep_theirs(places: list[tuple[str, int]]) -> None:
    rows = [
        {"origin": at, "time_hour": NOON + hour * HOUR, "temp": float(position)}
        for position, (at, hour) in enumerate(places)
    ]
    table = canonical_observations(raw(*rows))
    assert table["temperature"].to_pylist() == sorted(
        range(len(places)), key=lambda position: (places[position], position)
    )


def test_the_weather_of_the_package_becomes_a_row_per_airport_and_hour(raw_weather: pa.Table) -> None:
    table = canonical_observations(raw_weather.select(RAW_COLUMNS))
    assert table.schema == OBSERVATIONS
    assert table.num_rows == raw_weather.num_rows
    assert table.group_by(["airport", "observed_utc"]).aggregate([]).num_rows == table.num_rows
    assert pc.sum(table["temperature"]).as_py() == pytest.approx(pc.sum(raw_weather["temp"]).as_py())


def test_the_time_of_the_package_is_the_hour_of_new_york(raw_weather: pa.Table) -> None:
    local = pc.local_timestamp(raw_weather["time_hour"].cast(pa.timestamp("s", tz="America/New_York")))
    for part in ("year", "month", "day", "hour"):
        assert pc.all(pc.equal(getattr(pc, part)(local), raw_weather[part])).as_py(), part
