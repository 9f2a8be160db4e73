"""report.plots.flight and explain.local.waterfall: steps add up as they are printed, and pictures are the same every time."""

from __future__ import annotations

import re
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given
from matplotlib import pyplot as plt

from flight_delay.explain.local.reasons import Contribution, Reasons
from flight_delay.explain.local.text import explained, waterfall_words, what_if_text, what_if_words
from flight_delay.explain.local.waterfall import Step, waterfall_of
from flight_delay.explain.local.what_if import Departure, WhatIf
from flight_delay.report.plots import flight as plots

FLIGHT = "2013-11-01-UA-17-EWR-1705"


def reasons(*moves: float, base: float = 0.25) -> Reasons:
    parts = tuple(
        Contribution(f"t{at}", f"topic {at}", 5 * move, move)
        for at, move in enumerate(sorted(moves, key=abs, reverse=True))
    )
    return Reasons(FLIGHT, base + sum(moves), base, -1.1, True, parts, ())


def answer(*origin_flights: int, own: int = 1) -> WhatIf:
    points = tuple(
        Departure(30 * at, 0.1 + 0.1 * at, at >= 2, flights, at % 2) for at, flights in enumerate(origin_flights)
    )
    return WhatIf(FLIGHT, "EWR", "LAX", 0.25, points[own], points)


SOME = reasons(0.0804, -0.0316, 0.0061, 0.0049, -0.0012)


def test_large_contributions_are_steps_and_the_others_come_together() -> None:
    fall = waterfall_of(SOME, 0.005)
    assert (fall.base, fall.probability) == (250, 309)
    assert fall.steps == (
        Step("topic 0", 250, 80), Step("topic 1", 330, -32), Step("topic 2", 298, 6), Step("2 others, rounding", 304, 5),
    )  # fmt: skip


def test_of_many_contributions_the_largest_are_steps() -> None:
    fall = waterfall_of(reasons(0.03, -0.02, 0.01), 0.005, most=1)
    assert [step.label for step in fall.steps] == ["topic 0", "2 others, rounding"]
    assert [step.label for step in waterfall_of(reasons(0.03, -0.02), 0.005, most=1).steps][-1] == "1 other, rounding"


def test_what_is_lost_by_rounding_is_called_so_and_nothing_is_no_step() -> None:
    assert waterfall_of(reasons(0.0204, 0.0204, 0.0204), 0.005).steps[-1] == Step("rounding", 310, 1)
    assert waterfall_of(reasons(0.02, 0.0), 0.005).steps == (Step("topic 0", 250, 20),)
    assert waterfall_of(reasons(0.0), 0.005).steps == ()


@given(st.lists(st.floats(-0.02, 0.05), max_size=12))
def test_steps_follow_one_another_from_the_base_to_the_probability(moves: list[float]) -> None:
    of = reasons(*moves)
    fall = waterfall_of(of, 0.005)
    place = fall.base
    for step in fall.steps:
        assert step.start == place
        place += step.change
    assert place == fall.probability == round(1000 * of.probability)
    text = explained(of, destination="LAX", late=None, threshold=0.26, smallest=0.005)
    assert f"{of.probability:.1%}".replace("%", " %") in text


def test_the_text_of_a_flight_says_what_the_picture_shows() -> None:
    lines = explained(SOME, destination="LAX", late=True, threshold=0.26, smallest=0.005).splitlines()
    assert lines[1] == FLIGHT
    for shown in ("UA 17 ", " EWR ", " LAX", "17:05"):
        assert shown in lines[0]
    assert re.findall(r"[\d.]+ %", lines[2]) == ["30.9 %", "26.0 %"]
    assert lines[5].split() == ["usual", "25.0", "%", "│"]
    assert lines[6].split() == ["topic", "0", "+8.0", "33.0", "%", "█" * 32]
    assert lines[7].split()[:4] == ["topic", "1", "-3.2", "29.8"]
    assert set(lines[7].split()[-1]) == {"░"}
    said = waterfall_words(SOME, 0.005)
    assert FLIGHT in said
    assert re.findall(r"[\d.]+ %", said) == ["25.0 %", "30.9 %"]
    assert re.findall(r"(\d|rounding) ([-+]\d\.\d)", said) == [
        ("0", "+8.0"), ("1", "-3.2"), ("2", "+0.6"), ("rounding", "+0.5"),
    ]  # fmt: skip


def test_the_text_of_other_departures_marks_what_is_not_known() -> None:
    lines = what_if_text(answer(99, 100, 5_000, own=1)).splitlines()
    assert lines[2].split()[:6] == ["00:00", "10.0", "%", "███", "?", "99"]
    assert lines[3].split()[:4] == ["00:30", "20.0", "%", "█" * 6]
    assert len(lines[3].split()) > 4
    assert lines[4].endswith(" LAX")
    numbers = re.compile(r"\d\d:\d\d|[\d.]+ %")
    assert numbers.findall(lines[6]) == ["00:30", "20.0 %", "00:30", "20.0 %", "01:00", "30.0 %"]
    assert numbers.findall(what_if_words(answer(1, 2))) == ["00:30", "20.0 %"]


DRAWN: dict[str, Callable[[], bytes]] = {
    "some": lambda: plots.waterfall(SOME),
    "nothing": lambda: plots.waterfall(reasons(0.0)),
    "svg": lambda: plots.waterfall(SOME, format_="svg"),
    "what if": lambda: plots.what_if(answer(99, 100, 3, 2, 500)),
    "what if, known": lambda: plots.what_if(answer(100, 100)),
    "what if svg": lambda: plots.what_if(answer(99, 100), format_="svg"),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(draw: Callable[[], bytes]) -> None:
    before = plt.get_fignums()
    first = draw()
    assert first.startswith((b"\x89PNG\r\n", b"<?xml"))
    assert draw() == first
    assert plt.get_fignums() == before


def test_other_values_make_another_picture() -> None:
    assert len({draw() for draw in DRAWN.values()}) == len(DRAWN)
    assert plots.what_if(answer(99, 100)) != plots.what_if(answer(100, 100))


def test_half_hours_without_training_flights_are_joined_where_they_touch() -> None:
    assert plots._unknown(answer(99, 100, 3, 2, 500)) == [(0, 30), (60, 120)]
    assert plots._unknown(answer(1, 2, 3)) == [(0, 90)]
    own = answer(1, 500, own=1)
    between = own._replace(points=(own.points[0], Departure(25, 0.1, False, 1, 0), own.points[1]))
    assert plots._unknown(between) == [(0, 30)]
