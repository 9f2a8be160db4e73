"""data.dictionary: it gives the schema and the layouts, and lets no feature read what is not known in time."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary, find_layout
from flight_delay.data.dictionary_entries import LAYOUTS, Layout
from flight_delay.features.registry import all_source_columns, list_features

OUTCOMES = {  # every column that a day before departure nobody knows, and why
    "departure": ("departure_delay_minutes", "taxi_out_minutes", "cancelled"),
    "arrival": ("arrival_delay_minutes", "actual_elapsed_minutes", "air_time_minutes", "taxi_in_minutes", "diverted"),
    "monthly_report": (
        "carrier_delay_minutes", "weather_delay_minutes", "national_airspace_delay_minutes", "security_delay_minutes",
        "late_aircraft_delay_minutes", "cancellation_code",
    ),
}  # fmt: skip
NOT_USED = ("tail_number", "departure_delayed_label", "arrival_delayed_label")


def test_the_schema_has_every_column_in_order_with_its_type(dictionary: Dictionary, dictionary_file: Path) -> None:
    content = yaml.safe_load(dictionary_file.read_text())["columns"]
    schema = dictionary.schema
    assert schema.names == list(content)
    types = {
        "text": pa.string(), "integer": pa.int32(), "date": pa.date32(), "boolean": pa.bool_(),
        "utc_time": pa.timestamp("ms", tz="UTC"),
    }  # fmt: skip
    assert [field.type for field in schema] == [types[entry["type"]] for entry in content.values()]
    assert [field.nullable for field in schema] == [entry["nullable"] for entry in content.values()]


def test_bounds_fit_into_the_type_of_their_column(dictionary: Dictionary) -> None:
    for name, column in dictionary.columns.items():
        for bound in (column.minimum, column.maximum):
            if bound is not None:
                assert pa.scalar(bound, dictionary.schema.field(name).type).as_py() == bound


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_essential_column_that_is_not_made_here_comes_from_every_layout(
    dictionary: Dictionary, layout: Layout
) -> None:
    missing = {name for name, column in dictionary.columns.items() if not column.informative} - set(
        dictionary.layout_columns(layout)
    )
    assert missing == {"flight_id", "scheduled_departure_utc", "scheduled_arrival_utc"}


def test_a_table_has_the_columns_of_any_other_layout_with_their_own_names(dictionary: Dictionary) -> None:
    names = {name for layout in LAYOUTS if layout != "table" for name in dictionary.layout_columns(layout)}
    assert dictionary.layout_columns("table") == {name: [name] for name in dictionary.columns if name in names}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_a_table_is_that_whose_columns_it_has(dictionary: Dictionary, layout: Layout) -> None:
    required = dictionary.required_columns[layout]
    every = {name for names in dictionary.layout_columns(layout).values() for name in names}
    assert required < every
    for names in (required, every, every | {"Quarter", "x"}, sorted(required)):
        assert find_layout(names, dictionary.required_columns, "here", "") == layout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_missing_column_is_named_with_the_layout_that_lacks_it(dictionary: Dictionary, layout: Layout) -> None:
    required = dictionary.required_columns[layout]
    for name in required:
        with pytest.raises(UserError, match=f"here: .*{layout}, column '{name}'"):
            find_layout(required - {name}, dictionary.required_columns, "here", "")


@pytest.mark.parametrize("name", NOT_USED)
@pytest.mark.parametrize("horizon_hours", [24, -10_000])
def test_what_is_not_to_be_used_is_refused_for_its_own_reason_whatever_the_horizon(
    dictionary: Dictionary, name: str, horizon_hours: int
) -> None:
    reason = dictionary.columns[name].not_used_because
    assert reason
    with pytest.raises(UserError) as refused:
        dictionary.check_point_in_time("my_feature", [name], horizon_hours)
    message = str(refused.value)
    assert [f"'{word}'" in message for word in ("my_feature", name)] == [True, True]
    assert f": {reason}; " in message


def test_every_column_is_either_known_a_day_before_or_refused_above(dictionary: Dictionary) -> None:
    late = {
        name
        for name, column in dictionary.columns.items()
        if dictionary.moments[column.known].hours_before_departure < 24
    }
    assert late == {*NOT_USED, *(name for names in OUTCOMES.values() for name in names)}
    assert {name: dictionary.columns[name].known for name in late - set(NOT_USED)} == {
        name: moment for moment, names in OUTCOMES.items() for name in names
    }
    assert {dictionary.columns[name].role for name in late} == {"outcome", "context"}
    assert not {column.role for name, column in dictionary.columns.items() if name not in late} & {"outcome", "context"}


@given(st.integers(-2_000, 2_000))
def test_a_column_is_refused_exactly_when_it_becomes_known_too_late(dictionary: Dictionary, horizon_hours: int) -> None:
    for name, column in dictionary.columns.items():
        if column.not_used_because:
            continue
        if dictionary.moments[column.known].hours_before_departure >= horizon_hours:
            dictionary.check_point_in_time("my_feature", [name], horizon_hours)
        else:
            with pytest.raises(UserError, match=rf"'{name}'.* {horizon_hours} .*\({column.known}\)"):
                dictionary.check_point_in_time("my_feature", [name], horizon_hours)


def test_the_timetable_itself_is_not_known_a_year_before(dictionary: Dictionary) -> None:
    for name in all_source_columns(list_features(dictionary.features, (7,), with_weather=True)):
        dictionary.check_point_in_time("my_feature", [name], 720)
        with pytest.raises(UserError, match=rf"'{name}'.* 721 .*\(schedule_published\)"):
            dictionary.check_point_in_time("my_feature", [name], 721)
