"""Features of history: smoothed rates of late and cancelled flights.

Only days that ended before the prediction are used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.features.columns import Column, Columns
from flight_delay.features.history import COUNTED, GROUPINGS, RATES, feature_name, group_keys, rate_families

_EPOCH = np.datetime64("1970-01-01", "D")


class _NeededRate(NamedTuple):
    """A family of features: columns of counts, and the window of each name."""

    numerator: int
    denominator: int
    grouping: str
    places: dict[str, int]


class SmoothedRates:
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

    def look_up(self, columns: Columns, names: Collection[str]) -> Columns:
        """Return the late and cancellation rates known at the prediction.

        Args:
            columns: `HISTORY_COLUMNS`, each of shape (rows,).
            names: of the features to return; others are left out.

        Returns:
            By name, float64 of shape (rows,); NaN where no outcome of any flight was known.

        Raises:
            ValueError: a flight is on no date of the timetable.
        """
        end = _day_number(day_of_prediction(columns, self._horizon_hours), self._first)[:, None]
        if len(end) and (end.min() < self._days.max() or end.max() > self._n_days):
            raise ValueError("a flight is on no date of the timetable")
        needed = _needed_rates(frozenset(names), tuple(self._days.tolist()))
        known = {}
        for grouping in dict.fromkeys(["all", *(rate.grouping for rate in needed)]):
            row_of_key, before = self._sums[grouping]
            others = len(before) - 1  # a group without counts
            row = np.array([row_of_key.get(key, others) for key in group_keys(columns, grouping)], np.intp)[:, None]
            known[grouping] = before[row, end] - before[row, end - self._days]  # shape (rows, windows, counts)
        result: Columns = {}
        for numerator, denominator, grouping, places in needed:
            with np.errstate(invalid="ignore"):
                overall = known["all"][..., numerator] / known["all"][..., denominator]
            hits, flights = known[grouping][..., numerator], known[grouping][..., denominator]
            values = overall if grouping == "all" else (hits - flights * overall) / (flights + self._smoothing)
            result |= {name: values[:, place] for name, place in places.items()}
        return result

    def _sum(self, counts: pa.Table, grouping: str) -> tuple[dict[str, int], Any]:
        """Return the row of each key, and counts before each day by row.

        Counts have the shape (groups + 1, days + 1, 4).
        """
        known = counts.filter(pc.equal(counts["grouping"], grouping))
        day = _day_number(known["day"].to_numpy().astype("datetime64[D]"), self._first)
        is_used = (day >= 0) & (day < self._n_days)
        keys = known["key"].combine_chunks().dictionary_encode()
        values = np.stack([known[name].to_numpy() for name in COUNTED], axis=1)
        before = np.zeros((len(keys.dictionary) + 1, self._n_days + 1, len(COUNTED)), np.int32)
        np.add.at(before, (keys.indices.to_numpy()[is_used], day[is_used] + 1), values[is_used])
        np.cumsum(before, axis=1, out=before)
        return {key: row for row, key in enumerate(keys.dictionary.to_pylist())}, before


@lru_cache
def _needed_rates(names: frozenset[str], days: tuple[int, ...]) -> tuple[_NeededRate, ...]:
    """List the families that have a feature among `names`.

    The list is kept, since a service looks up one row at a time.
    """
    needed = []
    for family, (rate, grouping) in rate_families().items():
        every = {feature_name(family, window): place for place, window in enumerate(days)}
        if places := {name: place for name, place in every.items() if name in names}:
            numerator, denominator = (COUNTED.index(name) for name in RATES[rate])
            needed.append(_NeededRate(numerator, denominator, grouping, places))
    return tuple(needed)


def day_of_prediction(columns: Columns, horizon_hours: int) -> Column:
    """Return the UTC day of the prediction, the first that had not ended."""
    predicted_at = columns["scheduled_departure_utc"].astype("datetime64[s]") - np.timedelta64(horizon_hours, "h")
    return predicted_at.astype("datetime64[D]")


def _day_number(day: Column, first: np.datetime64) -> Column:
    return (day - first).astype(np.int64)
