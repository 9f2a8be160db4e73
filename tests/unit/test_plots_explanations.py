"""Pictures of explanations: the same PNG every time, from every kind of column, and texts with the numbers and names."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from flight_delay.report.plots.interactions import interactions
from flight_delay.report.plots.stability import stability

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.interactions import Interactions, Pair
from flight_delay.explain.global_.measures import Measures
from flight_delay.explain.global_.stability import rank_effects
from flight_delay.report.plots import dependence as plots
from flight_delay.report.plots.importance import by_level, measures

ROWS = 400
RANDOM = np.random.default_rng(0)
FEATURES = {
    "carrier": np.array([None if row % 9 == 0 else "ABCDE"[row % 5] for row in range(ROWS)], object),
    "destination": np.array([f"D{row % 20:02d}" for row in range(ROWS)], object),  # more than are drawn
    "departure_minutes": (np.arange(ROWS) * 7 % 1440).astype(np.float32),
    "block_minutes": np.where(np.arange(ROWS) % 7 == 0, np.nan, RANDOM.normal(size=ROWS)).astype(np.float32),
    "rate": RANDOM.random(ROWS),
    "constant": np.full(ROWS, 3.0),
    "unknown": np.full(ROWS, np.nan),
}
EXPLANATION = Explanation(
    flight_id=np.arange(ROWS).astype(str).astype(object),
    flight_date=np.datetime64("2013-11-01") + np.arange(ROWS) % 10,
    late=np.arange(ROWS) % 3 == 0,
    probability=RANDOM.random(ROWS),
    expected=np.full(ROWS, -1.2, np.float32),
    features=FEATURES,
    shap={name: (FEATURES["departure_minutes"] / 1440 - 0.5).astype(np.float32) for name in FEATURES},
)
LABELS = {name: name.replace("_", " ") for name in FEATURES} | {"departure_minutes": "departure"}
UNITS = {"departure_minutes": "minutes after midnight", "block_minutes": "minutes", "rate": "share"}
PARTNERS = {
    "carrier": "departure_minutes", "destination": None, "departure_minutes": "carrier", "block_minutes": "destination",
    "rate": "block_minutes", "constant": "unknown", "unknown": "constant",
}  # fmt: skip

IMPORTANCES = [
    Importance("feature", "rate", 0.2, 0.18, 0.24, 0.6),
    Importance("feature", "carrier", 0.1, 0.09, 0.12, 0.4),
    Importance("feature", "constant", 0.0, 0.0, 0.0, 0.0),
    Importance("group", "history", 0.3, 0.27, 0.36, 1.0),
]
GROUPS = {"rate": "history", "carrier": "schedule", "constant": "schedule"}
MEASURES = [
    Measures("rate", "t", 1, 2, 1, 0.2, -0.01, -0.02, 0.01, 0.03, 900.0),
    Measures("carrier", "t", 2, 1, 2, 0.1, 0.02, 0.01, 0.03, 0.03, 100.0),
]
NO_PAIRS = Interactions((), {"feature": 0.0, "topic": 0.0}, 10)
INTERACTIONS = Interactions((Pair("topic", "a", "b", 0.4, 0.3, 0.5),), {"feature": 0.0, "topic": 0.25}, 10)
MONTHS = {"11": {"topic": {"a": 3.0, "b": 2.0, "c": 1.0}}, "12": {"topic": {"a": 3.0, "b": 1.0, "c": 2.0}}}
RANKS = rank_effects(MONTHS, "month")
TOPICS = {"a": "time of day", "b": "busy day", "c": "airline"}
NAMES = LABELS | TOPICS | {"history": "the days before"}
MANY = rank_effects({"1": {"topic": {f"t{place}": 1.0 + place for place in range(15)}}}, "seed")

DRAWN: dict[str, Callable[[], bytes]] = {
    "beeswarm": lambda: plots.beeswarm(EXPLANATION, LABELS),
    "by_level": lambda: by_level(IMPORTANCES, GROUPS, NAMES),
    "by_level of nothing": lambda: by_level(IMPORTANCES[2:3], GROUPS, NAMES),
    "measures": lambda: measures(MEASURES, NAMES),
    "measures of nothing": lambda: measures([], {}),
    "interactions": lambda: interactions(INTERACTIONS, TOPICS),
    "no interactions": lambda: interactions(NO_PAIRS, {}),
    "stability": lambda: stability(RANKS, TOPICS),
    "stability of many": lambda: stability(MANY, {f"t{place}": "x" for place in range(15)}),
    "stability of nothing": lambda: stability([], {}),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(draw: Callable[[], bytes], draw_twice) -> None:
    draw_twice(draw)


@pytest.mark.parametrize(("name", "partner"), PARTNERS.items())
def test_dependence_is_drawn_for_every_kind_of_column(name: str, partner: str | None, draw_twice) -> None:
    draw_twice(lambda: plots.dependence(EXPLANATION, name, partner, LABELS, UNITS))


def test_partner_labels_and_units_are_in_the_picture() -> None:
    def draw(partner: str | None = "carrier", labels: dict = LABELS, units: dict = UNITS) -> bytes:
        return plots.dependence(EXPLANATION, "departure_minutes", partner, labels, units)

    other_labels = LABELS | {"departure_minutes": "other"}
    assert len({draw(), draw(None), draw("rate"), draw(labels=other_labels), draw(units={})}) == 5


def test_many_flights_are_drawn_small_enough_for_a_page() -> None:
    many = EXPLANATION.take(RANDOM.integers(0, ROWS, 20_000))
    many.shap["departure_minutes"] = many.shap["departure_minutes"] + RANDOM.normal(0, 0.05, 20_000)
    assert len(plots.dependence(many, "departure_minutes", "block_minutes", LABELS, UNITS)) < 150_000


def test_the_text_of_dependence_has_ends_direction_and_missing_values() -> None:
    def numbers(name: str) -> list[str]:
        text = plots.dependence_text(EXPLANATION, name, None, LABELS, UNITS)
        return re.findall(r"\d\d:\d\d|[+-]?\d+\.\d+|\d+ %", text)

    first, low, last, high, correlation = numbers("departure_minutes")
    assert first < "01:30"
    assert last > "22:30"
    assert (low[0], high[0], correlation) == ("-", "+", "+1.00")
    assert numbers("block_minutes")[-1] == "14 %"
    assert numbers("unknown") == ["+0.00", "100 %"]
    assert "coloured by departure" in plots.dependence_text(EXPLANATION, "rate", "departure_minutes", LABELS, UNITS)
