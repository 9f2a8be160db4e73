"""serving.inputs: what a state is built from, and that nothing of it was unknown at its cut-off."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from canonical_flights import known_at
from hypothesis import given, settings
from hypothesis import strategies as st
from small_service import (
    DAY,
    FIRST,
    LAST,
    MODEL,
    all_dates,
    feature_builder,
    inputs,
    parse,
    scheduled,
    with_outcomes,
    write_canonical,
    write_feed,
)

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features.columns import columns_from_table
from flight_delay.serving.builder import build_state
from flight_delay.serving.served_model import NO_OBSERVATIONS
from flight_delay.serving.state import load_state

AS_OF = dt.date(2013, 3, 5)
ROWS = with_outcomes(scheduled(*all_dates()))
CANONICAL = parse(ROWS)
FLIGHTS = CANONICAL.to_pylist()
OUTCOMES: st.SearchStrategy[dict[str, Any]] = (st.integers(-60, 90) | st.integers(-60, 4320)).map(
    lambda delay: {"arrival_delay_minutes": delay, "cancelled": False, "diverted": False}
) | st.sampled_from([(True, False), (False, True)]).map(
    lambda flags: {"arrival_delay_minutes": None, "cancelled": flags[0], "diverted": flags[1]}
)


@pytest.fixture(scope="module")
def folder(small_service_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the small checkout, as the working folder, whose flights tests write."""
    root = shutil.copytree(small_service_once, tmp_path_factory.mktemp("inputs") / "service")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield root


def cut_off(as_of: dt.date) -> dt.datetime:
    return dt.datetime.combine(as_of, dt.time(), dt.UTC)


@settings(max_examples=settings().max_examples // 2)
@given(
    as_of=st.sampled_from(all_dates()[6:]),
    changes=st.dictionaries(st.integers(0, len(FLIGHTS) - 1), OUTCOMES, min_size=1, max_size=40),
)
def test_an_outcome_that_becomes_known_at_the_cut_off_or_later_changes_no_count(
    folder: Path, as_of: dt.date, changes: dict[int, dict[str, Any]]
) -> None:
    flights = list(FLIGHTS)
    for place, outcome in changes.items():
        changed = flights[place] | outcome
        if min(known_at(flights[place]), known_at(changed)) >= cut_off(as_of):
            flights[place] = changed
    write_canonical(folder, CANONICAL)
    before = inputs().count_outcomes(as_of)
    write_canonical(folder, pa.Table.from_pylist(flights, CANONICAL.schema))
    assert inputs().count_outcomes(as_of).equals(before)


@pytest.mark.parametrize(("delay", "counted"), [(0, [1]), (1, [])])
def test_an_outcome_is_counted_if_it_was_known_a_moment_before_the_cut_off(
    folder: Path, delay: int, counted: list[int]
) -> None:
    row = with_outcomes(scheduled(AS_OF - DAY))[0] | {"scheduled_departure": 1200, "scheduled_arrival": 1559}
    row |= {"arrival_delay_minutes": delay, "cancelled": 0, "diverted": 0}  # is scheduled to arrive at 23:59 UTC
    earlier = CANONICAL.filter(pc.less(CANONICAL["flight_date"], AS_OF - DAY))
    write_canonical(folder, pa.concat_tables([earlier, parse([row])]))
    counts = inputs().count_outcomes(AS_OF)
    of_flight = pc.and_(pc.equal(counts["key"], "UA-1"), pc.equal(counts["day"], AS_OF - DAY))
    assert counts.filter(of_flight)["flights"].to_pylist() == counted


@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_a_state_has_the_features_of_all_data_although_it_lacks_what_came_later(
    folder: Path, data: st.DataObject
) -> None:
    as_of = data.draw(st.sampled_from(all_dates()[6:-2]))
    changes = data.draw(st.dictionaries(st.integers(0, len(FLIGHTS) - 1), OUTCOMES, max_size=60))
    rows = [flight | changes.get(at, {}) for at, flight in enumerate(FLIGHTS)]
    flights = pa.Table.from_pylist(rows, CANONICAL.schema)
    builder, columns = feature_builder(), columns_from_table(flights)
    whole = builder.build(columns, builder.count_outcomes(columns), NO_OBSERVATIONS)

    is_later = [known_at(flight) >= cut_off(as_of) for flight in rows]
    is_scheduled = flights["flight_date"].to_numpy() >= np.datetime64(as_of)
    cancelled = {"arrival_delay_minutes": None, "cancelled": True, "diverted": False}
    kept = [
        flight | cancelled if later else flight
        for flight, later, needed in zip(rows, is_later, is_scheduled, strict=True)
        if needed or not later
    ]
    write_canonical(folder, pa.Table.from_pylist(kept, flights.schema))
    state = load_state(Path("states"), build_state(Path("states"), as_of, inputs(), MODEL))
    departs = columns["scheduled_departure_utc"].astype("datetime64[D]")
    final = np.flatnonzero(is_scheduled & (departs <= np.datetime64(as_of + DAY)))
    requested = {name: values[final] for name, values in columns.items()}
    for name, values in state.model.explained.compute(requested).items():
        np.testing.assert_array_equal(values, whole[name][final], err_msg=name)


def test_the_latest_possible_outcome_is_in_the_oldest_day_that_is_needed(folder: Path) -> None:
    rows = [dict(row) for row in ROWS]
    for row in rows:
        if row["flight_number"] == 10:  # departs at the end of the day, to an airport of unknown time zone
            row |= {"destination": "QQQ", "arrival_delay_minutes": 4320, "cancelled": 0, "diverted": 0}
    flights = parse(rows)
    write_canonical(folder, flights)
    columns, builder = columns_from_table(flights), feature_builder()
    whole = builder.count_outcomes(columns)
    known = inputs().count_outcomes(AS_OF)
    # Guam's first flight on the date of the cut-off departs on the day before in UTC.
    needed = [AS_OF - days * DAY for days in range(1, max(builder.parameters.history_days) + 3)]
    for day in needed:
        assert known.filter(pc.equal(known["day"], day)).equals(whole.filter(pc.equal(whole["day"], day)))


def test_the_timetable_of_a_state_has_no_outcomes(folder: Path) -> None:
    write_canonical(folder, CANONICAL)
    state_id = build_state(Path("states"), AS_OF, inputs(), MODEL)
    names = set(read_table(Path("states") / state_id / "timetable.parquet").column_names)
    assert names == set(load_dictionary().schedule_only().schema.names)
    assert names & load_dictionary().outcome_columns == set()


def test_a_timetable_replaces_all_flights_of_its_dates_and_no_other(folder: Path, tmp_path: Path) -> None:
    write_canonical(folder, CANONICAL)
    feed = write_feed(tmp_path / "feed.csv", [*scheduled(AS_OF)[:2], *scheduled(LAST + DAY)])
    timetable = inputs(feed).timetable(AS_OF - DAY, LAST + 2 * DAY)
    per_date = dict(zip(*np.unique(timetable["flight_date"].to_numpy(), return_counts=True), strict=True))
    assert per_date == {np.datetime64(date): 2 if date == AS_OF else 10 for date in all_dates(AS_OF - DAY, LAST + DAY)}
    departures = timetable["scheduled_departure_utc"].to_pylist()
    assert departures == sorted(departures)
    plain = inputs().timetable(AS_OF - DAY, AS_OF)
    same = write_feed(tmp_path / "same.parquet", reversed(scheduled(AS_OF - DAY, AS_OF)))
    assert inputs(same).timetable(AS_OF - DAY, AS_OF).equals(plain)


def test_outcomes_replace_those_of_the_same_flights_and_add_others(folder: Path, tmp_path: Path) -> None:
    changed = with_outcomes(scheduled(AS_OF - DAY)[:5], seed=1)
    everything = {tuple(row[name] for name in ("flight_date", "flight_number")): row for row in ROWS}
    everything |= {tuple(row[name] for name in ("flight_date", "flight_number")): row for row in changed}
    write_canonical(folder, parse(everything.values()))
    expected = inputs().count_outcomes(AS_OF)
    write_canonical(folder, CANONICAL)
    assert not inputs().count_outcomes(AS_OF).equals(expected)
    assert inputs(outcomes=write_feed(tmp_path / "a.csv", changed)).count_outcomes(AS_OF).equals(expected)

    write_canonical(folder, CANONICAL.filter(pc.less(CANONICAL["flight_date"], AS_OF - 2 * DAY)))
    late = [row for row in everything.values() if AS_OF - 2 * DAY <= dt.date.fromisoformat(row["flight_date"]) <= AS_OF]
    fed = inputs(outcomes=write_feed(tmp_path / "b.parquet", late))
    assert fed.count_outcomes(AS_OF).equals(expected)
    assert fed.last_known_day() == AS_OF
    assert inputs().last_known_day() == AS_OF - 3 * DAY


def test_what_was_read_for_other_dates_changes_nothing(folder: Path) -> None:
    write_canonical(folder, CANONICAL)
    same = inputs()
    for days in (0, 1, 1, 2, -6, 3):  # the next date, the same, and others of both months
        as_of = AS_OF + days * DAY
        assert same.count_outcomes(as_of).equals(inputs().count_outcomes(as_of))
        assert same.timetable(as_of, as_of + DAY).equals(inputs().timetable(as_of, as_of + DAY))


def test_all_can_come_from_feeds(small_service: Path, tmp_path: Path) -> None:
    expected = build_state(Path("states"), AS_OF, inputs(), MODEL)
    shutil.rmtree(small_service / "data/interim")
    days = all_dates(AS_OF, AS_OF + 4 * DAY)
    timetable = write_feed(tmp_path / "timetable.csv", scheduled(*days))
    outcomes = write_feed(tmp_path / "outcomes.csv", ROWS)
    assert build_state(Path("states"), AS_OF, inputs(timetable, outcomes), MODEL) == expected
    with pytest.raises(UserError, match="--outcomes"):
        inputs().last_known_day()


@pytest.mark.parametrize("missing", [AS_OF - DAY, AS_OF - 2 * DAY, AS_OF - 4 * DAY])
def test_a_date_without_outcomes_is_refused_by_name(folder: Path, missing: dt.date) -> None:
    write_canonical(folder, CANONICAL.filter(pc.not_equal(CANONICAL["flight_date"], missing)))
    with pytest.raises(UserError, match=f"{missing}"):
        inputs().count_outcomes(AS_OF)
    write_canonical(folder, CANONICAL)
    inputs().count_outcomes(AS_OF)


def test_history_may_begin_later_than_its_window_but_not_on_the_cut_off(folder: Path) -> None:
    write_canonical(folder, CANONICAL)
    assert inputs().count_outcomes(FIRST + DAY).num_rows
    for as_of in (FIRST, FIRST - 10 * DAY):
        with pytest.raises(UserError, match=f"{as_of - DAY}"):
            inputs().count_outcomes(as_of)
    with pytest.raises(UserError, match=f"{LAST + DAY}"):
        inputs().count_outcomes(LAST + 2 * DAY)
