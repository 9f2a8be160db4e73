"""Compare calibration methods, and predicted with observed rates by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.core.files import round_values
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.model.calibration import Method, calibrate
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions

METHODS: tuple[Method, ...] = get_args(Method)


def compare_calibration_methods(by_month: Mapping[str, Predictions]) -> dict[str, dict[str, float]]:
    """Evaluate calibration methods out of sample, fitted on all earlier months.

    Args:
        by_month: predictions of the backtest, in order of time; the first month is used for fitting only.

    Returns:
        By method, the mean over months of log_loss and brier.

    Raises:
        UserError: there is only one month.
    """
    months = list(by_month.values())
    if len(months) < 2:
        raise UserError(
            "reports/backtest: calibration methods need predictions of at least 2 months, there is 1; make "
            "backtest.first_test_month earlier"
        )
    metrics: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
    for position, after in enumerate(months[1:], start=1):
        before = Predictions.concat(months[:position])
        for method in METHODS:
            calibration = fit_calibration(method, before.probability, before.target)
            metrics[method].append(probability_metrics(after.target, calibrate(calibration, after.probability)))
    return {
        method: round_values({name: float(np.mean([month[name] for month in every])) for name in ("log_loss", "brier")})
        for method, every in metrics.items()
    }


def calibration_by_month(by_month: Mapping[str, Predictions]) -> list[dict[str, Any]]:
    """Compare the mean probability with the observed rate, a row per month."""
    return [
        {
            "month": month,
            "predicted": round(float(predictions.probability.mean(dtype=np.float64)), 6),
            "observed": round(float(predictions.target.mean()), 6),
            "rows": len(predictions),
        }
        for month, predictions in by_month.items()
    ]
