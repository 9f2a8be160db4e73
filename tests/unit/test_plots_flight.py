"""Waterfall and what-if of one flight, as steps, text and plot."""

from __future__ import annotations

import re
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from flight_answers import FLIGHT, reasons, what_if
from hypothesis import given
from plots import check_plot

from flight_delay.explain.local.text import describe_waterfall, describe_what_if, format_flight, format_what_if
from flight_delay.explain.local.waterfall import WaterfallStep, waterfall_of
from flight_delay.explain.local.what_if import Departure
from flight_delay.report.plots import flight as plots

SOME = reasons(0.0804, -0.0316, 0.0061, 0.0049, -0.0012)


def test_large_contributions_are_steps_and_the_others_are_one_step() -> None:
    fall = waterfall_of(SOME, 0.005)
    assert (fall.base, fall.probability) == (250, 309)
    assert fall.steps == (
        WaterfallStep("topic 0", 250, 80), WaterfallStep("topic 1", 330, -32), WaterfallStep("topic 2", 298, 6),
        WaterfallStep("2 others, rounding", 304, 5),
    )  # fmt: skip
    assert [step.label for step in waterfall_of(reasons(0.03, -0.02), 0.005, max_steps=1).steps] == [
        "topic 0",
        "1 other, rounding",
    ]


def test_rounding_is_a_step_and_nothing_is_none() -> None:
    assert waterfall_of(reasons(0.0204, 0.0204, 0.0204), 0.005).steps[-1] == WaterfallStep("rounding", 310, 1)
    assert waterfall_of(reasons(0.02, 0.0), 0.005).steps == (WaterfallStep("topic 0", 250, 20),)
    assert waterfall_of(reasons(0.0), 0.005).steps == ()


@given(st.lists(st.floats(-0.02, 0.05), max_size=12))
def test_steps_lead_from_the_base_to_the_probability(moves: list[float]) -> None:
    flight = reasons(*moves)
    fall = waterfall_of(flight, 0.005)
    place = fall.base
    for step in fall.steps:
        assert step.start == place
        place += step.change
    assert place == fall.probability == round(1000 * flight.probability)
    text = format_flight(flight, destination="LAX", late=None, threshold=0.26, smallest=0.005)
    assert f"{flight.probability:.1%}".replace("%", " %") in text


def test_the_text_of_a_flight_has_the_numbers_of_the_plot() -> None:
    lines = format_flight(SOME, destination="LAX", late=True, threshold=0.26, smallest=0.005).splitlines()
    assert lines[1] == FLIGHT
    assert re.findall(r"[\d.]+ %", lines[2]) == ["30.9 %", "26.0 %"]
    assert lines[5].split() == ["usual", "25.0", "%", "│"]
    assert lines[6].split() == ["topic", "0", "+8.0", "33.0", "%", "█" * 32]
    assert lines[7].split()[:4] == ["topic", "1", "-3.2", "29.8"]
    assert set(lines[7].split()[-1]) == {"░"}
    text = describe_waterfall(SOME, 0.005)
    assert re.findall(r"[\d.]+ %", text) == ["25.0 %", "30.9 %"]
    assert re.findall(r"[-+]\d\.\d", text) == ["+8.0", "-3.2", "+0.6", "+0.5"]


def test_the_text_of_other_departures_marks_unreliable_ones() -> None:
    lines = format_what_if(what_if(99, 100, 5_000)).splitlines()
    assert lines[2].split()[:6] == ["00:00", "10.0", "%", "███", "?", "99"]
    assert lines[3].split()[:4] == ["00:30", "20.0", "%", "█" * 6]
    assert lines[4].endswith(" LAX")
    numbers = re.compile(r"\d\d:\d\d|[\d.]+ %")
    assert numbers.findall(lines[6]) == ["20.0 %", "00:30", "20.0 %", "00:30", "30.0 %", "01:00"]
    assert numbers.findall(describe_what_if(what_if(1, 2))) == ["20.0 %", "00:30"]


IMAGES: dict[str, Callable[[], bytes]] = {
    "waterfall.svg": lambda: plots.plot_waterfall(SOME, image_format="svg").content,
    "unreliable.png": lambda: plots.plot_what_if(what_if(99, 100, 3, 2, 500)),
    "reliable.png": lambda: plots.plot_what_if(what_if(100, 100)),
    "unreliable.svg": lambda: plots.plot_what_if(what_if(99, 100), "svg"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_deterministic_and_has_its_format(name: str) -> None:
    first = IMAGES[name]()
    assert first.startswith(b"\x89PNG\r\n" if name.endswith("png") else b"<?xml")
    assert IMAGES[name]() == first


@pytest.mark.parametrize("flight", [SOME, reasons(0.0)])
def test_a_waterfall_is_a_plot_of_the_report(flight) -> None:
    plot = check_plot(lambda: plots.plot_waterfall(flight, name="waterfall_miss"))
    assert (plot.name, plot.text) == ("waterfall_miss", describe_waterfall(flight))
    assert f"{100 * flight.probability:.1f} %" in plot.title


def test_unsupported_half_hours_are_joined_where_they_touch() -> None:
    assert plots.unsupported_spans(what_if(99, 100, 3, 2, 500).points) == [(0, 30), (60, 120)]
    assert plots.unsupported_spans(what_if(1, 2, 3).points) == [(0, 90)]
    first, last = what_if(1, 500).points
    assert plots.unsupported_spans([first, Departure(25, 0.1, False, 1, 0), last]) == [(0, 30)]
