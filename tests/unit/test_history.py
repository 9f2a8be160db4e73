"""features.history: what is counted of outcomes, on which day, and how parts of the counts go together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from canonical_flights import DAY, FLIGHT, NOON, known_at
from hypothesis import given
from hypothesis import strategies as st
from whole_timetable import smoothed_rates

from flight_delay.features import history
from flight_delay.features.columns import Columns

Flight = dict[str, Any]
AsColumns = Callable[[list[Flight]], Columns]
FlightsIn = Callable[[str], st.SearchStrategy[Flight]]

KEYS = {
    "all": "", "flight": "UA-7", "origin_hour": "EWR-12", "carrier_origin": "UA-EWR", "carrier_hour": "UA-12",
    "route": "EWR-LAX", "origin": "EWR",
}  # fmt: skip


def one(grouping: str, counts: pa.Table) -> list[dict[str, Any]]:
    return [row for row in counts.to_pylist() if row["grouping"] == grouping]


@given(st.data())
def test_no_outcome_is_known_before_the_scheduled_departure(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1))
    columns = as_columns(flights)
    assert (history.outcome_known_at(columns) >= columns["scheduled_departure_utc"]).all()
    assert history.outcome_known_at(columns).tolist() == [known_at(flight).replace(tzinfo=None) for flight in flights]


def test_a_flight_is_counted_once_in_every_grouping_under_its_own_key(as_columns: AsColumns) -> None:
    late = {**FLIGHT, "arrival_delay_minutes": 15}
    counted = {"day": known_at(late).date(), "flights": 1, "arrived": 1, "late": 1, "cancelled": 0}
    rows = history.count_daily_outcomes(as_columns([late]), 15).to_pylist()
    assert rows == [{"grouping": grouping, "key": key, **counted} for grouping, key in KEYS.items()]


def test_a_day_of_outcomes_begins_at_midnight_utc(as_columns: AsColumns) -> None:
    at_midnight = {**FLIGHT, "scheduled_arrival_utc": NOON + DAY / 2}
    counts = history.count_daily_outcomes(as_columns([at_midnight, {**at_midnight, "arrival_delay_minutes": -1}]), 15)
    assert [row["day"].isoformat() for row in one("all", counts)] == ["2013-03-05", "2013-03-06"]


def test_every_grouping_is_that_of_its_name() -> None:
    assert set(KEYS) == set(history.GROUPINGS)
    assert set(history.rate_families()) == {
        f"{rate}_rate_{grouping}" for rate in ("late", "cancellation") for grouping in KEYS
    }
    assert history.rate_families()["cancellation_rate_route"] == ("cancellation_rate", "route")
    assert history.feature_name("late_rate_route", 7) == "late_rate_route_7d"


@given(st.data(), st.sampled_from([1, 15, 60]))
def test_counts_are_those_of_counting_one_by_one(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject, late_threshold_minutes: int
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1))
    expected: Counter[tuple[Any, ...]] = Counter()
    for flight in flights:
        delay, hour = flight["arrival_delay_minutes"], flight["scheduled_departure_minutes"] // 60
        became = {
            "flights": True, "arrived": delay is not None,
            "late": delay is not None and delay >= late_threshold_minutes, "cancelled": flight["cancelled"],
        }  # fmt: skip
        for grouping, names in history.GROUPINGS.items():
            key = "-".join(str({**flight, "hour": hour}[name]) for name in names)
            expected.update(
                (grouping, key, known_at(flight).date(), name) for name, is_counted in became.items() if is_counted
            )
    counts = history.count_daily_outcomes(as_columns(flights), late_threshold_minutes)
    assert counts.schema == history.COUNTS
    assert {pa.int32()} == {counts.schema.field(name).type for name in ("flights", "arrived", "late", "cancelled")}
    rows = counts.to_pylist()
    counted = {
        (row["grouping"], row["key"], row["day"], name): row[name]
        for row in rows
        for name in ("flights", "arrived", "late", "cancelled")
        if row[name]
    }
    assert counted == dict(expected)
    assert len(rows) == len({(row["grouping"], row["key"], row["day"]) for row in rows})


@given(st.data())
def test_the_order_of_flights_does_not_change_a_byte_of_the_counts(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1))
    shuffled = data.draw(st.permutations(flights))
    assert history.count_daily_outcomes(as_columns(shuffled), 15).equals(
        history.count_daily_outcomes(as_columns(flights), 15)
    )


def test_no_flight_at_all_has_no_counts_and_an_empty_month_does_no_harm(as_columns: AsColumns) -> None:
    none = history.count_daily_outcomes(as_columns([]), 15)
    assert none.num_rows == 0
    assert none.schema == history.COUNTS
    assert smoothed_rates(as_columns([]), none, [3], 20.0, 24).keys() == {
        f"{name}_3d" for name in history.rate_families()
    }
    for values in smoothed_rates(as_columns([FLIGHT]), none, [3], 20.0, 24).values():
        np.testing.assert_array_equal(values, [np.nan])


def test_counts_from_a_day_on_keep_that_day(as_columns: AsColumns) -> None:
    days = [{**FLIGHT, "scheduled_arrival_utc": NOON + days * DAY} for days in (0, 1, 2)]
    kept = history.filter_since(history.count_daily_outcomes(as_columns(days), 15), np.datetime64("2013-03-06"))
    assert [row["day"].day for row in one("all", kept)] == [6, 7]
    assert kept.schema == history.COUNTS
