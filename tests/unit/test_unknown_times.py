"""data.canonical: scheduled times of 0:00 in files of the BTS are restored, confirmed or set aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.data.canonical import CLOCK_TIMES, parse_flights
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import Layout

ZONES = {"EWR": "America/New_York", "LAX": "America/Los_Angeles", "ORD": "America/Chicago"}
BTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
every_layout = pytest.mark.parametrize("layout", BTS)
MISSING = {"bts_classic": "NA", "bts_current": ""}

Gate = GateAll = Callable[..., QualityResult]


@pytest.fixture(scope="module")
def gate_all(write: Callable[..., pd.DataFrame], dictionary: Dictionary) -> GateAll:
    """Passes flights, each with actual times as HHMM, through the contract."""

    def gated(layout: Layout, *flights: tuple[Any, Any, dict[str, Any]]) -> QualityResult:
        raw = write(layout, *(change for _, _, change in flights))
        for at, name in enumerate(("DepTime", "ArrTime")):
            raw[name] = [MISSING[layout] if flight[at] is None else flight[at] for flight in flights]
        return apply_contract(parse_flights(raw, layout, dictionary, ZONES), dictionary)

    return gated


@pytest.fixture(scope="module")
def gate(gate_all: GateAll) -> Gate:
    """Passes one flight through the contract."""
    return lambda layout, departed, arrived, **change: gate_all(layout, (departed, arrived, change))


def hhmm(minutes: int) -> int:
    return minutes // 60 % 24 * 100 + minutes % 60


def schedule(gated: QualityResult) -> list[tuple[int, int]]:
    flights = gated.flights.sort_by("flight_number")
    return list(zip(*(flights[name].to_pylist() for name in CLOCK_TIMES), strict=True))


UNKNOWN = {"scheduled_departure_minutes": 0, "scheduled_arrival_minutes": 0}
GONE = {"departure_delay_minutes": None, "arrival_delay_minutes": None}


@every_layout
@settings(max_examples=settings.default.max_examples // 4)  # a table takes as long as one flight
@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 1439), st.integers(30, 600), st.integers(-30, 1500), st.integers(-60, 60)),
        min_size=8, max_size=8,
    )
)  # fmt: skip
def test_actual_times_restore_the_schedule(
    gate_all: GateAll, layout: Layout, drawn: list[tuple[int, int, int, int]]
) -> None:
    known, unknown, schedules = [], [], []
    for number, (departure, elapsed, delay, gained) in enumerate(drawn, 1):
        arrival = departure + elapsed - 180  # Los Angeles is three hours behind
        late = delay - gained
        actual = hhmm((departure + delay) % 1440), hhmm((arrival + late) % 1440)
        flight = {
            "flight_number": number, "departure_delay_minutes": delay, "arrival_delay_minutes": late,
            "scheduled_elapsed_minutes": elapsed,
            "scheduled_departure_minutes": hhmm(departure), "scheduled_arrival_minutes": hhmm(arrival % 1440),
        }  # fmt: skip
        known.append((*actual, flight))
        unknown.append((*actual, {**flight, **UNKNOWN}))
        schedules.append((departure, arrival % 1440))
    restored, whole = gate_all(layout, *unknown), gate_all(layout, *known)
    assert restored.reasons == whole.reasons == {}
    assert restored.flights.equals(whole.flights)
    assert schedule(whole) == schedules


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
