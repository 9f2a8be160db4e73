"""data.canonical: scheduled times of 0:00 in files of the BTS are restored, confirmed or set aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.data.canonical import CLOCK_TIMES, parse_flights
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import Layout

ZONES = {"EWR": "America/New_York", "LAX": "America/Los_Angeles", "ORD": "America/Chicago"}
BTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
every_layout = pytest.mark.parametrize("layout", BTS)
MISSING = {"bts_classic": "NA", "bts_current": ""}

Gate = Callable[..., QualityResult]


@pytest.fixture(scope="module")
def gate(write: Callable[..., pd.DataFrame], dictionary: Dictionary) -> Gate:
    """Passes one flight, with actual times as HHMM, through the contract."""

    def gated(layout: Layout, departed: Any, arrived: Any, **change: Any) -> QualityResult:
        actual = [MISSING[layout] if time is None else time for time in (departed, arrived)]
        raw = write(layout, change).assign(DepTime=actual[0], ArrTime=actual[1])
        return apply_contract(parse_flights(raw, layout, dictionary, ZONES), dictionary)

    return gated


def hhmm(minutes: int) -> int:
    return minutes // 60 % 24 * 100 + minutes % 60


def schedule(gated: QualityResult) -> list[tuple[int, int]]:
    return list(zip(*(gated.flights[name].to_pylist() for name in CLOCK_TIMES), strict=True))


UNKNOWN = {"scheduled_departure_minutes": 0, "scheduled_arrival_minutes": 0}
GONE = {"departure_delay_minutes": None, "arrival_delay_minutes": None}


@every_layout
@given(
    departure=st.integers(0, 1439), elapsed=st.integers(30, 600), delay=st.integers(-30, 1500),
    gained=st.integers(-60, 60),
)  # fmt: skip
def test_actual_times_restore_the_schedule(
    gate: Gate, layout: Layout, departure: int, elapsed: int, delay: int, gained: int
) -> None:
    arrival = departure + elapsed - 180  # Los Angeles is three hours behind
    late = delay - gained
    actual = hhmm((departure + delay) % 1440), hhmm((arrival + late) % 1440)
    delays = {"departure_delay_minutes": delay, "arrival_delay_minutes": late, "scheduled_elapsed_minutes": elapsed}
    unknown = gate(layout, *actual, **UNKNOWN, **delays)
    given_times = {"scheduled_departure_minutes": hhmm(departure), "scheduled_arrival_minutes": hhmm(arrival % 1440)}
    known = gate(layout, *actual, **given_times, **delays)
    assert unknown.reasons == known.reasons == {}
    assert unknown.flights.equals(known.flights)
    assert schedule(known) == [(departure, arrival % 1440)]


@every_layout
def test_a_flight_at_midnight_stays_there(gate: Gate, layout: Layout) -> None:
    change = {"scheduled_departure_minutes": 0, "scheduled_arrival_minutes": 310, "scheduled_elapsed_minutes": 370}
    gated = gate(layout, 5, 307, **change)
    assert gated.reasons == {}
    assert not any(gated.warnings.values())
    assert schedule(gated) == [(0, 190)]


@every_layout
def test_a_cancelled_flight_at_midnight_is_confirmed_by_its_duration(gate: Gate, layout: Layout) -> None:
    change = {"scheduled_departure_minutes": 0, "scheduled_arrival_minutes": 310, "cancelled": True, **GONE}
    assert gate(layout, None, None, **change, scheduled_elapsed_minutes=370).reasons == {}
    assert len(gate(layout, None, None, **change, scheduled_elapsed_minutes=300).reasons) == 1
    assert len(gate(layout, None, None, **change, scheduled_elapsed_minutes=None).reasons) == 1


@every_layout
def test_a_cancelled_flight_without_any_times_is_set_aside(gate: Gate, layout: Layout) -> None:
    gated = gate(layout, None, None, **UNKNOWN, **GONE, cancelled=True, scheduled_elapsed_minutes=None)
    assert gated.flights.num_rows == 0
    assert [reason.partition(":")[0] for reason in gated.reasons[0]] == list(CLOCK_TIMES)


@every_layout
def test_restored_times_that_contradict_the_duration_are_set_aside(gate: Gate, layout: Layout) -> None:
    gated = gate(layout, 910, 1300, **UNKNOWN)  # 9:10 by a delay of 5 minutes, 13:03 by one of -3
    assert len(gated.reasons[0]) == 1


def test_other_layouts_have_no_such_times(write: Callable[..., pd.DataFrame], dictionary: Dictionary) -> None:
    raw = write("nycflights13", UNKNOWN).assign(DepTime=905, ArrTime=1215)
    parsed = parse_flights(raw, "nycflights13", dictionary.schedule_only(), ZONES)
    assert parsed.flights["scheduled_departure_minutes"].tolist() == [0]
