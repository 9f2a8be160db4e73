"""features.history: rates are what their definition says in plain Python, and need only the counts that are kept."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from canonical_flights import DAY, FLIGHT, NOON, known_at
from hypothesis import assume, given
from hypothesis import strategies as st
from whole_timetable import smoothed_rates

from flight_delay.features import history
from flight_delay.features.columns import Columns

Flight = dict[str, Any]
AsColumns = Callable[[list[Flight]], Columns]
FlightsIn = Callable[[str], st.SearchStrategy[Flight]]

HORIZONS = st.integers(1, 72)
DAYS = st.lists(st.integers(1, 8) | st.integers(1, 60), min_size=1, max_size=3, unique=True)
PRIORS = st.floats(0.5, 100)
LATE_MINUTES = 15
SHARES: dict[str, Callable[[Flight], tuple[bool, bool]]] = {  # is it counted, and of what?
    "late_rate": lambda flight: (
        flight["arrival_delay_minutes"] is not None and flight["arrival_delay_minutes"] >= LATE_MINUTES,
        flight["arrival_delay_minutes"] is not None,
    ),
    "cancellation_rate": lambda flight: (flight["cancelled"], True),
}


def group(grouping: str, flight: Flight) -> list[Any]:
    values = {**flight, "hour": flight["scheduled_departure_minutes"] // 60}
    return [values[name] for name in history.GROUPINGS[grouping]]


def rate(flight: Flight, flights: list[Flight], family: str, days: int, prior: float, horizon: int) -> float:
    """A feature of history by its definition."""
    first_not_ended = (flight["scheduled_departure_utc"] - dt.timedelta(hours=horizon)).date()
    known = [other for other in flights if first_not_ended - days * DAY <= known_at(other).date() < first_not_ended]
    share, grouping = history.rate_families()[family]
    every = [SHARES[share](other) for other in known]
    alike = [SHARES[share](other) for other in known if group(grouping, other) == group(grouping, flight)]
    if not any(counts for _, counts in every):
        return math.nan
    overall = sum(hit for hit, _ in every) / sum(counts for _, counts in every)
    if grouping == "all":
        return overall
    return (sum(hit for hit, _ in alike) + prior * overall) / (sum(counts for _, counts in alike) + prior) - overall


def computed(
    flights: Columns, counts: pa.Table, days: Sequence[int], prior: float = 20.0, horizon: int = 24
) -> dict[str, list[float]]:
    rates = smoothed_rates(flights, counts, days, prior, horizon)
    return {name: values.tolist() for name, values in rates.items()}


def rate_bytes(flights: Columns, counts: pa.Table, days: Sequence[int], horizon: int) -> dict[str, bytes]:
    rates = smoothed_rates(flights, counts, days, 20.0, horizon)
    return {name: values.tobytes() for name, values in rates.items()}


def counted(flights: Columns) -> pa.Table:
    return history.count_daily_outcomes(flights, LATE_MINUTES)


@given(st.data(), DAYS, PRIORS, HORIZONS)
def test_rates_are_what_their_definition_says(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject, days: list[int], prior: float, horizon: int
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=20))
    columns = as_columns(flights)
    rates = smoothed_rates(columns, counted(columns), days, prior, horizon)
    assert list(rates) == [f"{family}_{day_count}d" for family in history.rate_families() for day_count in days]
    for family in history.rate_families():
        for day_count in days:
            expected = [rate(flight, flights, family, day_count, prior, horizon) for flight in flights]
            np.testing.assert_allclose(rates[f"{family}_{day_count}d"], expected, rtol=0, atol=1e-12, err_msg=family)


@given(st.data(), DAYS, HORIZONS)
def test_counts_of_parts_below_one_another_give_the_rates_of_the_whole(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject, days: list[int], horizon: int
) -> None:
    parts = data.draw(st.lists(st.lists(flights_in("2013-03"), max_size=10), min_size=1, max_size=4))
    whole = [flight for part in parts for flight in part]
    assume(whole)
    counts = [counted(as_columns(part)) for part in data.draw(st.permutations(parts))]
    columns = as_columns(whole)
    of_parts = rate_bytes(columns, pa.concat_tables(counts), days, horizon)
    assert of_parts == rate_bytes(columns, counted(columns), days, horizon)


@given(st.data(), DAYS, HORIZONS)
def test_a_flight_has_alone_the_rates_that_it_has_among_many(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject, days: list[int], horizon: int
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=10))
    counts = counted(as_columns(flights))
    among_many = smoothed_rates(as_columns(flights), counts, days, 20.0, horizon)
    for place, flight in enumerate(flights):
        for name, values in smoothed_rates(as_columns([flight]), counts, days, 20.0, horizon).items():
            assert values.tobytes() == among_many[name][place : place + 1].tobytes(), name


@given(st.data(), DAYS, HORIZONS)
def test_the_counts_that_are_kept_for_a_month_are_enough_for_it_and_for_later_ones(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject, days: list[int], horizon: int
) -> None:
    before = data.draw(st.lists(flights_in("2013-02") | flights_in("2013-01"), max_size=15))
    predicted = [
        flight for flight in data.draw(st.lists(flights_in("2013-03"), min_size=1)) if flight["flight_date"].month >= 3
    ]
    counts = counted(as_columns([*before, *predicted]))
    kept = history.filter_since(counts, history.first_day_of_counts(np.datetime64("2013-03"), max(days), horizon))
    columns = as_columns(predicted)
    assert rate_bytes(columns, kept, days, horizon) == rate_bytes(columns, counts, days, horizon)


@pytest.mark.parametrize("days", [1, 60])
@pytest.mark.parametrize("horizon", [1, 9, 10, 11, 24, 34, 72])
def test_the_first_flight_of_a_month_in_the_earliest_time_zone_finds_all_that_it_looks_at(
    days: int, horizon: int
) -> None:
    predicted_at = dt.datetime(2013, 3, 1, tzinfo=dt.UTC) - dt.timedelta(hours=14 + horizon)
    looks_from = predicted_at.date() - days * DAY
    needed = history.first_day_of_counts(np.datetime64("2013-03"), days, horizon).item()
    assert looks_from - DAY <= needed <= looks_from


@given(st.data(), DAYS, st.integers(24, 72))
def test_a_day_ahead_flights_of_later_months_change_nothing_so_that_a_month_can_be_computed_before_the_next(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject, days: list[int], horizon: int
) -> None:
    drawn = data.draw(st.lists(flights_in("2013-02"), min_size=1, max_size=20))
    february = [flight for flight in drawn if flight["flight_date"].month == 2]
    later = [flight for flight in drawn if flight["flight_date"].month > 2] + data.draw(
        st.lists(flights_in("2013-03"), max_size=9)
    )
    assume(february)
    columns = as_columns(february)
    with_later = counted(as_columns([*february, *later]))
    assert rate_bytes(columns, counted(columns), days, horizon) == rate_bytes(columns, with_later, days, horizon)


def earlier(days: int, **changes: Any) -> Flight:
    """A flight some days before the one that is asked about, due at noon."""
    return {
        **FLIGHT,
        "scheduled_departure_utc": NOON - (days + 0.25) * DAY,
        "scheduled_arrival_utc": NOON - days * DAY,
        **changes,
    }


def test_the_late_rate_is_missing_where_only_cancellations_are_known(as_columns: AsColumns) -> None:
    only = [earlier(3, arrival_delay_minutes=None, cancelled=True)]
    rates = computed(as_columns([FLIGHT]), counted(as_columns(only)), [3])
    assert all(math.isnan(values[0]) == name.startswith("late_rate") for name, values in rates.items())
    assert rates["cancellation_rate_all_3d"] == [1.0]
