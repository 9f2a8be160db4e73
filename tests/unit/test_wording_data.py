"""data: the exact wording of what the dictionary, the quality gate and its tally say. Sources have their own file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from changed_entries import Content, entry

from flight_delay.core.errors import UserError
from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import Dictionary, find_layout
from flight_delay.data.dictionary_entries import LAYOUTS
from flight_delay.data.quality_report import MonthQuality, QualityReport

PassGate = Callable[..., QualityResult]


MISTAKES: dict[str, tuple[Callable[[Content], Any], str]] = {
    "bounds of a text": (
        entry("columns", "carrier", minimum=1, maximum=2),
        "columns.carrier: a column of type text has no minimum and maximum",
    ),
    "no bounds": (
        entry("columns", "distance_miles", minimum=...),
        "columns.distance_miles: minimum and maximum must be given, as int",
    ),
    "bounds": (
        entry("columns", "distance_miles", minimum=12_501),
        "columns.distance_miles: minimum (12501) is above maximum (12500)",
    ),
    "pattern": (
        entry("columns", "distance_miles", allowed=["1"]),
        "columns.distance_miles: pattern and allowed are for columns of type text",
    ),
    "unit of a column": (
        entry("columns", "distance_miles", unit=None), "columns.distance_miles: a number needs a unit",
    ),
    "expression": (
        entry("columns", "carrier", pattern="[A-Z"),
        "columns.carrier: pattern is not a regular expression (unterminated character set at position 0)",
    ),
    "informative": (
        entry("columns", "tail_number", nullable=False),
        "columns.tail_number: an informative column must be nullable, since invalid values are removed",
    ),
    "date": (
        entry("columns", "flight_date", sources={"bts_classic": ["Year", "Month"]}),
        "columns.flight_date: a date needs three source columns: year, month and day",
    ),
    "time": (
        entry("columns", "scheduled_departure_utc", sources={"bts_classic": ["Time"]}),
        "columns.scheduled_departure_utc: a utc_time is computed from date, clock time and time zone; it has no sources",
    ),
    "moment": (
        lambda content: content.update(moments={"once": {"hours_before_departure": 1, "description": "x"}}),
        "columns.flight_id.known: no moment 'schedule_published'; choose one of once",
    ),
    "column": (
        lambda content: content["columns"].pop("carrier"), "columns: carrier is missing and required",
    ),
    "days": (
        entry("features", "block_minutes", description="{days}"),
        "features.block_minutes: {days} belongs into the description of a feature of the group history, and of no other",
    ),
    "effect": (
        entry("features", "origin", effect="increasing"),
        "features.origin: a categorical feature has neither unit nor effect",
    ),
    "unit of a feature": (
        entry("features", "block_minutes", unit=...), "features.block_minutes: a number needs a unit",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_dictionary(
    load_changed: Callable[..., Dictionary], tmp_path: Path, change: Callable[[Content], Any], expected: str
) -> None:
    with pytest.raises(UserError) as refused:
        load_changed(change)
    assert str(refused.value) == f"{tmp_path / 'dictionary.yaml'}: {expected}; correct the entry"


REFUSED: list[tuple[Callable[[Dictionary], Any], str]] = [
    (
        lambda dictionary: find_layout(
            dictionary.required_columns["nycflights13"] - {"dest", "carrier"},
            dictionary.required_columns,
            "here",
            "correct it",
        ),
        "here: no known layout; the closest is nycflights13, column 'carrier', 'dest' is missing; correct it",
    ),
    (
        lambda dictionary: dictionary.check_point_in_time("mine", ["seats"], 24),
        "feature 'mine' reads 'seats', which is not in references/data_dictionary.yaml; add it there",
    ),
    (
        lambda dictionary: dictionary.check_point_in_time("mine", ["tail_number"], 24),
        "feature 'mine' reads 'tail_number', which must not be used: {not_used}; remove it",
    ),
    (
        lambda dictionary: dictionary.check_point_in_time("mine", ["cancelled"], 24),
        "feature 'mine' reads 'cancelled', which is not known 24 hours before departure: {departure} (departure); "
        "remove it, or change build_features.horizon_hours",
    ),
]


@pytest.mark.parametrize(("work", "expected"), REFUSED)
def test_what_the_dictionary_refuses(dictionary: Dictionary, work: Callable[[Dictionary], Any], expected: str) -> None:
    not_used, departure = (
        dictionary.columns["tail_number"].not_used_because,
        dictionary.moments["departure"].description,
    )
    with pytest.raises(UserError) as refused:
        work(dictionary)
    assert str(refused.value) == expected.format(not_used=not_used, departure=departure)


REASONS: list[tuple[dict[str, Any], str]] = [
    ({"scheduled_arrival_minutes": 1275}, "scheduled_arrival_minutes: is not a clock time"),
    ({"flight_number": "7A"}, "flight_number: is not a whole number"),
    ({"carrier": None}, "carrier: is missing"),
    ({"distance_miles": 0}, "distance_miles: is outside 1 … 12500"),
    ({"flight_date": (1987, 9, 30)}, "flight_date: is outside 1987-10-01 … 2100-12-31"),
    ({"destination": "lax"}, "destination: does not look like [A-Z0-9]{3}"),
    ({"origin": "QQQ"}, "origin: is not in the airports table"),
    ({"flight_date": (2013, 2, 30)}, "flight_date: is not a date"),
    ({"diverted": "2"}, "diverted: is neither 0 nor 1"),
    ({"cancelled": True}, "cancelled, and arrived"),
    ({"diverted": True}, "diverted, and arrived as planned"),
    ({"cancelled": True, "diverted": True, "arrival_delay_minutes": None}, "cancelled and diverted"),
    ({"arrival_delay_minutes": None}, "neither cancelled nor diverted, and never arrived"),
    ({"scheduled_elapsed_minutes": 354}, "scheduled times contradict scheduled_elapsed_minutes"),
    ({"flight_number": 8}, "flight_id: the same flight again"),
]


def test_reasons_to_set_a_flight_aside(pass_gate: PassGate) -> None:
    gated = pass_gate("bts_classic", {"flight_number": 8}, *(change for change, _ in REASONS))
    assert [reason for reasons in gated.reasons.values() for reason in reasons] == [reason for _, reason in REASONS]


WARNINGS: list[tuple[dict[str, Any], str]] = [
    ({"tail_number": "N700äæ"}, "tail_number: does not look like [A-Z0-9-]+; the value is left out"),
    ({"air_time_minutes": 0}, "air_time_minutes: is outside 1 … 1440; the value is left out"),
    ({"air_time_minutes": "5.5"}, "air_time_minutes: is not a whole number; the value is left out"),
    ({"cancellation_code": "X"}, "cancellation_code: is none of A, B, C, D; the value is left out"),
    ({"departure_delayed_label": "PERHAPS"}, "departure_delayed_label: is neither 0 nor 1; the value is left out"),
    ({"destination": "SJU"}, "destination is not in the airports table"),
    ({"destination": "EWR", "scheduled_elapsed_minutes": None}, "origin is the destination"),
    (
        {"cancelled": True, "arrival_delay_minutes": None, "departure_delayed_label": "YES"},
        "departure_delayed_label: a cancelled flight is labelled as delayed",
    ),
    (
        {"diverted": True, "arrival_delay_minutes": None, "arrival_delayed_label": "YES"},
        "arrival_delayed_label: a flight that never arrived is labelled as delayed",
    ),
    (
        {"flight_date": (2013, 3, 10), "scheduled_departure_minutes": 230, "scheduled_elapsed_minutes": None},
        "departure at a time that the spring change skips",
    ),
]


def test_warnings(pass_gate: PassGate) -> None:
    flights = ({**change, "flight_number": number} for number, (change, _) in enumerate(WARNINGS, 1))
    warnings = pass_gate("bts_classic", *flights).warnings
    assert {text: rows for text, rows in warnings.items() if rows} == {warning: 1 for _, warning in WARNINGS}


def test_unknown_times(write: Callable[..., Any], dictionary: Dictionary, zones: dict[str, str]) -> None:
    names = ("scheduled_departure_minutes", "scheduled_arrival_minutes")
    gone = {"cancelled": True, "arrival_delay_minutes": None, "scheduled_elapsed_minutes": None}
    raw = write("bts_classic", dict.fromkeys(names, 0), {**dict.fromkeys(names, 0), **gone})
    raw = raw.assign(DepTime=["910", "NA"], ArrTime=["1212", "NA"])
    gated = apply_contract(parse_flights(raw, "bts_classic", dictionary, zones), dictionary)
    assert [text for text, rows in gated.warnings.items() if rows] == [
        f"{name}: is 0:00; the actual time minus the delay replaces it" for name in names
    ]
    assert gated.reasons == {1: [f"{name}: is 0:00, which stands for an unknown time" for name in names]}


def test_the_tally(count_month: Callable[..., MonthQuality]) -> None:
    changes: list[dict[str, Any]] = [{}, {"carrier": None}, {"destination": "SJU", "flight_number": 8}]
    tally = QualityReport({"2013-01": count_month(LAYOUTS[0], *changes)}, {})
    assert tally.remarks() == [
        "quarantined: carrier: is missing: 1 of 3",
        "warning: destination is not in the airports table: 1 of 3",
    ]
    assert QualityReport({"2013-01": count_month(LAYOUTS[0], {})}, {}).remarks() == [
        "warning: the only departure of its origin in its hour: this looks like a sample, but features of traffic and history "
        "need the full schedule: 1 of 1",
    ]
    with pytest.raises(UserError) as refused:
        tally.raise_if_share_exceeds(0.01)
    assert str(refused.value) == (
        "1 of 3 flights break the contract (33.33%), more than make_dataset.max_quarantined_share in params.yaml (1.00%): "
        "carrier: is missing (1); first in row 1 of data/raw/flights/2013-01.parquet; correct the source, or raise the share "
        "and read data/interim/quarantine"
    )


def test_a_suspected_zone(count_month: Callable[..., MonthQuality]) -> None:
    changes = [{"flight_number": number, "scheduled_elapsed_minutes": 430} for number in (1, 2)]
    tally = QualityReport({"2013-01": count_month("bts_classic", *changes)}, {"EWR": "America/New_York"})
    remark = (
        "suspected time zone: EWR is America/New_York in the table of airports, and in 2 flights of 2013-01 … 2013-01 its "
        "clock is 1 h ahead"
    )
    assert tally.remarks()[1:] == [remark]
    with pytest.raises(UserError) as refused:
        tally.raise_if_share_exceeds(0.01)
    assert f"data/raw/flights/2013-01.parquet; {remark}; correct the source" in str(refused.value)
