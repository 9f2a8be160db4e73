"""data.contract: a row that breaks the contract is set aside with every cause, once; oddities are warned of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import CONTRADICTIONS, QUARANTINE, QualityResult, apply_contract, quarantine_rows
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import LAYOUTS, Layout

BTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_bts_layout = pytest.mark.parametrize("layout", BTS)
CLOCKS = ("scheduled_departure_minutes", "scheduled_arrival_minutes")
OTHER = {"flight_number": 8}  # a flight without fault, beside the one that has one

Write = Callable[..., pd.DataFrame]
PassGate = Callable[..., QualityResult]
Change = dict[str, Any]

# What is wrong with a flight, the column that the reason names, and values in it.
Case = tuple[Change, str, list[str]]
DELAYS = ["-720", "4320"]
DATES = ["1987-10-01", "2100-12-31"]
BROKEN: list[Case] = [
    *(({clock: time}, clock, []) for clock in CLOCKS for time in (1275, 2500, 2401, 60, -5)),
    *(({clock: time}, clock, []) for clock in CLOCKS for time in ("abc", "9.05", "9:5", "inf")),
    *(({clock: None}, clock, []) for clock in CLOCKS),
    *(({"distance_miles": miles}, "distance_miles", ["1", "12500"]) for miles in (0, -5, 12_501)),
    *(({name: None}, name, []) for name in ("carrier", "flight_number", "origin", "destination")),
    *(({"flight_number": number}, "flight_number", ["1", "9999"]) for number in (0, -7, 10_000, "1e30")),
    ({"flight_number": "7A"}, "flight_number", []),
    ({"carrier": "U*"}, "carrier", [r"[A-Z0-9]{2,3}( \(\d\))?"]),
    ({"destination": "lax"}, "destination", ["[A-Z0-9]{3}"]),
    ({"origin": "QQQ"}, "origin", []),
    ({"origin": "Newark"}, "origin", []),
    *(
        ({"flight_date": date}, "flight_date", [])
        for date in (
            (2013, 2, 30), (2013, 13, 1), (2013, 0, 1), (2013, 1, 105), (2013, 2, -70), (0, 1, 1), (99_999, 1, 1),
        )
    ),
    ({"flight_date": (2013, 1, "x")}, "flight_date", []),
    ({"flight_date": (2013, 1, 5.5)}, "flight_date", []),
    ({"flight_date": (2013, 1, None)}, "flight_date", []),
    ({"flight_date": (1987, 9, 30)}, "flight_date", DATES),
    ({"flight_date": (2999, 1, 1)}, "flight_date", DATES),
    ({"arrival_delay_minutes": 5000}, "arrival_delay_minutes", DELAYS),
    ({"arrival_delay_minutes": "late"}, "arrival_delay_minutes", []),
    ({"arrival_delay_minutes": "-3.5"}, "arrival_delay_minutes", []),
    ({"departure_delay_minutes": -721}, "departure_delay_minutes", DELAYS),
    ({"cancelled": True}, "", []),
]  # fmt: skip
FLAGS = ("cancelled", "diverted")
BROKEN_IN_BTS: list[Case] = [
    *(({name: "maybe"}, name, ["0", "1"]) for name in FLAGS),
    *(({name: "2"}, name, ["0", "1"]) for name in FLAGS),
    *(({name: None}, name, []) for name in FLAGS),
    ({"diverted": True}, "", []),
    ({"cancelled": True, "diverted": True, "arrival_delay_minutes": None}, "", []),
    ({"arrival_delay_minutes": None}, "", []),
    *(
        ({"scheduled_elapsed_minutes": minutes}, "", ["scheduled_elapsed_minutes"])
        for minutes in (370 - 16, 370 + 16, 370 + 1440 - 720)
    ),
]
CASES: dict[Layout, list[Case]] = {
    "nycflights13": BROKEN,
    "bts_classic": BROKEN + BROKEN_IN_BTS,
    "bts_current": BROKEN + BROKEN_IN_BTS,
    "table": BROKEN + BROKEN_IN_BTS,
}


@pytest.fixture(scope="module")
def all_broken(pass_gate: PassGate) -> dict[Layout, QualityResult]:
    """Of every layout a table of all cases, in their order, and a flight without fault."""
    return {layout: pass_gate(layout, *(case[0] for case in cases), OTHER) for layout, cases in CASES.items()}


@pytest.mark.parametrize(
    ("layout", "row"),
    [
        pytest.param(layout, row, id=f"{layout} {change}")
        for layout, cases in CASES.items()
        for row, (change, *_) in enumerate(cases)
    ],
)
def test_what_breaks_the_contract_is_set_aside_with_its_one_reason(
    all_broken: dict[Layout, QualityResult], layout: Layout, row: int
) -> None:
    _, name, values = CASES[layout][row]
    (reason,) = all_broken[layout].reasons[row]
    assert reason in CONTRADICTIONS if not name else reason.startswith(f"{name}: ")
    assert [value for value in values if value not in reason] == []


@every_layout
def test_a_flight_without_fault_is_kept_among_those_that_have_one(
    all_broken: dict[Layout, QualityResult], layout: Layout
) -> None:
    gated = all_broken[layout]
    assert list(gated.reasons) == list(range(len(CASES[layout])))
    assert gated.flights["flight_number"].to_pylist() == [8]


def test_what_is_wrong_in_a_column_of_numbers_is_set_aside_as_well(
    all_broken: dict[Layout, QualityResult], pass_gate: PassGate
) -> None:
    as_text = {
        str(case[0]): reasons for case, reasons in zip(BROKEN, all_broken["nycflights13"].reasons.values(), strict=True)
    }
    wrong = [case[0] for case in BROKEN if not any(isinstance(value, str) for value in case[0].values())]
    wrong = [change for change in wrong if "flight_date" not in change]
    gated = pass_gate("nycflights13", *wrong, OTHER)
    assert gated.reasons == {row: as_text[str(change)] for row, change in enumerate(wrong)}


@every_layout
def test_every_cause_is_named_when_there_are_several(pass_gate: PassGate, layout: Layout) -> None:
    broken = {"carrier": None, "origin": "QQQ", "distance_miles": 0, "scheduled_arrival_minutes": "abc"}
    assert sorted(reason.split(":")[0] for reason in pass_gate(layout, OTHER, broken).reasons[1]) == sorted(broken)


@every_layout
def test_what_is_wrong_in_an_informative_column_hides_no_other_fault(pass_gate: PassGate, layout: Layout) -> None:
    gated = pass_gate(layout, OTHER, {"air_time_minutes": "abc", "carrier": None})
    assert [[reason.split(":")[0] for reason in reasons] for reasons in gated.reasons.values()] == [["carrier"]]
    names = [(warning.split(":")[0], rows) for warning, rows in gated.warnings.items() if rows]
    assert names == [("air_time_minutes", 1)]


@every_bts_layout
def test_a_schedule_may_disagree_with_itself_by_a_quarter_of_an_hour(pass_gate: PassGate, layout: Layout) -> None:
    disagreeing = enumerate([370 - 15, 370, 370 + 15, None], 1)
    flights = ({"flight_number": number, "scheduled_elapsed_minutes": minutes} for number, minutes in disagreeing)
    assert pass_gate(layout, *flights).reasons == {}


@every_layout
def test_of_a_flight_given_with_several_outcomes_the_same_one_is_kept_whatever_their_order(
    pass_gate: PassGate, layout: Layout
) -> None:
    never = {"diverted": True, "arrival_delay_minutes": None}
    given: list[Change] = [{}, {"arrival_delay_minutes": 40}, {"tail_number": None}, never]
    kept = [pass_gate(layout, *order) for order in (given, given[::-1])]
    assert {gated.flights.num_rows for gated in kept} == {1}
    assert all(gated.flights.equals(kept[0].flights) for gated in kept)
    for gated in kept:
        names = [[reason.split(":")[0] for reason in reasons] for reasons in gated.reasons.values()]
        assert names == [["flight_id"]] * 3


@every_layout
def test_a_flight_that_is_set_aside_does_not_count_as_the_same_one(pass_gate: PassGate, layout: Layout) -> None:
    gated = pass_gate(layout, {"arrival_delay_minutes": -5000}, {})
    assert list(gated.reasons) == [0]
    assert gated.flights["arrival_delay_minutes"].to_pylist() == [-3]


@every_layout
def test_rows_are_set_aside_as_the_source_has_them(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    raw = write(layout, OTHER, {"distance_miles": -5, "tail_number": "N700äæ"}, {"carrier": None})
    raw.index = pd.Index([40, 50, 60])
    gated = apply_contract(parse_flights(raw, layout, dictionary, {"EWR": "America/New_York"}), dictionary)
    table = pa.Table.from_pylist(quarantine_rows(raw, gated.reasons), schema=QUARANTINE)
    assert table["row"].to_pylist() == [1, 2]
    assert [[reason.split(":")[0] for reason in why] for why in table["reasons"].to_pylist()] == [
        ["distance_miles"],
        ["carrier"],
    ]
    for position, source in zip([1, 2], table["source"].to_pylist(), strict=True):
        row = raw.iloc[position].astype(object)
        assert json.loads(source) == row.where(row.notna(), None).to_dict()
    assert "N700äæ" in table["source"].to_pylist()[0]


def test_numbers_in_a_row_that_is_set_aside_stay_numbers(dictionary: Dictionary) -> None:
    raw = pd.DataFrame({"year": np.array([2013], np.int64), "dep_time": [np.nan], "dep_delay": [5.0], "dest": ["LAX"]})
    (row,) = quarantine_rows(raw, {0: ["why"]})
    assert json.loads(row["source"]) == {"year": 2013, "dep_time": None, "dep_delay": 5.0, "dest": "LAX"}
