"""data.quality_report: what the gate did is added up over months, and too much of it is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_json
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.quality_report import SAMPLE, MonthQuality, QualityReport

CLOCK, CARRIER = {"scheduled_departure_minutes": 2575}, {"carrier": None}
MONTHS: dict[str, tuple[Layout, list[dict[str, Any]]]] = {
    "2013-01": (
        "nycflights13",
        [{}, CLOCK, {**CLOCK, **CARRIER, "flight_number": 9}, {"tail_number": "ä", "flight_number": 8}],
    ),
    "2013-02": ("bts_classic", [{}, {"destination": "SJU", "flight_number": 8}, CARRIER, CLOCK]),
    "2013-03": ("nycflights13", [{}]),
}  # fmt: skip

CountMonth = Callable[..., MonthQuality]


def by_column(findings: Mapping[str, Any]) -> dict[str, Any]:
    """What is found, by the column that a reason or warning names first."""
    return {re.split(r"\W", finding)[0]: value for finding, value in findings.items()}


@pytest.fixture(scope="module")
def tally(count_month: CountMonth) -> QualityReport:
    return QualityReport({month: count_month(layout, *changes) for month, (layout, changes) in MONTHS.items()}, {})


def test_rows_reasons_and_warnings_are_counted_over_months(tally: QualityReport) -> None:
    assert (tally.rows, tally.quarantined) == (9, 4)
    metrics = tally.metrics()
    reasons, warnings = metrics.pop("quarantined"), metrics.pop("warnings")
    assert metrics == {"rows": 9, "quarantined_rows": 4, "quarantined_share": 0.444444}
    # The most frequent first.
    assert list(by_column(reasons).items()) == [("scheduled_departure_minutes", 3), ("carrier", 2)]
    assert by_column(warnings) == {"tail_number": 1, "destination": 1}


def test_every_reason_has_an_example_that_is_the_first_row_of_its_month(
    tally: QualityReport, dictionary: Dictionary
) -> None:
    examples = tally.details(dictionary)["examples"]
    assert set(examples) == set(tally.metrics()["quarantined"])
    clock, carrier = (by_column(examples)[name] for name in ("scheduled_departure_minutes", "carrier"))
    assert (clock["month"], clock["row"], carrier["month"], carrier["row"]) == ("2013-01", 1, "2013-01", 2)
    assert clock["source"]["sched_dep_time"] == 2575
    assert clock["source"]["month"] == 1  # the source's own column


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


def test_a_column_is_empty_when_no_month_has_a_value_of_it(count_month: CountMonth, dictionary: Dictionary) -> None:
    months = {"2013-01": count_month("nycflights13", {})}
    empty = set(QualityReport(months, {}).details(dictionary)["empty_columns"])
    assert empty == {
        name for name, column in dictionary.columns.items() if column.sources and "nycflights13" not in column.sources
    }
    months["2013-02"] = count_month("bts_current", {})
    assert set(QualityReport(months, {}).details(dictionary)["empty_columns"]) < empty


def test_results_are_json(tally: QualityReport, dictionary: Dictionary, tmp_path: Path) -> None:
    for content in (tally.metrics(), tally.details(dictionary)):
        write_json(tmp_path / "content.json", content)
        assert json.loads((tmp_path / "content.json").read_text()) == content


@settings(max_examples=5 * settings.default.max_examples)
@given(st.integers(1, 1_000), st.data())
def test_the_limit_itself_is_not_too_much_and_a_row_more_is(rows: int, data: st.DataObject) -> None:
    quarantined = data.draw(st.integers(0, rows - 1))
    share = quarantined / rows
    for count in (quarantined, quarantined + 1):
        month = MonthQuality(
            layout="table", rows=rows, quarantined=count, reasons={"why": count}, examples={"why": {"row": 0}},
            warnings={}, missing={}, unknown_destinations={}, alone=0, hour_errors=[],
        )  # fmt: skip
        tally = QualityReport({"2013-01": month}, {})
        if count == quarantined:
            tally.raise_if_share_exceeds(share)
            tally.raise_if_share_exceeds(float(str(share)))  # as params.yaml has it
        else:
            with pytest.raises(UserError):
                tally.raise_if_share_exceeds(share)


def test_without_any_rows_nothing_is_wrong(dictionary: Dictionary) -> None:
    tally = QualityReport({}, {})
    tally.raise_if_share_exceeds(0)
    assert tally.metrics() == {
        "rows": 0, "quarantined_rows": 0, "quarantined_share": 0.0, "quarantined": {}, "warnings": {},
    }  # fmt: skip
    assert tally.details(dictionary)["empty_columns"] == list(dictionary.columns)
    assert tally.remarks() == []


@pytest.mark.parametrize(("hours", "alone"), [([9, 10, 11], 3), ([9, 10, 11, 11, 11], 0), ([9, 10, 11, 12, 12], 3)])
def test_a_sample_is_told_by_departures_that_are_alone_in_their_hour(
    count_month: CountMonth, hours: list[int], alone: int
) -> None:
    """Those of another airport or date are in no hour with them; a month with them counts for all months."""
    flights = [
        {"scheduled_departure_minutes": hour * 100 + 5, "flight_number": number, "scheduled_elapsed_minutes": None}
        for number, hour in enumerate(hours, start=1)
    ]
    months = {"2013-01": count_month("nycflights13", *flights)}
    assert QualityReport(months, {}).metrics()["warnings"].get(SAMPLE, 0) == alone
    months["2013-02"] = count_month("nycflights13", *({"flight_number": number} for number in range(1, 7)))
    assert SAMPLE not in QualityReport(months, {}).metrics()["warnings"]
