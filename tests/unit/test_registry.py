"""features.registry: dictionary and functions agree, and features know nothing of the flight but the timetable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from feature_parameters import FEATURE_PARAMETERS
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.data import weather
from flight_delay.data.contract import QualityResult
from flight_delay.data.dictionary import Dictionary
from flight_delay.features import history, schedule
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Column, Columns, columns_from_table
from flight_delay.features.feature import KEYS, ROW_ID, TARGET, Feature, processed_schema
from flight_delay.features.registry import all_source_columns, list_features, source_columns

Compute = Callable[..., Columns]

# Whatever is not named here is taken for an outcome, so that a new column is not let in unseen.
KNOWN_A_DAY_BEFORE = {
    "flight_id", "flight_date", "carrier", "flight_number", "origin", "destination", "scheduled_departure_minutes",
    "scheduled_arrival_minutes", "scheduled_departure_utc", "scheduled_arrival_utc", "scheduled_elapsed_minutes",
    "distance_miles",
}  # fmt: skip
DAYS = (3, 30)
ROWS = 40


@pytest.fixture(scope="module")
def features(dictionary: Dictionary) -> tuple[Feature, ...]:
    return list_features(dictionary.features, DAYS, with_weather=True)


@pytest.fixture(scope="module")
def flights(gated_march: QualityResult) -> pa.Table:
    """Flights around the spring change of the clocks, one of them to an airport whose time zone is not known."""
    march = gated_march.flights.to_pandas()
    begun = int((march["flight_date"] < dt.date(2013, 3, 6)).sum())  # before that, nothing has become known yet
    chosen = gated_march.flights.take(np.linspace(begun, len(march) - 1, ROWS, dtype=int))
    place = chosen.schema.get_field_index("scheduled_arrival_utc")
    unknown = pc.if_else(pc.equal(pa.array(range(ROWS)), 0), None, chosen["scheduled_arrival_utc"])
    return chosen.set_column(place, chosen.schema.field(place), unknown)


@pytest.fixture(scope="module")
def compute(gated_march: QualityResult, raw_weather: pa.Table, features: tuple[Feature, ...]) -> Compute:
    """Computes features with what really became of the flights of a month, and with the real weather."""
    counts = history.count_daily_outcomes(columns_from_table(gated_march.flights), 15)
    parameters = FEATURE_PARAMETERS.model_copy(update={"history_days": list(DAYS)})
    observations = columns_from_table(weather.canonical_observations(raw_weather.select(weather.RAW_COLUMNS)))

    def computed(columns: Columns, subset: tuple[Feature, ...] = features) -> Columns:
        return FeatureBuilder(parameters, subset).build(columns, counts, observations)

    return computed


def assert_same(one: Columns, other: Columns) -> None:
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_features_come_in_order_with_their_types(
    compute: Compute, flights: pa.Table, features: tuple[Feature, ...]
) -> None:
    computed = compute(columns_from_table(flights))
    assert list(computed) == [feature.name for feature in features]
    for feature in features:
        assert computed[feature.name].dtype == (np.float32 if feature.kind == "quantitative" else object)
        assert computed[feature.name].shape == (ROWS,)


def test_the_real_flights_have_weather_and_history(compute: Compute, flights: pa.Table) -> None:
    computed = compute(columns_from_table(flights))
    for name in ("late_rate_all_3d", "cancellation_rate_route_30d", "late_rate_flight_3d"):
        assert np.isfinite(computed[name]).all()
    assert np.isfinite(computed["observed_temperature"]).mean() > 0.9


def test_a_feature_reads_canonical_columns_that_are_known_a_day_before(
    features: tuple[Feature, ...], dictionary: Dictionary
) -> None:
    for feature in features:
        assert source_columns(feature), feature.name
        assert set(source_columns(feature)) <= KNOWN_A_DAY_BEFORE & set(dictionary.schema.names), feature.name


def test_a_processed_table_has_keys_features_and_target_each_once(features: tuple[Feature, ...]) -> None:
    names = [*KEYS, *(feature.name for feature in features), TARGET]
    assert len(set(names)) == len(names)
    assert processed_schema(features).names == names


def test_the_columns_read_are_needed_and_are_enough(
    compute: Compute, flights: pa.Table, features: tuple[Feature, ...]
) -> None:
    of_all = compute(columns_from_table(flights))
    for name in all_source_columns(features):
        with pytest.raises(KeyError, match=name):
            compute(columns_from_table(flights.drop_columns(name)))
    for feature in features:
        alone = compute(columns_from_table(flights, [ROW_ID, *source_columns(feature)]), (feature,))
        assert_same(alone, {feature.name: of_all[feature.name]})


def test_some_features_in_any_order_have_the_values_that_they_have_among_all(
    compute: Compute, flights: pa.Table, features: tuple[Feature, ...]
) -> None:
    of_all, some = compute(columns_from_table(flights)), features[::-3]
    reordered = columns_from_table(flights.select(flights.column_names[::-1]))
    assert_same(compute(reordered, some), {feature.name: of_all[feature.name] for feature in some})


def outcome(field: pa.Field) -> st.SearchStrategy[Any]:
    """Values that an outcome may take."""
    values: Any = {pa.string(): st.text(max_size=6), pa.int32(): st.integers(-90, 2000), pa.bool_(): st.booleans()}
    one = st.none() | values[field.type] if field.nullable else values[field.type]
    return st.lists(one, min_size=ROWS, max_size=ROWS).map(lambda column: pa.array(column, field.type))


def known_later(dictionary: Dictionary, horizon_hours: int = 24) -> set[str]:
    """Columns that become known when the prediction has been made, by the dictionary."""
    hours = {
        name: dictionary.moments[column.known].hours_before_departure for name, column in dictionary.columns.items()
    }
    return {name for name, before in hours.items() if before < horizon_hours}


def otherwise(flights: pa.Table, names: set[str], data: st.DataObject) -> pa.Table:
    """The same flights, with any values in some columns."""
    for field in flights.schema:
        if field.name in names:
            place = flights.schema.get_field_index(field.name)
            flights = flights.set_column(place, field, data.draw(outcome(field)))
    return flights


@settings(max_examples=settings.default.max_examples // 2)  # each has many flights
@given(st.data())
def test_whatever_became_of_the_flights_their_features_are_the_same(
    compute: Compute, flights: pa.Table, dictionary: Dictionary, data: st.DataObject
) -> None:
    changed = otherwise(flights, known_later(dictionary), data)
    assert_same(compute(columns_from_table(changed)), compute(columns_from_table(flights)))


def test_a_planted_leak_does_not_stay_the_same(
    compute: Compute, flights: pa.Table, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hours_late(arrival_delay_minutes: Column) -> Column:
        return arrival_delay_minutes / 60

    hours_late.__module__ = schedule.__name__
    monkeypatch.setattr(schedule, "hours_late", hours_late, raising=False)
    leaking = Feature(name="hours_late", kind="quantitative", group="schedule")

    @settings(phases=[Phase.generate])  # which flights show it best does not matter
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        changed = otherwise(flights, known_later(dictionary), data)
        assert_same(compute(columns_from_table(changed), (leaking,)), compute(columns_from_table(flights), (leaking,)))

    with pytest.raises(AssertionError, match="hours_late"):
        holds()
    with pytest.raises(UserError, match="feature 'hours_late' reads 'arrival_delay_minutes'"):
        dictionary.check_point_in_time("hours_late", source_columns(leaking), 24)


def test_no_flight_at_all_has_no_features(compute: Compute, flights: pa.Table, features: tuple[Feature, ...]) -> None:
    computed = compute(columns_from_table(flights.slice(0, 0)))
    assert {name: len(column) for name, column in computed.items()} == {feature.name: 0 for feature in features}
