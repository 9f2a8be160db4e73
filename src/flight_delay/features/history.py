"""Features of what became of earlier flights: how many were late or cancelled in the days before the prediction.

Outcomes are counted per day *on which they became known*, in UTC, and only days that had ended when the prediction was made
are looked at. A flight that was due two days ago and is still in the air is in no count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.features.columns import Column, Columns

# By what flights are put together; the name of a rate ends in one of these.
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

# A row per grouping, group and day: flights whose outcome became known on that day (UTC), those of them that arrived,
# arrived late, and were cancelled.
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
_DAY = np.timedelta64(1, "D")


class Rate(NamedTuple):
    """A rate: what is counted, out of what."""

    counted: str
    of: str


RATES = {"late_rate": Rate("late", "arrived"), "cancellation_rate": Rate("cancelled", "flights")}


def rate_families() -> dict[str, tuple[str, str]]:
    """Rate and grouping by name of the family of features, such as 'late_rate_route'."""
    return {f"{rate}_{grouping}": (rate, grouping) for rate in RATES for grouping in GROUPINGS}


def feature_name(family: str, days: int) -> str:
    """Name of a feature of a family, such as 'late_rate_route_7d'."""
    return f"{family}_{days}d"


def outcome_known_at(columns: Columns) -> Column:
    """When the outcome of flights became known, UTC, shape (rows,).

    A flight that arrived: when it did, and never before its scheduled departure, whatever a typing error says. Where the scheduled
    arrival is not known, it is taken to be a day after departure, which no flight takes. One that did not arrive where it should: a day after its scheduled departure, since sources do not say when a
    delayed flight was given up.
    """
    departure = columns["scheduled_departure_utc"].astype("datetime64[s]")
    arrival = columns["scheduled_arrival_utc"].astype("datetime64[s]")
    delay = columns["arrival_delay_minutes"].astype(np.float64)
    due = np.where(np.isnat(arrival), departure + _DAY, arrival)
    arrived = due + (np.nan_to_num(delay) * 60).astype("timedelta64[s]")
    return np.where(np.isnan(delay), departure + _DAY, np.maximum(arrived, departure))


def count_daily_outcomes(columns: Columns, late_minutes: int) -> pa.Table:
    """Count what became of flights, per group and day on which it became known.

    Args:
        columns: `HISTORY_COLUMNS` and `OUTCOMES`, each of shape (rows,).
        late_minutes: from how many minutes on a flight is late.

    Returns:
        A table of schema `COUNTS`, sorted. Counts of several tables can be put one below the other.
    """
    delay = columns["arrival_delay_minutes"].astype(np.float64)
    outcomes = {
        "day": outcome_known_at(columns).astype("datetime64[D]"),
        "flights": np.ones(len(delay), np.int32),
        "arrived": (~np.isnan(delay)).astype(np.int32),
        "late": (delay >= late_minutes).astype(np.int32),
        "cancelled": columns["cancelled"].astype(np.int32),
    }
    counted = ("flights", "arrived", "late", "cancelled")
    parts = []
    for grouping in GROUPINGS:
        table = pa.table({"key": _group_keys(columns, grouping), **outcomes})
        sums = table.group_by(["key", "day"], use_threads=False).aggregate([(name, "sum") for name in counted])
        sums = sums.rename_columns({f"{name}_sum": name for name in counted})
        sums = sums.append_column("grouping", pa.array([grouping] * len(sums)))
        parts.append(sums.select(COUNTS.names).cast(COUNTS).sort_by([("key", "ascending"), ("day", "ascending")]))
    return pa.concat_tables(parts)


def first_day_of_counts(month: np.datetime64, days: int, horizon_hours: int) -> np.datetime64:
    """First day of counts that a flight of a month, or of a later one, may need; a day early for the sake of time zones."""
    first: np.datetime64 = month.astype("datetime64[D]") - np.timedelta64(days + horizon_hours // 24 + 2, "D")
    return first


def filter_since(counts: pa.Table, day: np.datetime64) -> pa.Table:
    """The rows of a table of counts from a day on."""
    return counts.filter(pc.greater_equal(counts["day"], pa.scalar(day.item(), pa.date32())))


def smoothed_rates(
    columns: Columns, counts: pa.Table, days: Sequence[int], prior_flights: float, horizon_hours: int
) -> Columns:
    """Smoothed late and cancellation rates of the flights that were known when a prediction was made.

    The rate of a group of n flights, k of them late, is smoothed towards that of all flights p as if `prior_flights` more had
    been seen: (k + m p) / (n + m), with m = prior_flights, an empirical Bayes estimate (Efron & Morris 1973,
    https://doi.org/10.1080/01621459.1973.10481350). Given is what it is above p, so that trees need not learn
    the difference from days that they would know again; of all flights, p itself.

    Args:
        columns: `HISTORY_COLUMNS`, each of shape (rows,).
        counts: of schema `COUNTS`, at least those of the days before that are looked at.
        days: how far back, in days that had ended at the time of the prediction.
        prior_flights: strength of the smoothing, in flights.
        horizon_hours: how long before departure the prediction is made.

    Returns:
        By name, float64 of shape (rows,); NaN where no outcome of any flight was known.
    """
    predicted_at = columns["scheduled_departure_utc"].astype("datetime64[s]") - np.timedelta64(horizon_hours, "h")
    end = predicted_at.astype("datetime64[D]")  # the first day that had not ended
    if not len(end):
        return {feature_name(family, of): np.empty(0) for family in rate_families() for of in days}
    first = end.min() - np.timedelta64(max(days), "D")
    last = _day_number(end.max(), first)
    end_at = _day_number(end, first)

    every = {}
    for grouping in GROUPINGS:
        known = counts.filter(pc.equal(counts["grouping"], grouping))
        groups = pc.unique(known["key"])
        row = pc.index_in(pa.array(_group_keys(columns, grouping)), groups).fill_null(len(groups)).to_numpy(False)
        key = pc.index_in(known["key"], groups).to_numpy()
        day = _day_number(known["day"].to_numpy().astype("datetime64[D]"), first)
        seen = (day >= 0) & (day < last)
        for name in {name for rate in RATES.values() for name in rate}:
            # Counts from the first day up to, and without, a day; the last row is that of groups never seen.
            until = np.zeros((len(groups) + 1, last + 1), np.int32)
            np.add.at(until, (key[seen], day[seen] + 1), known[name].to_numpy()[seen])
            np.cumsum(until, axis=1, out=until)
            for of in days:
                every[grouping, name, of] = until[row, end_at] - until[row, end_at - of]

    result = {}
    for family, (rate, grouping) in rate_families().items():
        counted, total = RATES[rate]
        for of in days:
            with np.errstate(invalid="ignore"):
                overall = every["all", counted, of] / every["all", total, of]
            hits, flights = every[grouping, counted, of], every[grouping, total, of]
            excess = (hits - flights * overall) / (flights + prior_flights)
            result[feature_name(family, of)] = overall if grouping == "all" else excess
    return result


def _day_number(day: Column, first: np.datetime64) -> Column:
    return (day - first).astype(np.int64)


def _group_keys(columns: Columns, grouping: str) -> pa.Array:
    """The group of every row, as text."""
    parts = []
    for name in GROUPINGS[grouping]:
        of = columns["scheduled_departure_minutes"] // 60 if name == "hour" else columns[name]
        parts.append(pa.array(of.astype(np.int32) if name in ("hour", "flight_number") else of).cast(pa.string()))
    if not parts:
        return pa.array([""] * len(columns["carrier"]), pa.string())
    return pc.binary_join_element_wise(*parts, "-")
