"""evaluation.curves: what is drawn is what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@every_case
def test_a_roc_curve_goes_up_from_no_call_to_every_call(late: np.ndarray, probability: np.ndarray) -> None:
    curve = roc_curve(late, probability)
    assert curve.rows[0][:2] == (0, 0)
    assert curve.rows[-1][:2] == (1, 1)
    assert (np.diff(column(curve, "false_positive_rate")) >= 0).all()
    assert (np.diff(column(curve, "true_positive_rate")) >= 0).all()
    assert (np.diff(column(curve, "threshold")) <= 0).all()
    assert column(curve, "threshold").max() <= 1


@every_case
def test_the_area_under_the_thinned_roc_curve_is_the_area_under_the_whole_one(
    late: np.ndarray, probability: np.ndarray
) -> None:
    curve = roc_curve(late, probability)
    area = np.trapezoid(column(curve, "true_positive_rate"), column(curve, "false_positive_rate"))
    assert area == pytest.approx(metrics.roc_auc_score(late, probability), abs=0.005)


@every_case
def test_a_precision_recall_curve_goes_from_no_call_to_every_call(late: np.ndarray, probability: np.ndarray) -> None:
    curve = precision_recall_curve(late, probability)
    assert curve.rows[0][:2] == (0, 1)
    assert curve.rows[-1][:2] == (1, pytest.approx(late.mean()))
    assert (np.diff(column(curve, "recall")) >= 0).all()
    assert (np.diff(column(curve, "threshold")) <= 0).all()


@every_case
def test_the_area_under_the_thinned_precision_recall_curve_is_that_under_the_whole_one(
    late: np.ndarray, probability: np.ndarray
) -> None:
    curve = precision_recall_curve(late, probability)
    area = np.trapezoid(column(curve, "precision"), column(curve, "recall"))
    precision, recall, _ = metrics.precision_recall_curve(late, probability)
    assert area == pytest.approx(metrics.auc(recall, precision), abs=0.01)


@every_case
def test_every_point_is_what_its_threshold_gives(late: np.ndarray, probability: np.ndarray) -> None:
    for found, false_alarms, threshold in zip(
        *(
            column(roc_curve(late, probability), name)
            for name in ("true_positive_rate", "false_positive_rate", "threshold")
        ),
        strict=True,
    ):
        if found > 0:
            called = probability >= threshold
            assert found == pytest.approx(called[late].mean())
            assert false_alarms == pytest.approx(called[~late].mean())


@every_case
def test_a_curve_is_thinned_to_what_a_picture_can_show(late: np.ndarray, probability: np.ndarray) -> None:
    for curve in (roc_curve(late, probability), precision_recall_curve(late, probability)):
        assert 2 <= len(curve.rows) <= POINTS + 2
        assert all(isinstance(value, float) for row in curve.rows for value in row)


@every_case
@pytest.mark.parametrize("bins", [2, 10])
def test_calibration_bins_hold_every_flight_in_order_of_prediction(
    late: np.ndarray, probability: np.ndarray, bins: int
) -> None:
    curve = calibration_curve(late, probability, bins)
    counts = column(curve, "flights")
    assert len(counts) == bins
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


@given(st.integers(1, 20), st.integers(2, 40))
def test_there_is_no_empty_calibration_bin(rows: int, bins: int) -> None:
    curve = calibration_curve(*flights(rows, 1), bins)
    assert len(curve.rows) == min(rows, bins)


def test_the_confusion_matrix_has_a_row_per_cell() -> None:
    counts = {"true_positive": 1, "false_negative": 2, "false_positive": 3, "true_negative": 4}
    assert confusion_rows(counts).rows == [
        ("late", "late", 1), ("late", "on time", 2), ("on time", "late", 3), ("on time", "on time", 4),
    ]  # fmt: skip
