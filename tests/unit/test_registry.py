"""features.registry: features know nothing but the timetable, and every row is computed for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.features.columns import Column, Columns, from_table
from flight_delay.features.registry import FEATURES, KEYS, PROCESSED, TARGET, Feature, columns_read, compute_features

# Whatever is not named here is taken for an outcome, so that a new column is not let in unseen.
KNOWN_A_DAY_BEFORE = {
    "flight_id", "flight_date", "carrier", "flight_number", "origin", "destination", "scheduled_departure_minutes",
    "scheduled_arrival_minutes", "scheduled_departure_utc", "scheduled_arrival_utc", "scheduled_elapsed_minutes",
    "distance_miles",
}  # fmt: skip
ROWS = 40


@pytest.fixture(scope="module")
def flights(canonical_by_month: dict[str, pa.Table]) -> pa.Table:
    """Flights around the spring change of the clocks, one of them to an airport whose time zone is not known."""
    march = canonical_by_month["2013-03"].to_pandas()
    rows = [
        *march.index[march["scheduled_arrival_utc"].isna()][:1],
        *np.linspace(0, len(march) - 1, ROWS - 1, dtype=int),
    ]
    return canonical_by_month["2013-03"].take(rows)


def assert_same(one: Columns, other: Columns) -> None:
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_features_come_in_order_with_their_types(flights: pa.Table) -> None:
    computed = compute_features(from_table(flights))
    assert list(computed) == [feature.name for feature in FEATURES]
    for feature in FEATURES:
        assert computed[feature.name].dtype == (np.float32 if feature.kind == "quantitative" else object)
        assert computed[feature.name].shape == (ROWS,)


def test_only_the_features_asked_for_are_computed_in_their_order(flights: pa.Table) -> None:
    wanted = (FEATURES[5], FEATURES[0])
    assert list(compute_features(from_table(flights), wanted)) == [wanted[0].name, wanted[1].name]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_reads_canonical_columns_that_are_known_a_day_before(
    feature: Feature, dictionary: Dictionary
) -> None:
    assert feature.reads
    assert set(feature.reads) <= KNOWN_A_DAY_BEFORE & set(dictionary.schema.names)


def test_a_feature_has_a_name_of_its_own() -> None:
    names = [feature.name for feature in FEATURES]
    assert len({*names, *KEYS, TARGET}) == len(names) + len(KEYS) + 1
    assert PROCESSED.names == [*KEYS, *names, TARGET]


def test_the_columns_read_are_all_that_is_needed(flights: pa.Table) -> None:
    assert_same(compute_features(from_table(flights, columns_read())), compute_features(from_table(flights)))
    for name in columns_read():
        with pytest.raises(KeyError, match=name):
            compute_features(from_table(flights.drop_columns(name)))


def test_features_fit_the_processed_table(flights: pa.Table) -> None:
    computed = compute_features(from_table(flights))
    fields = [PROCESSED.field(feature.name) for feature in FEATURES]
    table = pa.table(computed, schema=pa.schema(fields))
    assert_same(from_table(table), computed)


def outcome(field: pa.Field) -> st.SearchStrategy[Any]:
    """Values that an outcome may take."""
    values: Any = {pa.string(): st.text(max_size=6), pa.int32(): st.integers(-90, 2000), pa.bool_(): st.booleans()}
    one = st.none() | values[field.type] if field.nullable else values[field.type]
    return st.lists(one, min_size=ROWS, max_size=ROWS).map(lambda column: pa.array(column, field.type))


def known_later(dictionary: Dictionary, horizon_hours: int = 24) -> set[str]:
    """Columns that become known when the prediction has been made, by the dictionary."""
    hours = {name: dictionary.moments[of.known].hours_before_departure for name, of in dictionary.columns.items()}
    return {name for name, before in hours.items() if before < horizon_hours}


def otherwise(flights: pa.Table, names: set[str], data: st.DataObject) -> pa.Table:
    """The same flights, with any values in some columns."""
    for field in flights.schema:
        if field.name in names:
            place = flights.schema.get_field_index(field.name)
            flights = flights.set_column(place, field, data.draw(outcome(field)))
    return flights


def test_the_dictionary_says_the_same_of_what_is_known_a_day_before(dictionary: Dictionary) -> None:
    assert known_later(dictionary) == set(dictionary.columns) - KNOWN_A_DAY_BEFORE


@given(st.data())
def test_whatever_became_of_the_flights_their_features_are_the_same(
    flights: pa.Table, dictionary: Dictionary, data: st.DataObject
) -> None:
    changed = otherwise(flights, known_later(dictionary), data)
    assert_same(compute_features(from_table(changed)), compute_features(from_table(flights)))


def test_a_planted_leak_does_not_stay_the_same(flights: pa.Table, dictionary: Dictionary) -> None:
    def hours_late(arrival_delay_minutes: Column) -> Column:
        return arrival_delay_minutes / 60

    leaking = (*FEATURES, Feature(hours_late, "quantitative"))

    @settings(phases=[Phase.generate])  # which flights show it best does not matter
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        changed = otherwise(flights, known_later(dictionary), data)
        assert_same(compute_features(from_table(changed), leaking), compute_features(from_table(flights), leaking))

    with pytest.raises(AssertionError, match="hours_late"):
        holds()
    with pytest.raises(UserError, match="feature 'hours_late' reads 'arrival_delay_minutes'"):
        dictionary.refuse_leaks("hours_late", leaking[-1].reads, 24)


@given(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=ROWS))
def test_a_row_is_computed_for_itself_whatever_stands_around_it(flights: pa.Table, rows: list[int]) -> None:
    of_all = compute_features(from_table(flights))
    assert_same(compute_features(from_table(flights.take(rows))), {name: of_all[name][rows] for name in of_all})


def test_one_flight_alone_has_the_features_that_it_has_among_many(flights: pa.Table) -> None:
    of_all = compute_features(from_table(flights))
    for row in range(ROWS):
        alone = compute_features(from_table(flights.slice(row, 1)))
        assert_same(alone, {name: of_all[name][row : row + 1] for name in of_all})


def test_no_flight_at_all_has_no_features(flights: pa.Table) -> None:
    computed = compute_features(from_table(flights.slice(0, 0)))
    assert {name: len(column) for name, column in computed.items()} == {feature.name: 0 for feature in FEATURES}
