"""report.plots of the stage interpret: a plot from every kind of column, and texts with numbers and names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from explanations import explanation_of
from plots import check_plot

from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.interactions import InteractionPair, Interactions
from flight_delay.explain.global_.measures import Measures
from flight_delay.explain.global_.stability import rank_effects
from flight_delay.report.plots import dependence as plots
from flight_delay.report.plots import importance
from flight_delay.report.plots.plot import Plot

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
EXPLANATION = explanation_of(dict.fromkeys(FEATURES, FEATURES["departure_minutes"] / 1440 - 0.5), FEATURES)
LABELS = {name: name.replace("_", " ") for name in FEATURES} | {"departure_minutes": "departure"}
UNITS = {"departure_minutes": "minutes after midnight", "block_minutes": "minutes", "rate": "share"}
PARTNERS = {
    "carrier": "departure_minutes", "destination": None, "departure_minutes": "carrier", "block_minutes": "destination",
    "rate": "block_minutes", "constant": "unknown", "unknown": "constant",
}  # fmt: skip
NAMES = LABELS | {"a": "time of day", "b": "busy day", "c": "airline", "history": "the days before"}

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
INTERACTIONS = Interactions((InteractionPair("topic", "a", "b", 0.4, 0.3, 0.5),), {"feature": 0.0, "topic": 0.25}, 10)
RANKS = rank_effects({"11": {"topic": {"a": 3.0, "b": 2.0}}, "12": {"topic": {"a": 3.0, "b": 1.0}}}, "month")
MANY = rank_effects({"1": {"topic": {f"t{place}": 1.0 + place for place in range(15)}}}, "seed")

PLOTS: dict[str, Callable[[], Plot]] = {
    "beeswarm": lambda: plots.plot_beeswarm(EXPLANATION, LABELS),
    "importance": lambda: importance.plot_importance(IMPORTANCES, GROUPS, NAMES),
    "importance, none": lambda: importance.plot_importance(IMPORTANCES[2:3], GROUPS, NAMES),
    "measures": lambda: importance.plot_importance_measures(MEASURES, NAMES),
    "measures, none": lambda: importance.plot_importance_measures([], {}),
    "interactions": lambda: importance.plot_interactions(INTERACTIONS, NAMES),
    "interactions, none": lambda: importance.plot_interactions(Interactions((), {"topic": 0.0}, 10), {}),
    "stability": lambda: importance.plot_rank_stability(RANKS, NAMES),
    "stability, many": lambda: importance.plot_rank_stability(MANY, {f"t{place}": "x" for place in range(15)}),
    "stability, none": lambda: importance.plot_rank_stability([], {}),
}


drawn = cache(lambda name: PLOTS[name]())


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_deterministic_and_names_its_place(name: str) -> None:
    assert check_plot(PLOTS[name], drawn(name)).name == name.partition(",")[0]


@pytest.mark.parametrize(("name", "partner"), PARTNERS.items())
def test_dependence_is_drawn_for_every_kind_of_column(name: str, partner: str | None) -> None:
    plot = check_plot(lambda: plots.plot_dependence(EXPLANATION, name, partner, LABELS, UNITS))
    assert plot.name == f"dependence_{name}"
    assert plot.text == plots.describe_dependence(EXPLANATION, name, partner, LABELS, UNITS)


def test_partner_labels_and_units_are_in_the_plot() -> None:
    def plot(partner: str | None = "carrier", labels: dict = LABELS, units: dict = UNITS) -> bytes:
        return plots.plot_dependence(EXPLANATION, "departure_minutes", partner, labels, units).content

    other_labels = LABELS | {"departure_minutes": "other"}
    assert len({plot(), plot(None), plot("rate"), plot(labels=other_labels), plot(units={})}) == 5


def test_many_rows_make_a_small_plot() -> None:
    many = EXPLANATION.take(RANDOM.integers(0, ROWS, 20_000))
    many.shap["departure_minutes"] = many.shap["departure_minutes"] + RANDOM.normal(0, 0.05, 20_000)
    plot = plots.plot_dependence(many, "departure_minutes", "block_minutes", LABELS, UNITS)
    assert len(plot.content) < 150_000


def test_the_text_of_dependence_has_ends_direction_and_missing_values() -> None:
    def numbers(name: str) -> list[str]:
        text = plots.describe_dependence(EXPLANATION, name, None, LABELS, UNITS)
        return re.findall(r"\d\d:\d\d|[+-]?\d+\.\d+|\d+ %", text)

    first, low, last, high, correlation = numbers("departure_minutes")
    assert first < "01:30"
    assert last > "22:30"
    assert (low[0], high[0], correlation) == ("-", "+", "+1.00")
    assert numbers("block_minutes")[-1] == "14 %"
    assert numbers("unknown") == ["+0.00", "100 %"]


@pytest.mark.parametrize(
    ("name", "parts"),
    {
        "importance": ["the days before 0.30 (0.27 to 0.36)", "rate 0.20 (0.18 to 0.24), carrier 0.10"],
        "measures": ["SHAP: rate", "permutation: carrier", "gain: rate"],
        "interactions": ["time of day and busy day 0.400 (0.300 to 0.500)"],
        "stability": ["between months is 1.00", "from 1 to 1", "no seeds"],
    }.items(),
)
def test_texts_have_names_and_numbers(name: str, parts: list[str]) -> None:
    text: Any = drawn(name).text
    assert [part for part in parts if part not in text] == []
