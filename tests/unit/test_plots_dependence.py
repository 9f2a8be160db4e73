"""plots.dependence: the same PNG every time, with missing values, categories and partners of every kind; and its words."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from flight_delay.explain.explanation import Explanation
from flight_delay.plots import dependence as plots
from flight_delay.plots.dependence_words import dependence_words
from flight_delay.plots.naming import Naming, signed

ROWS = 400
RANDOM = np.random.default_rng(0)
FEATURES = {
    "carrier": np.array([None if row % 9 == 0 else "ABCDE"[row % 5] for row in range(ROWS)], object),
    "origin": np.array(["EWR", "JFK"], object)[np.arange(ROWS) // 2 % 2],
    "destination": np.array([f"D{row % 20:02d}" for row in range(ROWS)], object),  # more than are drawn
    "departure_minutes": (np.arange(ROWS) * 7 % 1440).astype(np.float32),
    "block_minutes": np.where(np.arange(ROWS) % 7 == 0, np.nan, RANDOM.normal(size=ROWS)).astype(np.float32),
    "constant": np.full(ROWS, 3.0),
    "unknown": np.full(ROWS, np.nan),
}
RISING = (FEATURES["departure_minutes"] / 1440 - 0.5).astype(np.float32)
EXPLANATION = Explanation(
    flight_id=np.arange(ROWS).astype(str).astype(object),
    flight_date=np.datetime64("2013-11-01") + np.arange(ROWS) % 10,
    late=np.arange(ROWS) % 3 == 0,
    probability=RANDOM.random(ROWS),
    expected=np.full(ROWS, -1.2, np.float32),
    features=FEATURES,
    shap={name: RISING + np.where(FEATURES["origin"] == "JFK", RISING, 0) for name in FEATURES}
    | {"constant": np.zeros(ROWS)},
)
NAMING = Naming(
    {"departure_minutes": "departure"}, {"departure_minutes": "minutes after midnight", "block_minutes": "minutes"}
)
PARTNERS = {
    "carrier": "departure_minutes", "origin": "block_minutes", "destination": None, "departure_minutes": "origin",
    "block_minutes": "carrier", "constant": "unknown", "unknown": "constant",
}  # fmt: skip


def draw(name: str, partner: str | None, naming: Naming = NAMING, points: float = 1.9) -> bytes:
    return plots.dependence(EXPLANATION, name, partner, naming, points)


@pytest.mark.parametrize(("name", "partner"), PARTNERS.items())
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(
    name: str, partner: str | None, draw_twice: Callable[[Callable[[], bytes]], None]
) -> None:
    def drawn() -> bytes:
        np.random.random(7)  # noqa: NPY002 (nothing may come from this state)
        return draw(name, partner)

    draw_twice(drawn)


def test_partner_names_units_and_scale_are_in_the_picture() -> None:
    drawn = draw("departure_minutes", "origin")
    assert draw("departure_minutes", "carrier") != drawn
    assert draw("departure_minutes", None) != drawn
    assert draw("departure_minutes", "origin", Naming({}, NAMING.units)) != drawn
    assert draw("departure_minutes", "origin", Naming(NAMING.labels)) != drawn
    assert draw("departure_minutes", "origin", points=2.5) != drawn


def test_so_many_flights_that_points_are_left_out_are_small_enough_for_a_page() -> None:
    many = EXPLANATION.take(RANDOM.integers(0, ROWS, 20_000))
    jittered = many.shap["departure_minutes"] + RANDOM.normal(0, 0.05, 20_000)
    many.shap["departure_minutes"] = jittered
    assert len(plots.dependence(many, "departure_minutes", "block_minutes", NAMING, 1.9)) < 150_000


def test_colours_are_those_of_the_partner_and_grey_is_for_the_others() -> None:
    colours = plots._colours(EXPLANATION, "carrier")
    every = {category: {tuple(of) for of in colours[FEATURES["carrier"] == category].tolist()} for category in "ABCDE"}
    assert all(len(of) == 1 for of in every.values())
    assert len(set.union(*every.values())) == 5
    assert tuple(colours[0]) == plots.to_rgba(plots.FILL)
    of_numbers = plots._colours(EXPLANATION, "block_minutes")
    assert [tuple(of) == plots.to_rgba(plots.FILL) for of in of_numbers[:8]] == [row % 7 == 0 for row in range(8)]


def test_the_words_say_where_which_way_and_what_the_colour_adds() -> None:
    # 20 flights of either origin at 07:05, where both are alike, and at 19:00, where they are not.
    late = np.arange(80) >= 40
    origin = np.array(["EWR", "JFK"], object)[np.arange(80) % 2]
    few = EXPLANATION.take(np.arange(80))
    few.features.update(departure_minutes=np.where(late, 1140.0, 425.0), origin=origin)
    few.shap["departure_minutes"] = np.where(late, np.where(origin == "JFK", 0.3, 0.1), -0.2)
    shown = re.compile(r"\d\d:\d\d|[−+]\d\.\d{3}|EWR|JFK")
    assert shown.findall(dependence_words(few, "departure_minutes", "origin", NAMING)) == [
        "07:05", "−0.200", "19:00", "+0.200", "19:00", "+0.300", "JFK", "+0.100", "EWR",
    ]  # fmt: skip
    few.shap["origin"] = -few.shap["departure_minutes"]
    assert shown.findall(dependence_words(few, "origin", "departure_minutes", NAMING)) == [
        "JFK", "−0.050", "EWR", "+0.050", "JFK", "+0.200", "−0.300",
    ]  # fmt: skip


def test_missing_values_and_features_without_any_effect_are_put_into_words() -> None:
    said = dependence_words(EXPLANATION, "block_minutes", None, NAMING)
    assert re.findall(r"[\d.]+%", said) == ["14.5%"]
    said = dependence_words(EXPLANATION, "constant", "origin", NAMING)
    assert re.findall(r"\d[\d.]*", said) == ["400"]
    assert "constant" in said
    assert dependence_words(EXPLANATION, "unknown", None, NAMING).startswith("100.0% ")


def test_values_are_written_as_people_write_them() -> None:
    naming = Naming({}, {"rate": "share", "of": "flights", "at": "minutes after midnight", "none": None})
    assert [naming.value("rate", -0.125), naming.value("of", 1200.0), naming.value("at", 425), naming.value("none", 2.0)] == [
        "−12.5 %", "1,200 flights", "07:05", "2",
    ]  # fmt: skip
    assert naming.axis("at") == "at (hour:minute)"
    assert naming.axis("rate") == "rate (%)"
    assert naming.axis("late_rate") == "late rate"
    assert naming.value("rate", "UA-1") == "UA-1"
    assert [signed(of) for of in (-0.25, 0.1, -0.0004)] == ["−0.250", "+0.100", "0.000"]
