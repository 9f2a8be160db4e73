"""evaluation.calibration_selection: calibrations are judged as they would have done, month after month."""

from __future__ import annotations

import numpy as np
import pytest

from flight_delay.evaluation.calibration_selection import METHODS, calibration_by_month, compare_calibration_methods
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.model.calibration import calibrate
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions

ROWS = 2_000


def month(seed: int, shift: float = 0.0) -> Predictions:
    """Flights whose log-odds of being late are below what is said by a shift."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-1, 1, ROWS)
    late = random.random(ROWS) < 1 / (1 + np.exp(shift - log_odds))
    dates = np.full(ROWS, "2013-05-01", "datetime64[D]")
    names = np.arange(ROWS).astype(str).astype(object)
    return Predictions(names, dates, late, (1 / (1 + np.exp(-log_odds))).astype(np.float32))


def months(shift: float) -> dict[str, Predictions]:
    return {f"2013-{number:02d}": month(number, shift) for number in (5, 6, 7)}


def test_probabilities_that_are_right_are_best_left_alone_and_others_are_not() -> None:
    right, wrong = compare_calibration_methods(months(0)), compare_calibration_methods(months(1.5))
    assert min(right, key=lambda method: right[method]["log_loss"]) == "none"
    assert wrong["sigmoid"]["log_loss"] < wrong["none"]["log_loss"]
    assert wrong["isotonic"]["brier"] < wrong["none"]["brier"]


def test_each_month_is_calibrated_by_all_months_before_it() -> None:
    by_month = months(1)
    first, second, third = by_month.values()
    steps = [(first, second), (Predictions.concat([first, second]), third)]
    judged = compare_calibration_methods(by_month)
    assert list(judged) == list(METHODS)
    for method in METHODS:
        every = [
            probability_metrics(
                after.target, calibrate(fit_calibration(method, before.probability, before.target), after.probability)
            )
            for before, after in steps
        ]
        for name, mean in judged[method].items():
            assert mean == pytest.approx(np.mean([scores[name] for scores in every]), abs=1e-6)


def test_what_was_said_stands_beside_what_was_seen() -> None:
    by_month = months(1)
    rows = calibration_by_month(by_month)
    assert [row["month"] for row in rows] == list(by_month)
    for row, predictions in zip(rows, by_month.values(), strict=True):
        assert row["predicted"] == pytest.approx(predictions.probability.mean(), abs=1e-6)
        assert row["observed"] == pytest.approx(predictions.target.mean(), abs=1e-6)
        assert row["rows"] == ROWS
        assert row["predicted"] > row["observed"]
