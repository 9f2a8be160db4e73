"""simulation.faults: what a fault does to a feed, and which days it has."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_service import DAY, MODEL, all_dates, inputs, parse, scheduled, with_outcomes, write_feed

from flight_delay.core.errors import UserError
from flight_delay.features.columns import columns_from_table
from flight_delay.serving.builder import build_state
from flight_delay.serving.state import load_state
from flight_delay.simulation.faults import (
    HISTORY_STUCK,
    NO_STATE,
    TIMETABLE_FAULTS,
    Fault,
    drop_share,
    parse_fault,
    rename_carrier,
    spoil,
    to_feed,
    use_kilometres,
    use_utc_clock,
)
from flight_delay.simulation.feeds import StateBuilder

FIRST, LAST = dt.date(2013, 3, 3), dt.date(2013, 3, 9)
FLIGHTS = parse(with_outcomes(scheduled(*all_dates())))
FEED = to_feed(FLIGHTS)


def test_a_feed_without_a_fault_gives_the_same_flights(small_service: Path, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.parquet", FEED.drop(columns="departure_utc").to_dict("records"))
    dates = FIRST, LAST
    assert inputs(feed).timetable(*dates).equals(inputs().timetable(*dates))


@given(share=st.floats(0, 0.9999))
def test_about_the_share_of_flights_is_missing_and_always_the_same_ones(share: float) -> None:
    text = f"{share:.4f}"[1:]
    kept = drop_share(FEED, text)
    assert drop_share(FEED.iloc[::-1], text).iloc[::-1].equals(kept)
    assert abs(len(kept) / len(FEED) - (1 - share)) < 0.15
    later = drop_share(FEED, ".9999")
    assert set(later.index) <= set(kept.index)


def test_departures_are_in_utc_and_nothing_else_changes() -> None:
    spoilt = use_utc_clock(FEED, "")
    utc = FEED["departure_utc"].dt.strftime("%H%M").astype(int)
    assert spoilt["scheduled_departure"].astype(int).tolist() == utc.tolist()
    assert (spoilt["scheduled_departure"] != FEED["scheduled_departure"]).all()
    assert spoilt.drop(columns="scheduled_departure").equals(FEED.drop(columns="scheduled_departure"))


@pytest.mark.parametrize(("value", "code"), [("", "UA"), ("AA", "AA")])
def test_a_carrier_has_another_code(value: str, code: str) -> None:
    renamed = rename_carrier(FEED, value)["carrier"]
    assert set(renamed) == {"AA", "UA"} - {code} | {f"{code}X"}
    assert (renamed == f"{code}X").equals(FEED["carrier"] == code)


def test_distances_are_in_kilometres() -> None:
    ratio = use_kilometres(FEED, "")["distance_miles"] / FEED["distance_miles"]
    assert ratio.between(1.609, 1.610).all()


@given(
    name=st.sampled_from([*TIMETABLE_FAULTS, HISTORY_STUCK, NO_STATE, "server-kill", "database-kill"]),
    start=st.none() | st.sampled_from(all_dates(FIRST, LAST)),
    days=st.none() | st.integers(1, 30),
)
def test_a_fault_is_read_as_it_is_written(name: str, start: dt.date | None, days: int | None) -> None:
    text = name + ("=0.3" if name == "timetable" else "")
    text += f"@{start}" if start else ""
    text += f"+{days}" if start and days else ""
    fault = parse_fault(text, FIRST, LAST)
    assert fault.first == (start or dt.date(2013, 3, 6))
    if start and days:
        assert fault.days == days
    assert parse_fault("history-stuck=5d", FIRST, LAST).days == 5
    assert parse_fault(str(fault), FIRST, LAST) == fault
    active = [day for day in all_dates(FIRST - DAY, FIRST + 60 * DAY) if fault.is_active(day)]
    assert active == [fault.first + number * DAY for number in range(fault.days)]


@pytest.mark.parametrize(
    "text",
    [
        "", "timetable", "timetable=1.5", "timetable=30", "kilometres=2", "renamed-carrier=ua", "history-stuck=3",
        "server-kill@2013-02-30", "server-kill@2013-03-02", "server-kill@2013-03-10", "server-kill@2013-03-03+0",
        "server-kill+3", "meteor",
    ],
)  # fmt: skip
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_fault(text, FIRST, LAST)


def build(folder: Path, day: dt.date, *faults: Fault) -> tuple[str | None, str]:
    state, refusal = StateBuilder(folder, inputs(), MODEL, faults).build(day)
    return state, refusal


def test_a_fault_changes_the_state_of_its_days_alone(small_service: Path, tmp_path: Path) -> None:
    fault = Fault("timetable", ".5", FIRST, 1)
    after = FIRST + DAY
    assert build(tmp_path, after, fault)[0] == build_state(tmp_path / "states", FIRST, inputs(), MODEL)
    spoilt, whole = build(tmp_path, FIRST, fault)[0], build(tmp_path, FIRST)[0]
    assert spoilt != whole
    assert build(tmp_path, FIRST, fault)[0] == spoilt
    state, rows = load_state(tmp_path / "states", str(spoilt)), spoil(FEED, fault)
    date = state.timetable["flight_date"].astype("datetime64[D]") == FIRST
    assert date.sum() == (rows["flight_date"] == str(FIRST)).sum()


def test_stuck_history_is_that_of_the_cut_off_before(small_service: Path, tmp_path: Path) -> None:
    fault = Fault(HISTORY_STUCK, "", FIRST, 2)
    for day in (FIRST, FIRST + DAY):
        state = load_state(tmp_path / "states", str(build(tmp_path, day, fault)[0]))
        assert state.as_of == day - DAY
        history = pd.read_parquet(tmp_path / "states" / state.id / "history.parquet")
        expected = inputs().count_outcomes(FIRST - 2 * DAY).to_pandas()
        assert history.equals(expected)
        assert set(columns_from_table(inputs().timetable(day, day))["flight_id"]) <= set(state.timetable["flight_id"])


def test_no_state_is_no_state(small_service: Path, tmp_path: Path) -> None:
    assert build(tmp_path, FIRST, Fault(NO_STATE, "", FIRST, 1))[0] is None
    assert build(tmp_path, dt.date(2013, 6, 1))[0] is None  # there are no data
