"""plots.explanation: the same PNG every time, whatever the state of random numbers, with missing values and categories."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib import pyplot as plt

from flight_delay.explain.explanation import Explanation
from flight_delay.plots import explanation as plots

ROWS = 90
RANDOM = np.random.default_rng(0)
FEATURES = {
    "carrier": np.array([None if row % 9 == 0 else "ABCD"[row % 4] for row in range(ROWS)], object),
    "destination": np.array([f"D{row % 20:02d}" for row in range(ROWS)], object),  # more than are drawn
    "block_minutes": np.where(np.arange(ROWS) % 7 == 0, np.nan, RANDOM.normal(size=ROWS)).astype(np.float32),
    "distance_miles": RANDOM.normal(size=ROWS).astype(np.float32),
}
EXPLANATION = Explanation(
    flight_id=np.arange(ROWS).astype(str).astype(object),
    late=np.arange(ROWS) % 3 == 0,
    probability=RANDOM.random(ROWS),
    expected=np.full(ROWS, -1.2, np.float32),
    features=FEATURES,
    shap={name: RANDOM.normal(size=ROWS).astype(np.float32) for name in FEATURES},
)
IMPORTANCE = [
    {"feature": name, "mean_abs_shap": 0.1 * place, "total_gain": 10.0 * place}
    for place, name in reversed(list(enumerate(FEATURES)))
]

DRAWN: dict[str, Callable[[], bytes]] = {
    "beeswarm": lambda: plots.beeswarm(EXPLANATION),
    "bar": lambda: plots.bar(EXPLANATION),
    "importances": lambda: plots.importances(IMPORTANCE),
    **{f"dependence_{name}": lambda name=name: plots.dependence_of(EXPLANATION, name) for name in FEATURES},
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(draw: Callable[[], bytes]) -> None:
    before = plt.get_fignums()
    first = draw()
    np.random.random(7)  # noqa: NPY002 (shap draws from this state)
    assert first.startswith(b"\x89PNG\r\n")
    assert draw() == first
    assert plt.get_fignums() == before


def test_dependence_is_drawn_of_the_most_important_features() -> None:
    drawn = plots.draw_all(EXPLANATION, IMPORTANCE, dependence=2)
    assert list(drawn) == ["beeswarm", "bar", "importances", "dependence_distance_miles", "dependence_block_minutes"]
    assert drawn == {name: DRAWN[name]() for name in drawn}


def test_an_effect_that_nobody_has_is_drawn_too() -> None:
    none = [{**row, "mean_abs_shap": 0.0, "total_gain": 0.0} for row in IMPORTANCE]
    assert plots.importances(none).startswith(b"\x89PNG\r\n")
