"""data.zone_errors: an airport with a wrong zone is named, and no airport at the other end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import apply_contract, quarantine_rows
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.quality_report import QualityReport, count_quality

INDIANA = "America/Indiana/Indianapolis"
ZONES = {
    "IND": INDIANA, "FWA": INDIANA, "SBN": INDIANA, "ORD": "America/Chicago", "STL": "America/Chicago",
    "DEN": "America/Denver", "PHX": "America/Phoenix", "ATL": "America/New_York", "CMH": "America/New_York",
    "DAY": "America/New_York",
}  # fmt: skip
# ORD and ATL are hubs; DAY has flights to IND only.
ROUTES = [
    *[("IND", other) for other in ("ORD", "ORD", "ATL", "STL", "DEN", "DAY", "FWA")],
    *[("FWA", other) for other in ("ORD", "ATL")],
    *[("SBN", other) for other in ("ORD", "STL")],
    *[("ORD", other) for other in ("ATL", "DEN", "DEN", "PHX", "STL", "STL", "CMH", "ATL")],
    *[("ATL", other) for other in ("CMH", "CMH", "DEN", "PHX", "STL")],
    ("STL", "DEN"),
    ("STL", "PHX"),
]
WRONG = dict.fromkeys(("IND", "FWA", "SBN"), "America/New_York")

Read = Callable[..., QualityReport]


def fly(number: int, date: dt.date, origin: str, destination: str, minutes: int = 95) -> dict[str, Any]:
    """A flight at its true times."""
    departure = dt.datetime.combine(date, dt.time(7 + number % 12, 5), ZoneInfo(ZONES[origin]))
    arrival = (departure.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(ZoneInfo(ZONES[destination]))
    return {
        "flight_date": (date.year, date.month, date.day), "origin": origin, "destination": destination,
        "flight_number": number, "scheduled_departure_minutes": departure.hour * 100 + departure.minute,
        "scheduled_arrival_minutes": arrival.hour * 100 + arrival.minute, "scheduled_elapsed_minutes": minutes,
    }  # fmt: skip


def timetable(date: dt.date) -> list[dict[str, Any]]:
    pairs = [pair for route in ROUTES for pair in (route, route[::-1])]
    return [fly(number, date, *pair) for number, pair in enumerate(pairs, 1)]


@pytest.fixture(scope="module")
def report(write: Callable[..., pd.DataFrame], dictionary: Dictionary) -> Read:
    """The quality report of months of flights, with wrong zones in the table."""

    def read(months: dict[str, list[dict[str, Any]]], wrong: dict[str, str]) -> QualityReport:
        counts = {}
        for month, flights in months.items():
            raw = write("bts_classic", *flights)
            result = apply_contract(parse_flights(raw, "bts_classic", dictionary, {**ZONES, **wrong}), dictionary)
            counts[month] = count_quality("bts_classic", result, quarantine_rows(raw, result.reasons))
        return QualityReport(counts, {**ZONES, **wrong})

    return read


def year(number: int, *months: int) -> dict[str, list[dict[str, Any]]]:
    """A day of some months of a year."""
    return {f"{number}-{month:02d}": timetable(dt.date(number, month, 20)) for month in months}


def suspects(report: QualityReport, dictionary: Dictionary) -> dict[str, dict[str, Any]]:
    return {entry["airport"]: entry for entry in report.details(dictionary)["suspected_zones"]}


def test_right_zones_are_not_suspected(report: Read, dictionary: Dictionary) -> None:
    whole = report(year(1990, 1, 7), {})
    assert whole.quarantined == 0
    assert suspects(whole, dictionary) == {}


def test_indiana_with_the_zone_of_new_york_is_named_and_no_hub(report: Read, dictionary: Dictionary) -> None:
    whole = report(year(1990, 1, 4, 7, 10), WRONG)
    entries = suspects(whole, dictionary)
    assert list(entries) == ["IND", "SBN", "FWA"]
    summer = ["1990-04", "1990-07", "1990-10"]  # from 1 April to 28 October
    for airport, entry in entries.items():
        flights = 2 * sum((airport in route) and route != ("IND", "FWA") for route in ROUTES)
        assert entry == {
            "airport": airport, "zone": "America/New_York", "hours": -1, "flights": 3 * flights, "months": summer,
        }  # fmt: skip
    assert whole.quarantined == sum(entry["flights"] for entry in entries.values())
    assert len(whole.remarks()) == 2 + len(entries)  # the reason, and that so few flights look like a sample


@pytest.mark.parametrize(("number", "named"), [(2005, ["IND", "SBN", "FWA"]), (2007, [])])
def test_since_2006_indiana_has_the_rules_of_new_york(
    report: Read, dictionary: Dictionary, number: int, named: list[str]
) -> None:
    assert list(suspects(report(year(number, 1, 7), WRONG), dictionary)) == named


def test_a_zone_that_is_wrong_by_another_number_of_hours_in_summer_is_named_for_both(
    report: Read, dictionary: Dictionary
) -> None:
    entries = report(year(1990, 1, 4, 7, 10), {"PHX": "America/New_York"}).details(dictionary)["suspected_zones"]
    assert {(entry["airport"], entry["hours"], len(entry["months"])) for entry in entries} == {
        ("PHX", -3, 3), ("PHX", -2, 1),
    }  # fmt: skip


def test_a_mistake_in_a_timetable_suspects_nobody(report: Read, dictionary: Dictionary) -> None:
    flights = timetable(dt.date(1990, 5, 5))
    flights[0]["scheduled_elapsed_minutes"] += 60
    alone = {**fly(999, dt.date(1990, 5, 6), "DAY", "ORD", 155), "scheduled_elapsed_minutes": 95}
    whole = report({"1990-05": [*flights, alone]}, {})
    assert whole.quarantined == 2
    assert suspects(whole, dictionary) == {}


@settings(max_examples=5)
@given(st.sampled_from(sorted(ZONES)), st.sampled_from(["Pacific/Honolulu", "America/Halifax", "Europe/London"]))
def test_an_airport_with_a_foreign_zone_is_the_only_one_named(
    report: Read, dictionary: Dictionary, airport: str, zone: str
) -> None:
    whole = report({"1990-01": timetable(dt.date(1990, 1, 8))}, {airport: zone})
    assert set(suspects(whole, dictionary)) == {airport}
