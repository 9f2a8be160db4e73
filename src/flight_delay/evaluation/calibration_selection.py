"""Choosing on the backtest what is made of probabilities: how they are calibrated, and from which on a flight is called late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.core.files import rounded
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.model.calibration import Method, calibrate
from flight_delay.model.fit_calibration import fit_calibration
from flight_delay.model.predictions import Predictions

METHODS: tuple[Method, ...] = get_args(Method)


def judge_calibrations(by_month: Mapping[str, Predictions]) -> dict[str, dict[str, float]]:
    """Compare methods of calibration as they would have done: each month is calibrated by all months before it.

    Args:
        by_month: predictions of a backtest, in order of time; the first month calibrates only.

    Returns:
        By method, the mean over months of log_loss and brier.

    Raises:
        UserError: there is only one month.
    """
    months = list(by_month)
    if len(months) < 2:
        raise UserError(
            "reports/backtest: one month does not judge a calibration; make backtest.first_test_month earlier"
        )
    judged: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
    for place, month in enumerate(months[1:], start=1):
        before, after = Predictions.concat(by_month[of] for of in months[:place]), by_month[month]
        for method in METHODS:
            calibration = fit_calibration(method, before.probability, before.target)
            judged[method].append(probability_metrics(after.target, calibrate(calibration, after.probability)))
    return {
        method: rounded({name: float(np.mean([of[name] for of in every])) for name in ("log_loss", "brier")})
        for method, every in judged.items()
    }


def said_and_seen(by_month: Mapping[str, Predictions]) -> list[dict[str, Any]]:
    """Mean predicted probability beside the observed share of late flights, a row per month."""
    return [
        {
            "month": month,
            "predicted": round(float(of.probability.mean(dtype=np.float64)), 6),
            "observed": round(float(of.target.mean()), 6),
            "flights": len(of),
        }
        for month, of in by_month.items()
    ]
