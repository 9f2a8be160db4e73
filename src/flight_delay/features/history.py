"""Features of earlier outcomes: rates of late and cancelled flights.

Outcomes are counted by the UTC day *on which they became known*. Only days that ended before the prediction are
used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

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
_COUNTED = ("flights", "arrived", "late", "cancelled")
_DAY = np.timedelta64(1, "D")
_EPOCH = np.datetime64("1970-01-01", "D")


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
        table = pa.table({"key": pa.array(_group_keys(columns, grouping), pa.string()), **outcomes})
        sums = table.group_by(["key", "day"], use_threads=False).aggregate([(name, "sum") for name in _COUNTED])
        sums = sums.rename_columns({f"{name}_sum": name for name in _COUNTED})
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


class History:
    """Outcomes by group, summed up to each day, to look up rates of flights.

    The rate of a group of n flights, k of them late, is shrunk towards the rate p of all flights with m pseudo-counts:
    (k + m p) / (n + m), an empirical Bayes estimate (Efron & Morris 1973,
    https://doi.org/10.1080/01621459.1973.10481350). Rates are given as rate - p; for 'all flights', as p. Centring
    removes day-level variation that the trees would otherwise memorise.
    """

    def __init__(
        self, counts: pa.Table, timetable: Columns, days: Sequence[int], smoothing_flights: float, horizon_hours: int
    ) -> None:
        """Sum counts over the days that predictions need.

        Args:
            counts: of schema `COUNTS`, at least of the days that are used.
            timetable: scheduled_departure_utc, shape (flights,), of flights on the same dates.
            days: window lengths, in days that ended before the prediction.
            smoothing_flights: pseudo-counts.
            horizon_hours: hours between prediction and departure.
        """
        self._days, self._smoothing, self._horizon_hours = np.array(days), smoothing_flights, horizon_hours
        predicted_on = day_of_prediction(timetable, horizon_hours)
        # A flight that is moved within its date may be on the day before or after in UTC.
        first, last = (predicted_on.min() - 1, predicted_on.max() + 1) if len(predicted_on) else (_EPOCH, _EPOCH)
        self._first = first - max(days)
        self._n_days = int((last - self._first).astype(int))
        self._sums = {grouping: self._sum(counts, grouping) for grouping in GROUPINGS}

    def rates(self, columns: Columns) -> Columns:
        """Look up smoothed late and cancellation rates known at the prediction.

        Args:
            columns: `HISTORY_COLUMNS`, each of shape (rows,).

        Returns:
            By name, float64 of shape (rows,); NaN where no outcome of any flight was known.

        Raises:
            ValueError: a flight is on no date of the timetable.
        """
        end = _day_number(day_of_prediction(columns, self._horizon_hours), self._first)[:, None]
        if len(end) and (end.min() < self._days.max() or end.max() > self._n_days):
            raise ValueError("a flight is on no date of the timetable")
        known = {}
        for grouping, (row_of_key, before) in self._sums.items():
            others = len(before) - 1  # a group without counts
            row = np.array([row_of_key.get(key, others) for key in _group_keys(columns, grouping)], np.intp)[:, None]
            known[grouping] = before[row, end] - before[row, end - self._days]  # shape (rows, windows, counts)
        result: Columns = {}
        for family, (rate, grouping) in rate_families().items():
            numerator, denominator = (_COUNTED.index(name) for name in RATES[rate])
            with np.errstate(invalid="ignore"):
                overall = known["all"][..., numerator] / known["all"][..., denominator]
            hits, flights = known[grouping][..., numerator], known[grouping][..., denominator]
            values = overall if grouping == "all" else (hits - flights * overall) / (flights + self._smoothing)
            result |= {feature_name(family, days): values[:, place] for place, days in enumerate(self._days.tolist())}
        return result

    def _sum(self, counts: pa.Table, grouping: str) -> tuple[dict[str, int], Any]:
        """Return the row of each key, and counts before each day by row.

        Counts have the shape (groups + 1, days + 1, 4).
        """
        known = counts.filter(pc.equal(counts["grouping"], grouping))
        day = _day_number(known["day"].to_numpy().astype("datetime64[D]"), self._first)
        is_used = (day >= 0) & (day < self._n_days)
        keys = known["key"].combine_chunks().dictionary_encode()
        values = np.stack([known[name].to_numpy() for name in _COUNTED], axis=1)
        before = np.zeros((len(keys.dictionary) + 1, self._n_days + 1, len(_COUNTED)), np.int32)
        np.add.at(before, (keys.indices.to_numpy()[is_used], day[is_used] + 1), values[is_used])
        np.cumsum(before, axis=1, out=before)
        return {key: row for row, key in enumerate(keys.dictionary.to_pylist())}, before


def day_of_prediction(columns: Columns, horizon_hours: int) -> Column:
    """Return the UTC day of the prediction, the first that had not ended."""
    predicted_at = columns["scheduled_departure_utc"].astype("datetime64[s]") - np.timedelta64(horizon_hours, "h")
    return predicted_at.astype("datetime64[D]")


def _day_number(day: Column, first: np.datetime64) -> Column:
    return (day - first).astype(np.int64)


def _group_keys(columns: Columns, grouping: str) -> list[str]:
    """Return the group of each row, as text."""
    parts = []
    for name in GROUPINGS[grouping]:
        values = columns["scheduled_departure_minutes"] // 60 if name == "hour" else columns[name]
        is_number = name in ("hour", "flight_number")
        parts.append(map(str, values.astype(np.int32).tolist() if is_number else values.tolist()))
    return list(map("-".join, zip(*parts, strict=True))) if parts else [""] * len(columns["carrier"])
