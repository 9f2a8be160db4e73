"""data.contract: what is odd and does no harm is kept, without the value that is wrong, and warned of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flight_delay.data.contract import QualityResult
from flight_delay.data.dictionary_entries import LAYOUTS, Layout

BTS: tuple[Layout, ...] = ("bts_classic", "bts_current")

PassGate = Callable[..., QualityResult]
Change = dict[str, Any]

# Change, and the column that loses its value; the warnings are in test_wording_data.
ODD: list[tuple[Change, str | None]] = [
    ({"tail_number": "N700äæ"}, "tail_number"),
    ({"tail_number": "\ufffdNKNO\ufffd"}, "tail_number"),
    ({"air_time_minutes": 0}, "air_time_minutes"),
    ({"air_time_minutes": "5.5"}, "air_time_minutes"),
    ({"destination": "SJU"}, "scheduled_arrival_utc"),
]
ODD_IN_BTS: list[tuple[Change, str | None]] = [
    ({"cancellation_code": "X"}, "cancellation_code"),
    ({"scheduled_elapsed_minutes": 0}, "scheduled_elapsed_minutes"),
    ({"destination": "EWR", "scheduled_elapsed_minutes": None}, None),
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_odd_and_does_no_harm_is_kept_and_warned_of(pass_gate: PassGate, layout: Layout) -> None:
    cases = ODD + (ODD_IN_BTS if layout in BTS else [])
    numbered = enumerate([*(change for change, _ in cases), {}], 1)  # the last has no oddity
    gated = pass_gate(layout, *({**change, "flight_number": number} for number, change in numbered))
    assert gated.reasons == {}
    assert sum(gated.warnings.values()) == len(cases)
    flights = gated.flights.sort_by("flight_number").to_pylist()
    assert [flight["flight_number"] for flight in flights] == list(range(1, len(cases) + 2))
    assert [flight[lost] for (_, lost), flight in zip(cases, flights, strict=False) if lost] == [None] * sum(
        lost is not None for _, lost in cases
    )


def test_labels_that_call_flights_delayed_that_never_left_or_arrived_are_warned_of(pass_gate: PassGate) -> None:
    never = {"departure_delay_minutes": None, "arrival_delay_minutes": None}
    labels = {"departure_delayed_label": "YES", "arrival_delayed_label": "YES"}
    gated = pass_gate(
        "bts_classic",
        {"cancelled": True, **never, **labels},
        {"diverted": True, **never, **labels, "flight_number": 8},
        {**labels, "flight_number": 9},
        {"departure_delayed_label": "PERHAPS", "flight_number": 10},
    )
    assert gated.reasons == {}
    assert sorted((warning.split(":")[0], rows) for warning, rows in gated.warnings.items() if rows) == [
        ("arrival_delayed_label", 2),
        ("departure_delayed_label", 1),
        ("departure_delayed_label", 1),
    ]
    labelled = gated.flights.sort_by("flight_number")["departure_delayed_label"].to_pylist()
    assert labelled == [True, True, True, None]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_missing_values_are_counted_by_column(pass_gate: PassGate, layout: Layout) -> None:
    gated = pass_gate(layout, {}, {"tail_number": None, "flight_number": 8}, {"tail_number": None, "carrier": None})
    counted = {
        name: gated.missing[name] for name in ("tail_number", "carrier", "flight_number", "security_delay_minutes")
    }
    assert counted == {"tail_number": 2, "carrier": 1, "flight_number": 0, "security_delay_minutes": 3}
    assert list(gated.missing) == gated.flights.column_names
