"""Read the time zones of airports.

The table of the repository is written by `tools/airports.py`; a user's file adds to it. The IANA database has the rules
of a zone at every date."""

from __future__ import annotations

import zoneinfo
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from flight_delay.core.errors import UserError

AIRPORTS_FILE = Path("references/airports.csv")
RAW_AIRPORTS = pa.schema([("faa", pa.string()), ("tzone", pa.string())])


def read_airports(*paths: Path) -> pa.Table:
    """Read code and time zone of airports; a later file replaces entries.

    Args:
        paths: CSV files with at least the columns faa (code) and tzone (IANA time zone).

    Raises:
        UserError: a file or a column is missing, or a time zone does not exist.
    """
    options = pa.csv.ConvertOptions(include_columns=RAW_AIRPORTS.names, column_types=RAW_AIRPORTS)
    known = zoneinfo.available_timezones()  # takes long
    zones: dict[str, str] = {}
    for path in paths:
        try:
            table = pa.csv.read_csv(path, convert_options=options)
        except FileNotFoundError:
            raise UserError(f"{path}: no such file; `git checkout HEAD {path}` restores it") from None
        except (pa.ArrowInvalid, KeyError) as error:
            problem = str(error).splitlines()[0].strip("'")
            raise UserError(f"{path}: not a table with the columns faa and tzone ({problem}); correct it") from None
        for code, zone in time_zones(table).items():
            if not code or zone not in known:
                raise UserError(
                    f"{path}: airport {code}: '{zone}' is not a time zone such as America/Puerto_Rico; correct it"
                )
            zones[code] = zone
    return pa.table({"faa": list(zones), "tzone": list(zones.values())}, schema=RAW_AIRPORTS)


def time_zones(airports: pa.Table) -> dict[str, str]:
    """Return the IANA time zone by airport code."""
    return dict(zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True))
