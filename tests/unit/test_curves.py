"""evaluation.curves: what is drawn is what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from flight_delay.evaluation.curves import (
    POINTS,
    Curve,
    calibration_curve,
    confusion_rows,
    precision_recall_curve,
    roc_curve,
)

Flights = tuple[np.ndarray, np.ndarray]


def flights(rows: int, separation: float, levels: int | None = None) -> Flights:
    """Outcomes and probabilities that tell them apart more or less well, on a few levels or on many."""
    random = np.random.default_rng(rows)
    late = np.arange(rows) % 4 == 0
    probability = 1 / (1 + np.exp(-random.normal(separation * late, 1)))
    return late, (np.round(probability * levels) / levels if levels else probability).astype(np.float32)


CASES = {
    "many flights": flights(20_000, 1),
    "few flights": flights(12, 1),
    "many ties": flights(2_000, 1, levels=5),
    "pure chance": flights(5_000, 0),
    "nearly perfect": flights(5_000, 4),
    "perfect": flights(200, 1000),
    "one probability for all": (np.arange(100) % 4 == 0, np.full(100, 0.25, np.float32)),
}
every_case = pytest.mark.parametrize(("late", "probability"), CASES.values(), ids=CASES)


def column(curve: Curve, name: str) -> np.ndarray:
    return np.array([row[curve.header.index(name)] for row in curve.rows])


def thinned(curve: Curve) -> Curve:
    """Check the number of points."""
    assert 2 <= len(curve.rows) <= POINTS + 2
    assert all(isinstance(value, float) for row in curve.rows for value in row)
    return curve


@every_case
def test_a_roc_curve_rises_to_the_corner_and_its_points_are_those_of_their_thresholds(
    late: np.ndarray, probability: np.ndarray
) -> None:
    curve = thinned(roc_curve(late, probability))
    assert (curve.rows[0][:2], curve.rows[-1][:2]) == ((0, 0), (1, 1))
    false_positive, true_positive, threshold = (column(curve, name) for name in curve.header)
    assert min(np.diff(false_positive).min(), np.diff(true_positive).min(), -np.diff(threshold).max()) >= 0
    assert threshold.max() <= 1
    assert np.trapezoid(true_positive, false_positive) == pytest.approx(
        metrics.roc_auc_score(late, probability), abs=0.005
    )
    for false_alarms, recall, at in curve.rows:
        if recall > 0:
            positive = probability >= at
            assert (recall, false_alarms) == pytest.approx((positive[late].mean(), positive[~late].mean()))


@every_case
def test_a_precision_recall_curve_goes_from_no_positive_prediction_to_all(
    late: np.ndarray, probability: np.ndarray
) -> None:
    curve = thinned(precision_recall_curve(late, probability))
    assert (curve.rows[0][:2], curve.rows[-1][:2]) == ((0, 1), (1, pytest.approx(late.mean())))
    recall, precision, threshold = (column(curve, name) for name in curve.header)
    assert min(np.diff(recall).min(), -np.diff(threshold).max()) >= 0
    whole_precision, whole_recall, _ = metrics.precision_recall_curve(late, probability)
    assert np.trapezoid(precision, recall) == pytest.approx(metrics.auc(whole_recall, whole_precision), abs=0.01)


@every_case
@pytest.mark.parametrize("bins", [2, 10, 40])
def test_calibration_bins_hold_every_flight_in_order_of_prediction(
    late: np.ndarray, probability: np.ndarray, bins: int
) -> None:
    curve = calibration_curve(late, probability, bins)
    counts = column(curve, "rows")
    assert len(counts) == min(len(late), bins)  # no bin is empty
    assert counts.sum() == len(late)
    assert np.ptp(counts) <= 1
    assert (np.diff(column(curve, "predicted")) >= -1e-9).all()
    assert np.average(column(curve, "observed"), weights=counts) == pytest.approx(late.mean())
    assert np.average(column(curve, "predicted"), weights=counts) == pytest.approx(probability.mean(), rel=1e-5)


def test_calibration_is_that_worked_out_by_hand() -> None:
    late, probability = np.array([True, False, True, False, True]), np.array([0.9, 0.1, 0.7, 0.2, 0.3])
    assert calibration_curve(late, probability, 2).rows == [
        (pytest.approx(0.2), pytest.approx(1 / 3), 3),
        (0.8, 1.0, 2),
    ]


def test_the_confusion_matrix_has_a_row_per_cell() -> None:
    counts = {"true_positive": 1, "false_negative": 2, "false_positive": 3, "true_negative": 4}
    assert confusion_rows(counts).rows == [
        ("late", "late", 1), ("late", "on time", 2), ("on time", "late", 3), ("on time", "on time", 4),
    ]  # fmt: skip
