"""Counts of outcomes by group and by the UTC day when they became known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.features.columns import Column, Columns

# Columns by which flights are grouped; the name of a rate ends in the name of a grouping.
GROUPINGS: dict[str, tuple[str, ...]] = {
    "all": (),
    "flight": ("carrier", "flight_number"),
    "origin_hour": ("origin", "hour"),
    "carrier_origin": ("carrier", "origin"),
    "carrier_hour": ("carrier", "hour"),
    "route": ("origin", "destination"),
    "origin": ("origin",),
}
HISTORY_COLUMNS = (
    "carrier",
    "flight_number",
    "origin",
    "destination",
    "scheduled_departure_minutes",
    "scheduled_departure_utc",
)
OUTCOMES = ("scheduled_arrival_utc", "arrival_delay_minutes", "cancelled")

# A row per grouping, group and UTC day: number of flights whose outcome became known on that day, and of those that
# arrived, arrived late and were cancelled.
COUNTS = pa.schema(
    [
        pa.field("grouping", pa.string()),
        pa.field("key", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("flights", pa.int32()),
        pa.field("arrived", pa.int32()),
        pa.field("late", pa.int32()),
        pa.field("cancelled", pa.int32()),
    ]
)
COUNTED = ("flights", "arrived", "late", "cancelled")
_DAY = np.timedelta64(1, "D")


class Rate(NamedTuple):
    """Columns of `COUNTS` of numerator and denominator."""

    numerator: str
    denominator: str


RATES = {"late_rate": Rate("late", "arrived"), "cancellation_rate": Rate("cancelled", "flights")}


def rate_families() -> dict[str, tuple[str, str]]:
    """Return rate and grouping by family of features, such as 'late_rate_route'."""
    return {f"{rate}_{grouping}": (rate, grouping) for rate in RATES for grouping in GROUPINGS}


def feature_name(family: str, days: int) -> str:
    """Return the name of a feature of a family, such as 'late_rate_route_7d'."""
    return f"{family}_{days}d"


def rate_names(days: Iterable[int]) -> list[str]:
    """List the names of all features of history."""
    return [feature_name(family, window) for family in rate_families() for window in days]


def outcome_known_at(columns: Columns) -> Column:
    """Compute when the outcome of flights became known, UTC, shape (rows,).

    For a flight that arrived: at arrival, but not before its scheduled departure, in case of a typing error; an unknown
    scheduled arrival is taken to be a day after departure, longer than any flight. For a cancelled or diverted flight:
    a day after its scheduled departure, since sources do not have the time of the decision.
    """
    departure = columns["scheduled_departure_utc"].astype("datetime64[s]")
    arrival = columns["scheduled_arrival_utc"].astype("datetime64[s]")
    delay = columns["arrival_delay_minutes"].astype(np.float64)
    due = np.where(np.isnat(arrival), departure + _DAY, arrival)
    arrived = due + (np.nan_to_num(delay) * 60).astype("timedelta64[s]")
    return np.where(np.isnan(delay), departure + _DAY, np.maximum(arrived, departure))


def count_daily_outcomes(columns: Columns, late_threshold_minutes: int) -> pa.Table:
    """Count outcomes by group and by the day on which they became known.

    Args:
        columns: `HISTORY_COLUMNS` and `OUTCOMES`, each of shape (rows,).
        late_threshold_minutes: smallest delay of a late flight, in minutes.

    Returns:
        A sorted table of schema `COUNTS`; tables of several months can be concatenated.
    """
    delay = columns["arrival_delay_minutes"].astype(np.float64)
    outcomes = {
        "day": outcome_known_at(columns).astype("datetime64[D]"),
        "flights": np.ones(len(delay), np.int32),
        "arrived": (~np.isnan(delay)).astype(np.int32),
        "late": (delay >= late_threshold_minutes).astype(np.int32),
        "cancelled": columns["cancelled"].astype(np.int32),
    }
    parts = []
    for grouping in GROUPINGS:
        table = pa.table({"key": pa.array(group_keys(columns, grouping), pa.string()), **outcomes})
        sums = table.group_by(["key", "day"], use_threads=False).aggregate([(name, "sum") for name in COUNTED])
        sums = sums.rename_columns({f"{name}_sum": name for name in COUNTED})
        sums = sums.append_column("grouping", pa.array([grouping] * len(sums)))
        parts.append(sums.select(COUNTS.names).cast(COUNTS).sort_by([("key", "ascending"), ("day", "ascending")]))
    return pa.concat_tables(parts)


def first_day_of_counts(month: np.datetime64, days: int, horizon_hours: int) -> np.datetime64:
    """Return the first day of counts that flights of a month or later need."""
    # A day is added because of time zones.
    first: np.datetime64 = month.astype("datetime64[D]") - np.timedelta64(days + horizon_hours // 24 + 2, "D")
    return first


def filter_since(counts: pa.Table, day: np.datetime64) -> pa.Table:
    """Keep the counts of a day and later."""
    return counts.filter(pc.greater_equal(counts["day"], pa.scalar(day.item(), pa.date32())))


def group_keys(columns: Columns, grouping: str) -> list[str]:
    """Return the group of each row, as text."""
    parts = []
    for name in GROUPINGS[grouping]:
        values = columns["scheduled_departure_minutes"] // 60 if name == "hour" else columns[name]
        is_number = name in ("hour", "flight_number")
        parts.append(map(str, values.astype(np.int32).tolist() if is_number else values.tolist()))
    return list(map("-".join, zip(*parts, strict=True))) if parts else [""] * len(columns["carrier"])
