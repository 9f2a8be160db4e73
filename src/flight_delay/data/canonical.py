"""The canonical tables: what every source is turned into, and all that later stages know about flights."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

# One row per scheduled flight, in order of departure. Local times are those of the airport they are about.
FLIGHTS = pa.schema(
    [
        # Keys and schedule: known when the schedule is published, months before departure.
        pa.field("flight_id", pa.string(), nullable=False),
        pa.field("flight_date", pa.date32(), nullable=False),  # local, of the scheduled departure
        pa.field("carrier", pa.string(), nullable=False),
        pa.field("flight_number", pa.int32(), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("destination", pa.string(), nullable=False),
        pa.field("scheduled_departure_minutes", pa.int16(), nullable=False),  # local, after midnight
        pa.field("scheduled_arrival_minutes", pa.int16(), nullable=False),  # local, after midnight
        pa.field("scheduled_departure_utc", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("scheduled_arrival_utc", pa.timestamp("ms", tz="UTC")),  # null: no time zone for the destination
        pa.field("distance_miles", pa.int32(), nullable=False),
        # Outcomes: known at or after departure. Null where they did not come about.
        pa.field("tail_number", pa.string()),
        pa.field("departure_delay_minutes", pa.int32()),
        pa.field("arrival_delay_minutes", pa.int32()),
        pa.field("air_time_minutes", pa.int32()),
        pa.field("cancelled", pa.bool_(), nullable=False),
        pa.field("diverted", pa.bool_(), nullable=False),
    ]
)

COUNTS = ("scheduled", "completed", "cancelled", "diverted", "unknown_destination")


def count_flights(flights: pd.DataFrame) -> dict[str, int]:
    """Count what became of the scheduled flights of a canonical table, by the names in `COUNTS`."""
    return {
        "scheduled": len(flights),
        "completed": int((~flights["cancelled"] & ~flights["diverted"]).sum()),
        "cancelled": int(flights["cancelled"].sum()),
        "diverted": int(flights["diverted"].sum()),
        "unknown_destination": int(flights["scheduled_arrival_utc"].isna().sum()),
    }
