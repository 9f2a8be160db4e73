"""The benchmark of online learning: no prediction depends on what became known later."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/online_learning.py"
SPEC = importlib.util.spec_from_file_location("online_learning", SCRIPT)
online = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(online)

ROWS = 12
FEATURES = [f"|c carrier={'ABC'[row % 3]} origin={'XY'[row % 2]} |h hour={row % 5}" for row in range(ROWS)]
HOURS = st.lists(st.integers(0, 60), min_size=ROWS, max_size=ROWS)
LABELS = st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=ROWS, max_size=ROWS)


def predict(late: list[float], predicted: list[int], waited: list[int]) -> np.ndarray:
    """Predict at hours, with outcomes known some hours later."""
    predicted_at = np.array(predicted)
    known_at = predicted_at + 24 + np.array(waited)
    return online.validate_progressively(FEATURES, np.array(late), predicted_at, known_at)


@given(late=LABELS, other=LABELS, predicted=HOURS, waited=HOURS, moment=st.integers(0, 150))
def test_later_labels_change_no_prediction(late, other, predicted, waited, moment) -> None:
    known_at = np.array(predicted) + 24 + np.array(waited)
    altered = np.where(known_at >= moment, other, late)
    before = np.array(predicted) <= moment
    expected = predict(late, predicted, waited)
    assert predict(altered, predicted, waited)[before].tolist() == expected[before].tolist()


def test_labels_that_were_known_change_predictions() -> None:
    predicted, waited = [*range(11), 60], [0] * ROWS
    late, early = predict([1.0] * ROWS, predicted, waited), predict([0.0] * ROWS, predicted, waited)
    assert late[:11].tolist() == early[:11].tolist() == [0.5] * 11  # nothing was known
    assert late[-1] > 0.5 > early[-1]


def test_flights_that_did_not_arrive_are_predicted_and_not_learnt() -> None:
    predicted, waited = [*range(11), 60], [0] * ROWS
    assert predict([np.nan] * ROWS, predicted, waited).tolist() == [0.5] * ROWS


@pytest.mark.parametrize(("moment", "weekday", "hour"), [(0, 1, 0), (59, 1, 0), (60, 1, 1), (1439, 1, 23)])
def test_features_are_the_schedule(moment, weekday, hour) -> None:
    columns = {
        "carrier": np.array(["US"], object), "origin": np.array(["EWR"], object),
        "destination": np.array(["CLT"], object), "scheduled_departure_minutes": np.array([moment], np.float32),
        "flight_date": np.array(["2013-01-01"], "datetime64[D]"),
    }  # fmt: skip
    (line,) = online.describe(columns)
    assert line.split()[:4] == ["|c", "carrier=US", "origin=EWR", "destination=CLT"]
    assert line.split()[4:] == [f"weekday={weekday}", "|h", f"hour={hour}"]
