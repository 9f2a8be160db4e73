"""The wording of explain.local: sentences of reason codes and explanations as text; when each is used is tested in
test_reasons.py and test_plots_flight.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flight_answers import FLIGHT, reasons, what_if
from reference import REFERENCE

from flight_delay.explain.feature_groups import family_of, load_topics
from flight_delay.explain.local.reasons import Reason, Reasons
from flight_delay.explain.local.templates import Facts, find_quotation
from flight_delay.explain.local.text import (
    describe_waterfall,
    describe_what_if,
    format_flight,
    format_footnotes,
    format_what_if,
)

TOPICS = load_topics()


def sentences(name: str, value: Any, overall: float = 0.21) -> tuple[str, str]:
    """The sentences on a feature that raises, or lowers, the probability; only it and the rate of all
    flights are known."""
    topic = next(topic for topic in TOPICS.topics.values() if family_of(name) in topic.features)
    values = {"late_rate_all_7d": overall, "late_rate_all_30d": 0.2, name: value}
    columns = {
        feature: np.array([entry], object if entry is None or isinstance(entry, str) else np.float32)
        for feature, entry in values.items()
    }
    quotation = find_quotation(topic, REFERENCE, columns)
    assert quotation is not None
    raised, lowered = (quotation.fill(0, raises=raises)[0] for raises in (True, False))
    return raised, lowered


@pytest.mark.parametrize(
    ("name", "value", "raised", "lowered"),
    [
        ("carrier", "UA", "the airline is UA, in combination with the other features",
         "the airline is UA: usually only 22 % of such flights are late, of all flights 25 %"),
        ("day_of_week", "Fri", "it is a Friday: usually 31 % of flights on that weekday are late, of all flights 25 %",
         "it is a Friday, in combination with the other features"),
        ("departure_minutes", 1025.0, "departure at 17:05: usually 35 % of flights in that hour are late, of all flights 25 %",
         "departure at 17:05, in combination with the other features"),
        ("departure_minutes", 1440.0, "departure at 24:00, in combination with the other features",
         "departure at 24:00: usually only 10 % of flights in that hour are late, of all flights 25 %"),
        ("distance_miles", 2454.0, "a flight of 2,454 miles, usually 1,000 miles", "a flight of 2,454 miles, usually 1,000 miles"),
        ("flights_from_origin_in_hour", 25.0, "flights leaving the airport in the same hour: 25, usually 20",
         "flights leaving the airport in the same hour (25), in combination with the rest of the schedule"),
        ("flights_from_origin_in_hour", 9.0, "flights leaving the airport in the same hour (9), in combination with the rest of the schedule",
         "flights leaving the airport in the same hour: only 9, usually 20"),
        ("late_rate_route_7d", -0.15, "late arrivals on this route in the last 7 days (6.0 %), in combination with other time spans",
         "late arrivals on this route in the last 7 days: only 6.0 %, of all flights 21 %"),
        ("late_rate_route_7d", 0.17, "late arrivals on this route in the last 7 days: 38 %, of all flights 21 %",
         "late arrivals on this route in the last 7 days (38 %), in combination with other time spans"),
        ("late_rate_all_7d", 0.2, "late arrivals of all flights in the last 7 days (20 %), in combination with other time spans",
         "late arrivals of all flights in the last 7 days: only 20 %, usually 25 %"),
        ("observed_visibility", 2.0, "visibility at the airport of departure the day before: only 2 miles, usually 9 miles",
         "visibility at the airport of departure the day before (2 miles), in combination with the other features"),
    ],
)  # fmt: skip
def test_a_comparison_or_the_value_alone(name: str, value: Any, raised: str, lowered: str) -> None:
    assert sentences(name, value) == (raised, lowered)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("carrier", "XX", "the airline is XX, which has no training flights"),
        ("carrier", "AS", "the airline is AS, in combination with the other features"),  # 99 training flights
        (
            "destination",
            "LAX",
            "the destination is LAX, in combination with the other features",
        ),  # 25 %, as all flights
        ("carrier", None, "the airline is not known"),
        ("departure_minutes", np.nan, "the time of departure is not known"),
        ("late_rate_route_7d", np.nan, "no data on earlier flights on this route"),
        ("late_rate_route_7d", 0.9, "late arrivals on this route in the last 7 days: 100 %, of all flights 21 %"),
        ("departure_minutes", 60.0, "departure at 01:00, an hour without training flights"),
        ("distance_miles", np.nan, "the length of the flight is not known"),
        ("late_rate_flight_30d", 0.0, "no unusual rate of earlier flights with this number"),
        ("late_rate_flight_30d", np.nan, "no data on earlier flights with this number"),
    ],
)
def test_a_missing_or_unknown_value(name: str, value: Any, sentence: str) -> None:
    assert sentences(name, value)[0] == sentence
    if name == "late_rate_route_7d":
        assert sentences(name, 0.1, overall=np.nan)[0] == "no data on earlier flights on this route"


SOME = reasons(0.0804, -0.0316, 0.0061, 0.0049, -0.0012)


def with_sentence(flight: Reasons) -> Reasons:
    return flight._replace(reasons=(Reason(*flight.contributions[0], "it rains", Facts(None, None, None, None)),))


@pytest.mark.parametrize(
    ("flight", "late", "lines"),
    [
        (SOME, True, ["UA 17 from EWR to LAX, Friday 1 November 2013, 17:05", "30.9 % likely to arrive late: predicted late (threshold 26.0 %); it arrived late", "No single topic has a large contribution."]),
        (with_sentence(reasons(0.1)), False, ["35.0 % likely to arrive late: predicted late (threshold 26.0 %); it was not late", "Why more likely than usual:", "  +10.0  it rains"]),
        (with_sentence(reasons(-0.1, predicted_late=False)), None, ["15.0 % likely to arrive late: predicted on time (threshold 26.0 %); it did not arrive (cancelled or diverted)", "Why less likely than usual:"]),
    ],
)  # fmt: skip
def test_the_text_of_a_flight(flight: Reasons, late: bool | None, lines: list[str]) -> None:
    text = format_flight(flight, destination="LAX", late=late, threshold=0.26, smallest=0.005).splitlines()
    assert [line for line in lines if line not in text] == []


def test_a_waterfall() -> None:
    assert describe_waterfall(SOME, 0.005) == (
        f"From the usual 25.0 % to 30.9 % for {FLIGHT}, in percentage points: topic 0 +8.0, topic 1 -3.2, topic 2 +0.6, "
        "2 others, rounding +0.5"
    )


def test_other_departures() -> None:
    lines = [" ".join(line.split()) for line in format_what_if(what_if(99, 100, 5_000)).splitlines()]
    for line in (
        "UA 17 from EWR to LAX, Friday 1 November 2013, 17:05: predictions at other times of departure",
        "00:00 10.0 % ███ ? 99 flights from EWR",
        "00:30 20.0 % ██████ its own time",
        "01:00 30.0 % ██████████ predicted late, none to LAX",
        "The prediction is 20.0 % at 00:30, its own time. Where there are enough training flights, it is lowest with 20.0 % "
        "at 00:30 and highest with 30.0 % at 01:00.",
        "? marks half hours with fewer than 100 training flights from EWR: unreliable predictions.",
    ):
        assert line in lines
    assert describe_what_if(what_if(1, 2)) == (
        "The prediction is 20.0 % at 00:30, its own time. No time of departure from EWR has enough training flights."
    )


def test_footnotes() -> None:
    text = format_footnotes(REFERENCE, 15)
    for words in (
        "A flight is late if it arrives 15 minutes or more after schedule.",
        "(late rate of these: 25.0 %)",
        '"Usually" refers to the flights of 2013-01 … 2013-02,',
    ):
        assert words in text
