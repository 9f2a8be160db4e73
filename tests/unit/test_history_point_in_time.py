"""The heart of it: whatever becomes known after a prediction, every feature of the flight stays the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from canonical_flights import DAY, known_at
from feature_parameters import FEATURE_PARAMETERS
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from whole_timetable import smoothed_rates

from flight_delay.data.dictionary import Dictionary
from flight_delay.data.weather import OBSERVATIONS, SOURCES
from flight_delay.features import history, rates, weather
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Column, Columns, columns_from_table
from flight_delay.features.registry import list_features

Row = dict[str, Any]
AsColumns = Callable[[list[Row]], Columns]
FlightsIn = Callable[[str], st.SearchStrategy[Row]]
Day = Callable[[Columns, int], Column]

HOUR = dt.timedelta(hours=1)
MARCH = dt.datetime(2013, 3, 1, tzinfo=dt.UTC)
HISTORY_DAYS = (1, 3, 10)
HORIZONS = st.integers(1, 72)
# Enough at once that a leak seldom goes unseen.
FLIGHTS = {"min_size": 8, "max_size": 12}
OBSERVATION: st.SearchStrategy[Row] = st.tuples(
    st.sampled_from(["EWR", "GUM"]), st.integers(-3 * 24, 5 * 24), st.none() | st.integers(0, 50).map(float)
).map(lambda drawn: {"airport": drawn[0], "observed_utc": MARCH + drawn[1] * HOUR, **dict.fromkeys(SOURCES, drawn[2])})


Compute = Callable[[list[Row], list[Row], int], list[dict[str, bytes]]]


@pytest.fixture(scope="module")
def compute(dictionary: Dictionary, as_columns: AsColumns) -> Compute:
    """All features of flights, as bytes, from everything that became of them and all observations."""
    features = list_features(dictionary.features, HISTORY_DAYS, with_weather=True)
    parameters = FEATURE_PARAMETERS.model_copy(update={"history_days": list(HISTORY_DAYS)})

    def computed(flights: list[Row], observed: list[Row], horizon: int) -> list[dict[str, bytes]]:
        columns = as_columns(flights)
        builder = FeatureBuilder(parameters.model_copy(update={"horizon_hours": horizon}), features)
        values = builder.build(
            columns, builder.count_outcomes(columns), columns_from_table(pa.Table.from_pylist(observed, OBSERVATIONS))
        )
        return [{name: as_bytes(column[row]) for name, column in values.items()} for row in range(len(flights))]

    return computed


def as_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value.tobytes()


def check(
    flights_in: FlightsIn, outcomes: st.SearchStrategy[Row], compute: Compute, data: st.DataObject, horizon: int
) -> None:
    """Check, for one flight after the other, that all that became known after its prediction can be otherwise."""
    flights = data.draw(st.lists(flights_in("2013-03"), **FLIGHTS))
    otherwise = [{**flight, **data.draw(outcomes)} for flight in flights]
    observed, observed_otherwise = (data.draw(st.lists(OBSERVATION, min_size=20, max_size=30)) for _ in range(2))
    before = compute(flights, observed, horizon)
    for position, flight in enumerate(flights):
        moment = flight["scheduled_departure_utc"] - horizon * HOUR
        changed = [
            other if min(known_at(one), known_at(other)) > moment else one
            for one, other in zip(flights, otherwise, strict=True)
        ]
        weather_until = [row for row in observed if row["observed_utc"] + HOUR <= moment]
        weather_after = [row for row in observed_otherwise if row["observed_utc"] + HOUR > moment]
        after = compute(changed, [*weather_until, *weather_after], horizon)[position]
        assert after == before[position], "features know the future"


@settings(max_examples=settings.default.max_examples // 2)  # each checks many flights
@given(st.data(), HORIZONS)
def test_whatever_becomes_known_after_the_prediction_leaves_every_feature_as_it_is(
    flights_in: FlightsIn, outcomes: st.SearchStrategy[Row], compute: Compute, data: st.DataObject, horizon: int
) -> None:
    check(flights_in, outcomes, compute, data, horizon)


@given(st.data(), HORIZONS)
def test_what_becomes_of_a_flight_is_in_none_of_its_own_features(
    flights_in: FlightsIn, outcomes: st.SearchStrategy[Row], compute: Compute, data: st.DataObject, horizon: int
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), **FLIGHTS))
    changed = {**flights[0], **data.draw(outcomes)}
    assert compute([changed, *flights[1:]], [], horizon)[0] == compute(flights, [], horizon)[0]


def departure(columns: Columns) -> Column:
    return columns["scheduled_departure_utc"].astype("datetime64[s]")


def flight_date(columns: Columns) -> Column:
    return columns["flight_date"].astype("datetime64[s]")


def hours_later(day: Day, hours: int) -> Day:
    """A day of prediction that is some hours late, so that rates include what became known after the prediction."""
    return lambda columns, horizon: day(columns, horizon - hours)


LEAKS: dict[str, tuple[Any, str, Any]] = {
    "outcomes at departure": (history, "outcome_known_at", departure),
    "outcomes on the date": (history, "outcome_known_at", flight_date),
    "an unfinished day": (rates, "day_of_prediction", hours_later(rates.day_of_prediction, 24)),
    "unreported weather": (weather, "REPORTED_AFTER_HOURS", 0),
    "weather at departure": (weather, "REPORTED_AFTER_HOURS", -24),
}


@pytest.mark.parametrize(("module", "name", "leak"), LEAKS.values(), ids=LEAKS)
def test_a_planted_leak_does_not_stay_the_same(
    flights_in: FlightsIn,
    outcomes: st.SearchStrategy[Row],
    compute: Compute,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    leak: Any,
) -> None:
    monkeypatch.setattr(module, name, leak)

    @settings(phases=[Phase.generate], max_examples=500)  # which flights show it best does not matter
    @given(st.data(), HORIZONS)
    def holds(data: st.DataObject, horizon: int) -> None:
        check(flights_in, outcomes, compute, data, horizon)

    with pytest.raises(AssertionError, match="features know the future"):
        holds()


def test_an_outcome_counts_once_the_day_on_which_it_became_known_has_ended(
    as_columns: AsColumns,
) -> None:
    noon = MARCH + DAY / 2
    late: Row = {
        "flight_date": noon.date(), "carrier": "UA", "flight_number": 7, "origin": "EWR", "destination": "LAX",
        "scheduled_departure_minutes": 720, "scheduled_arrival_minutes": 60, "scheduled_departure_utc": noon,
        "scheduled_arrival_utc": MARCH + DAY - HOUR, "arrival_delay_minutes": 59, "cancelled": False, "diverted": False,
    }  # fmt: skip
    a_minute_later = {**late, "arrival_delay_minutes": 60}
    after_a_day = {**late, "scheduled_departure_utc": MARCH + 2 * DAY}

    def known(outcome: Row, flight: Row) -> bool:
        counts = history.count_daily_outcomes(as_columns([outcome]), 15)
        rates = smoothed_rates(as_columns([flight]), counts, [1], 20.0, 24)
        return not np.isnan(rates["late_rate_all_1d"][0])

    assert known(late, after_a_day)
    assert not known(a_minute_later, after_a_day)
    assert not known(late, {**after_a_day, "scheduled_departure_utc": MARCH + 2 * DAY - HOUR / 60})
    assert known(a_minute_later, {**after_a_day, "scheduled_departure_utc": MARCH + 3 * DAY})
