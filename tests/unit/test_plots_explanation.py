"""plots.explanation: every picture has words, and the one of the shap package is the same every time, with missing values and categories."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt

from flight_delay.explain.explanation import Explanation
from flight_delay.plots.explanation import beeswarm
from flight_delay.plots.naming import Naming

ROWS = 90
RANDOM = np.random.default_rng(0)
FEATURES = {
    "carrier": np.array([None if row % 9 == 0 else "ABCD"[row % 4] for row in range(ROWS)], object),
    "block_minutes": np.where(np.arange(ROWS) % 7 == 0, np.nan, RANDOM.normal(size=ROWS)).astype(np.float32),
    "distance_miles": RANDOM.normal(size=ROWS).astype(np.float32),
}
EXPLANATION = Explanation(
    flight_id=np.arange(ROWS).astype(str).astype(object),
    flight_date=np.datetime64("2013-11-01") + np.arange(ROWS) % 10,
    late=np.arange(ROWS) % 3 == 0,
    probability=RANDOM.random(ROWS),
    expected=np.full(ROWS, -1.2, np.float32),
    features=FEATURES,
    shap={name: RANDOM.normal(size=ROWS).astype(np.float32) for name in FEATURES},
)


def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed() -> None:
    before = plt.get_fignums()
    first = beeswarm(EXPLANATION, Naming())
    np.random.random(7)  # noqa: NPY002 (shap draws from this state)
    assert first.startswith(b"\x89PNG\r\n")
    assert beeswarm(EXPLANATION, Naming()) == first
    assert plt.get_fignums() == before


def test_features_are_called_by_their_words() -> None:
    assert beeswarm(EXPLANATION, Naming({"carrier": "airline"})) != beeswarm(EXPLANATION, Naming())
