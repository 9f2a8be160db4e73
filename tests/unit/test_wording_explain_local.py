"""The wording of explain.local: the sentences of reason codes, as references/reason_codes.yaml has them, and explanations as
text. Which sentence is said, and of what, is tested in test_reasons.py and test_plots_flight.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference import REFERENCE

from flight_delay.explain.feature_groups import family_of, load_topics
from flight_delay.explain.local.reasons import Contribution, Facts, Reason, Reasons
from flight_delay.explain.local.templates import quoted_of
from flight_delay.explain.local.text import explained, footnotes, waterfall_words, what_if_text, what_if_words
from flight_delay.explain.local.what_if import Departure, WhatIf

TOPICS = load_topics()


FLIGHT = "2013-11-01-UA-17-EWR-1705"


def sentence(name: str, value: Any, *, raises: bool, rate_of_all: float = 0.21) -> str:
    """What is said of a flight of which only one feature, and the late rate of all flights, is known."""
    topic = next(topic for topic, of in TOPICS.topics.items() if family_of(name) in of.features)
    values = {"late_rate_all_7d": rate_of_all, "late_rate_all_30d": 0.2, name: value}
    columns = {
        feature: np.array([of], object if of is None or isinstance(of, str) else np.float32)
        for feature, of in values.items()
    }
    return quoted_of(topic, TOPICS, REFERENCE, columns).sentence(0, raises=raises)


@pytest.mark.parametrize(
    ("name", "value", "raised", "lowered"),
    [
        ("carrier", "UA", "the airline is UA, seen together with what else is known of the flight",
         "the airline is UA: usually only 22 % of such flights are late, of all flights 25 %"),
        ("day_of_week", "Fri", "it is a Friday: usually 31 % of flights on that weekday are late, of all flights 25 %",
         "it is a Friday, seen together with what else is known of the flight"),
        ("departure_minutes", 1025.0, "departure at 17:05: usually 35 % of flights in that hour are late, of all flights 25 %",
         "departure at 17:05, seen together with what else is known of the flight"),
        ("departure_minutes", 1440.0, "departure at 24:00, seen together with what else is known of the flight",
         "departure at 24:00: usually only 10 % of flights in that hour are late, of all flights 25 %"),
        ("distance_miles", 2454.0, "a flight of 2,454 miles, usually 1,000 miles", "a flight of 2,454 miles, usually 1,000 miles"),
        ("flights_from_origin_in_hour", 25.0, "flights leaving the airport in the same hour: 25, usually 20",
         "flights leaving the airport in the same hour (25), seen together with the rest of the schedule"),
        ("flights_from_origin_in_hour", 9.0, "flights leaving the airport in the same hour (9), seen together with the rest of the schedule",
         "flights leaving the airport in the same hour: only 9, usually 20"),
        ("late_rate_route_7d", 0.17, "late arrivals on this route in the last 7 days: 38 %, of all flights 21 %",
         "late arrivals on this route in the last 7 days (38 %), seen together with those of longer and shorter spans"),
        ("late_rate_route_7d", -0.15, "late arrivals on this route in the last 7 days (6.0 %), seen together with those of longer and shorter spans",
         "late arrivals on this route in the last 7 days: only 6.0 %, of all flights 21 %"),
        ("late_rate_all_7d", 0.2, "late arrivals of all flights in the last 7 days (20 %), seen together with those of longer and shorter spans",
         "late arrivals of all flights in the last 7 days: only 20 %, usually 25 %"),
        ("observed_visibility", 2.0, "how far one could see at the airport of departure the day before: only 2 miles, usually 9 miles",
         "how far one could see at the airport of departure the day before (2 miles), seen together with what else is known"),
    ],
)  # fmt: skip
def test_a_comparison_or_none_is_said(name: str, value: Any, raised: str, lowered: str) -> None:
    assert (sentence(name, value, raises=True), sentence(name, value, raises=False)) == (raised, lowered)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("carrier", "XX", "the airline is XX, of which the model has seen no flights"),
        ("carrier", None, "the airline is not known"),
        ("departure_minutes", 60.0, "departure at 01:00, an hour in which the model has seen no flights"),
        ("departure_minutes", np.nan, "the time of departure is not known"),
        ("distance_miles", np.nan, "the length of the flight is not known"),
        ("late_rate_route_7d", np.nan, "nothing is known of earlier flights on this route"),
        ("late_rate_flight_30d", 0.0, "nothing out of the ordinary is known of earlier flights with this number"),
        ("late_rate_flight_30d", np.nan, "nothing is known of earlier flights with this number"),
    ],
)
def test_what_is_missing_or_unknown_has_a_sentence_of_its_own(name: str, value: Any, said: str) -> None:
    assert sentence(name, value, raises=True) == said


def test_without_anything_to_quote_only_the_topic_is_named() -> None:
    [quoted] = [quoted_of("late_route", TOPICS, REFERENCE, {"late_rate_route_7d": np.array([0.1], np.float32)})]
    assert quoted.sentence(0, raises=True) == "late arrivals on this route in recent days"


def reasons(*moves: float, sentences: bool = False, called_late: bool = True) -> Reasons:
    parts = tuple(Contribution(f"t{at}", f"topic {at}", 5 * move, move) for at, move in enumerate(moves))
    chosen = tuple(Reason(*part, "it rains", Facts(None, None, None, None)) for part in parts[:1] if sentences)
    return Reasons(FLIGHT, 0.25 + sum(moves), 0.25, -1.1, called_late, parts, chosen)


def answer(*origin_flights: int) -> WhatIf:
    points = tuple(
        Departure(30 * at, 0.1 + 0.1 * at, at >= 2, flights, at % 2) for at, flights in enumerate(origin_flights)
    )
    return WhatIf(FLIGHT, "EWR", "LAX", 0.25, points[1], points)


SOME = (0.0804, -0.0316, 0.0061, 0.0049, -0.0012)


@pytest.mark.parametrize(
    ("of", "late", "lines"),
    [
        (reasons(*SOME), True, ["UA 17 from EWR to LAX, Friday 1 November 2013, 17:05", "30.9 % likely to arrive late: called late (from 26.0 % on); it arrived late", "No topic by itself moves it noticeably away from what is usual."]),
        (reasons(0.1, sentences=True), False, ["35.0 % likely to arrive late: called late (from 26.0 % on); it was not late", "Why more likely than usual:", "  +10.0  it rains"]),
        (reasons(-0.1, sentences=True, called_late=False), None, ["15.0 % likely to arrive late: not called late (from 26.0 % on); it did not arrive (cancelled or diverted)", "Why less likely than usual:"]),
    ],
)  # fmt: skip
def test_the_text_of_a_flight(of: Reasons, late: bool | None, lines: list[str]) -> None:
    said = explained(of, destination="LAX", late=late, threshold=0.26, smallest=0.005).splitlines()
    assert [line for line in lines if line not in said] == []


def test_a_waterfall_in_words() -> None:
    assert waterfall_words(reasons(*SOME), 0.005) == (
        f"From 25.0 %, which is usual, to 30.9 % for {FLIGHT}, in percentage points: topic 0 +8.0, topic 1 -3.2, "
        "topic 2 +0.6, 2 others, rounding +0.5."
    )


def test_other_departures_as_text() -> None:
    lines = [" ".join(line.split()) for line in what_if_text(answer(99, 100, 5_000)).splitlines()]
    for line in (
        "UA 17 from EWR to LAX, Friday 1 November 2013, 17:05: what the model says at other times of departure",
        "00:00 10.0 % ███ ? 99 flights from EWR",
        "00:30 20.0 % ██████ its own time",
        "01:00 30.0 % ██████████ called late, none to LAX",
        "At its own time, 00:30, it is 20.0 %. Where there are enough training flights, it is lowest at 00:30 (20.0 %) "
        "and highest at 01:00 (30.0 %).",
        "? marks times with fewer than 100 training flights from EWR in the half hour: the model guesses there.",
    ):
        assert line in lines
    assert what_if_words(answer(1, 2)) == (
        "At its own time, 00:30, it is 20.0 %. No time of departure from EWR has enough training flights to go by."
    )


def test_footnotes_say_what_late_and_usual_are() -> None:
    said = footnotes(REFERENCE, 15)
    for words in (
        "A flight is late when it arrives 15 minutes after schedule, or more.",
        "(base rate, the late share of these: 25.0 %)",
        '"Usually" is said of the flights of 2013-01 … 2013-02,',
    ):
        assert words in said
