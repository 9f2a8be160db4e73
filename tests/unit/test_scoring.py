"""evaluation.scoring: against numbers worked out by hand."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.evaluation.scoring import (
    all_metrics,
    confusion_counts,
    decision_metrics,
    mean_metrics,
    probability_metrics,
)

LATE = np.array([True, False, True, True, False])
PROBABILITY = np.array([0.9, 0.7, 0.3, 0.2, 0.1], np.float32)

FLIGHTS = st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=2, max_size=50).filter(
    lambda flights: len({late for late, _ in flights}) == 2
)


def arrays(flights: list[tuple[bool, float]]) -> tuple[np.ndarray, np.ndarray]:
    late, probability = zip(*flights, strict=True)
    return np.array(late), np.array(probability, np.float32)


def test_metrics_of_probabilities_are_those_worked_out_by_hand() -> None:
    # Of six pairs of a late and a punctual flight, four are in the right order; late flights have ranks 1, 3, 4.
    assert probability_metrics(LATE, PROBABILITY) == {
        "roc_auc": round(4 / 6, 6),
        "average_precision": round((1 / 1 + 2 / 3 + 3 / 4) / 3, 6),
        "log_loss": round(-sum(map(math.log, (0.9, 0.3, 0.3, 0.2, 0.9))) / 5, 6),
        "brier": round((0.01 + 0.49 + 0.49 + 0.64 + 0.01) / 5, 6),
        "base_rate": 0.6,
        "rows": 5,
    }


def test_metrics_of_decisions_are_those_worked_out_by_hand() -> None:
    assert decision_metrics(LATE, PROBABILITY, 0.5) == {
        "accuracy": 0.4,
        "precision": 0.5,
        "recall": 0.333333,
        "f1": 0.4,
    }
    counts = {"true_positive": 1, "false_negative": 2, "false_positive": 1, "true_negative": 1}
    assert confusion_counts(LATE, PROBABILITY, 0.5) == counts


@pytest.mark.parametrize("threshold", [0.1, 0.25, 0.3, 0.7])
def test_a_flight_at_the_threshold_is_called_late(threshold: float) -> None:
    late, probability = np.array([True, False]), np.array([threshold, 0.0], np.float32)
    assert confusion_counts(late, probability, threshold)["true_positive"] == 1
    assert decision_metrics(late, probability, threshold)["recall"] == 1


def test_where_no_flight_is_called_late_precision_is_zero_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decided = decision_metrics(LATE, PROBABILITY, 0.95)
    assert decided == {"accuracy": 0.4, "precision": 0.0, "recall": 0.0, "f1": 0.0}


@given(FLIGHTS, st.floats(0.01, 0.99))
def test_the_confusion_matrix_and_the_metrics_say_the_same(flights: list[tuple[bool, float]], threshold: float) -> None:
    late, probability = arrays(flights)
    counts, decided = confusion_counts(late, probability, threshold), decision_metrics(late, probability, threshold)
    predicted_late = counts["true_positive"] + counts["false_positive"]
    assert sum(counts.values()) == len(late)
    assert counts["true_positive"] + counts["false_negative"] == late.sum()
    assert decided["precision"] == pytest.approx(counts["true_positive"] / max(predicted_late, 1), abs=1e-6)
    assert decided["recall"] == pytest.approx(counts["true_positive"] / late.sum(), abs=1e-6)
    assert decided["accuracy"] == pytest.approx(
        (counts["true_positive"] + counts["true_negative"]) / len(late), abs=1e-6
    )


def test_all_metrics_are_both_kinds_together() -> None:
    both = {**probability_metrics(LATE, PROBABILITY), **decision_metrics(LATE, PROBABILITY, 0.5)}
    assert all_metrics(LATE, PROBABILITY, 0.5) == both


def test_the_mean_counts_every_month_the_same_and_adds_up_their_rows() -> None:
    by_month = {"2013-01": {"roc_auc": 0.6, "rows": 900}, "2013-02": {"roc_auc": 0.7, "rows": 100}}
    assert mean_metrics(by_month) == {"roc_auc": 0.65, "rows": 1000, "months": 2}
