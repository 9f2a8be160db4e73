"""data.quality: a row that breaks the contract is set aside with every cause, once and in words; oddities are warned of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flight_delay.data.canonical import read_flights
from flight_delay.data.dictionary import LAYOUTS, Dictionary, Layout
from flight_delay.data.quality import QUARANTINE, Gated, gate, quarantined

BTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_bts_layout = pytest.mark.parametrize("layout", BTS)
CLOCKS = ("scheduled_departure_minutes", "scheduled_arrival_minutes")
OTHER = {"flight_number": 8}  # a flight without fault, beside the one that has one

Write = Callable[..., pd.DataFrame]
PassGate = Callable[..., Gated]
Change = dict[str, Any]

BROKEN: list[tuple[Change, str]] = [
    *(({clock: time}, f"{clock}: is not a clock time") for clock in CLOCKS for time in (1275, 2500, 2401, 60, -5)),
    *(({clock: time}, f"{clock}: is not a whole number") for clock in CLOCKS for time in ("abc", "9.05", "9:05", "inf")),
    *(({clock: None}, f"{clock}: is missing") for clock in CLOCKS),
    *(({"distance_miles": miles}, "distance_miles: is outside 1 … 12500") for miles in (0, -5, 12_501)),
    *(({name: None}, f"{name}: is missing") for name in ("carrier", "flight_number", "origin", "destination")),
    *(({"flight_number": number}, "flight_number: is outside 1 … 9999") for number in (0, -7, 10_000, "1e30")),
    ({"flight_number": "7A"}, "flight_number: is not a whole number"),
    ({"carrier": "U*"}, r"carrier: does not look like [A-Z0-9]{2,3}( \(\d\))?"),
    ({"destination": "lax"}, "destination: does not look like [A-Z0-9]{3}"),
    ({"origin": "QQQ"}, "origin: is not in the airports table"),
    ({"origin": "Newark"}, "origin: is not in the airports table"),
    *(
        ({"flight_date": date}, "flight_date: is not a date")
        for date in ((2013, 2, 30), (2013, 13, 1), (2013, 0, 1), (2013, 1, 105), (2013, 2, -70), (0, 1, 1), (99_999, 1, 1))
    ),
    ({"flight_date": (2013, 1, "x")}, "flight_date: is not a date"),
    ({"flight_date": (2013, 1, 5.5)}, "flight_date: is not a date"),
    ({"flight_date": (2013, 1, None)}, "flight_date: is missing"),
    ({"flight_date": (1987, 9, 30)}, "flight_date: is outside 1987-10-01 … 2100-12-31"),
    ({"flight_date": (2999, 1, 1)}, "flight_date: is outside 1987-10-01 … 2100-12-31"),
    ({"arrival_delay_minutes": 5000}, "arrival_delay_minutes: is outside -720 … 4320"),
    ({"arrival_delay_minutes": "late"}, "arrival_delay_minutes: is not a whole number"),
    ({"arrival_delay_minutes": "-3.5"}, "arrival_delay_minutes: is not a whole number"),
    ({"departure_delay_minutes": -721}, "departure_delay_minutes: is outside -720 … 4320"),
    ({"cancelled": True}, "cancelled, and arrived"),
]  # fmt: skip
BROKEN_IN_BTS: list[tuple[Change, str]] = [
    *(({name: "maybe"}, f"{name}: is neither 0 nor 1") for name in ("cancelled", "diverted")),
    *(({name: "2"}, f"{name}: is neither 0 nor 1") for name in ("cancelled", "diverted")),
    *(({name: None}, f"{name}: is missing") for name in ("cancelled", "diverted")),
    ({"diverted": True}, "diverted, and arrived as planned"),
    ({"cancelled": True, "diverted": True, "arrival_delay_minutes": None}, "cancelled and diverted"),
    ({"arrival_delay_minutes": None}, "neither cancelled nor diverted, and never arrived"),
    *(
        ({"scheduled_elapsed_minutes": minutes}, "scheduled times contradict scheduled_elapsed_minutes")
        for minutes in (370 - 16, 370 + 16, 370 + 1440 - 720)
    ),
]
CASES: dict[Layout, list[tuple[Change, str]]] = {
    "nycflights13": BROKEN,
    "bts_classic": BROKEN + BROKEN_IN_BTS,
    "bts_current": BROKEN + BROKEN_IN_BTS,
}


@pytest.fixture(scope="module")
def all_broken(pass_gate: PassGate) -> dict[Layout, Gated]:
    """Of every layout a table of all cases, in their order, and a flight without fault."""
    return {layout: pass_gate(layout, *(change for change, _ in cases), OTHER) for layout, cases in CASES.items()}


@pytest.mark.parametrize(
    ("layout", "row"),
    [
        pytest.param(layout, row, id=f"{layout} {change}")
        for layout, cases in CASES.items()
        for row, (change, _) in enumerate(cases)
    ],
)
def test_what_breaks_the_contract_is_set_aside_with_its_one_reason(
    all_broken: dict[Layout, Gated], layout: Layout, row: int
) -> None:
    _, reason = CASES[layout][row]
    assert all_broken[layout].reasons[row] == [reason]


@every_layout
def test_a_flight_without_fault_is_kept_among_those_that_have_one(
    all_broken: dict[Layout, Gated], layout: Layout
) -> None:
    gated = all_broken[layout]
    assert list(gated.reasons) == list(range(len(CASES[layout])))
    assert gated.flights["flight_number"].to_pylist() == [8]


def test_what_is_wrong_in_a_column_of_numbers_is_set_aside_as_well(pass_gate: PassGate) -> None:
    wrong = [(change, reason) for change, reason in BROKEN if not any(isinstance(v, str) for v in change.values())]
    wrong = [(change, reason) for change, reason in wrong if "flight_date" not in change]
    gated = pass_gate("nycflights13", *(change for change, _ in wrong), OTHER)
    assert gated.reasons == {row: [reason] for row, (_, reason) in enumerate(wrong)}


@every_layout
def test_every_cause_is_named_when_there_are_several(pass_gate: PassGate, layout: Layout) -> None:
    broken = {"carrier": None, "origin": "QQQ", "distance_miles": 0, "scheduled_arrival_minutes": "abc"}
    assert set(pass_gate(layout, OTHER, broken).reasons[1]) == {
        "carrier: is missing",
        "origin: is not in the airports table",
        "distance_miles: is outside 1 … 12500",
        "scheduled_arrival_minutes: is not a whole number",
    }


@every_layout
def test_what_is_wrong_in_an_informative_column_hides_no_other_fault(pass_gate: PassGate, layout: Layout) -> None:
    gated = pass_gate(layout, OTHER, {"air_time_minutes": "abc", "carrier": None})
    assert gated.reasons == {1: ["carrier: is missing"]}
    assert gated.warnings["air_time_minutes: is not a whole number; the value is left out"] == 1


@every_bts_layout
@pytest.mark.parametrize("minutes", [370 - 15, 370, 370 + 15, None])
def test_a_schedule_may_disagree_with_itself_by_a_quarter_of_an_hour(
    pass_gate: PassGate, layout: Layout, minutes: int | None
) -> None:
    assert pass_gate(layout, {"scheduled_elapsed_minutes": minutes}).reasons == {}


@every_layout
def test_of_the_same_flight_given_twice_one_is_kept(pass_gate: PassGate, layout: Layout) -> None:
    gated = pass_gate(layout, {}, OTHER, {})
    assert list(gated.reasons.values()) == [["flight_id: the same flight again"]]
    assert gated.flights["flight_number"].to_pylist() == [7, 8]


@every_layout
def test_of_a_flight_given_with_several_outcomes_the_same_one_is_kept_whatever_their_order(
    pass_gate: PassGate, layout: Layout
) -> None:
    never = {"diverted": True, "arrival_delay_minutes": None}
    given: list[Change] = [{}, {"arrival_delay_minutes": 40}, {"tail_number": None}, never]
    orders = [given[start:] + given[:start] for start in range(len(given))]
    kept = [pass_gate(layout, *order) for order in (*orders, given[::-1])]
    assert {gated.flights.num_rows for gated in kept} == {1}
    assert all(gated.flights.equals(kept[0].flights) for gated in kept)
    assert all(list(gated.reasons.values()) == [["flight_id: the same flight again"]] * 3 for gated in kept)


@every_layout
def test_a_flight_that_is_set_aside_does_not_count_as_the_same_one(pass_gate: PassGate, layout: Layout) -> None:
    gated = pass_gate(layout, {"arrival_delay_minutes": -5000}, {})
    assert list(gated.reasons) == [0]
    assert gated.flights["arrival_delay_minutes"].to_pylist() == [-3]


@every_layout
def test_rows_are_set_aside_as_the_source_has_them(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    raw = write(layout, OTHER, {"distance_miles": -5, "tail_number": "N700äæ"}, {"carrier": None})
    raw.index = pd.Index([40, 50, 60])
    gated = gate(read_flights(raw, layout, dictionary, {"EWR": "America/New_York"}), dictionary)
    table = pa.Table.from_pylist(quarantined(raw, gated.reasons), schema=QUARANTINE)
    assert table["row"].to_pylist() == [1, 2]
    assert table["reasons"].to_pylist() == [["distance_miles: is outside 1 … 12500"], ["carrier: is missing"]]
    for position, source in zip([1, 2], table["source"].to_pylist(), strict=True):
        row = raw.iloc[position].astype(object)
        assert json.loads(source) == row.where(row.notna(), None).to_dict()
    assert "N700äæ" in table["source"].to_pylist()[0]


def test_numbers_in_a_row_that_is_set_aside_stay_numbers(dictionary: Dictionary) -> None:
    raw = pd.DataFrame({"year": np.array([2013], np.int64), "dep_time": [np.nan], "dep_delay": [5.0], "dest": ["LAX"]})
    (row,) = quarantined(raw, {0: ["why"]})
    assert json.loads(row["source"]) == {"year": 2013, "dep_time": None, "dep_delay": 5.0, "dest": "LAX"}
