"""Groupings of flights for evaluation by slice and for the lookup baseline."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Feature

MINUTES_PER_HOUR = 60

CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
DEPARTURE = Feature(name="departure_minutes", kind="quantitative", group="schedule")

# Columns that `lookup_groups` reads.
LOOKUP_FEATURES = (CARRIER, DEPARTURE)
# Columns that `slice_labels` reads.
SLICE_FEATURES = (
    CARRIER,
    Feature(name="origin", kind="categorical", group="schedule"),
    Feature(name="destination", kind="categorical", group="schedule"),
    Feature(name="day_of_week", kind="categorical", group="schedule"),
    DEPARTURE,
)


def lookup_groups(columns: Columns) -> Columns:
    """Group flights by carrier and scheduled hour of departure; shape (rows,).

    A dispatcher's lookup table would have these groups.
    """
    return {"carrier": columns[CARRIER.name], "hour": columns[DEPARTURE.name] // MINUTES_PER_HOUR}


def slice_labels(columns: Columns, date: Column) -> Columns:
    """Label flights by every grouping of slices; texts of shape (rows,)."""
    hours = np.char.mod("%02d:00", (columns[DEPARTURE.name] // MINUTES_PER_HOUR).astype(int))
    return {
        "carrier": columns["carrier"],
        "origin": columns["origin"],
        "hour": hours.astype(object),
        "route": columns["origin"] + "–" + columns["destination"],
        "day_of_week": columns["day_of_week"],
        "month": date.astype("datetime64[M]").astype(str).astype(object),
    }
