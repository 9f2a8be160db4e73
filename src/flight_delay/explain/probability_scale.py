"""From effects on log-odds, where they add up, to contributions to the probability, which is what people read."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column, Columns
from flight_delay.model.calibration import EDGE, Calibration, to_log_odds, to_probability

# Nearer than this in log-odds, the two probabilities differ by too few digits to divide by; the slope stands for them.
_NEAR = 1e-6


def in_probability(effects: Columns, expected: Column, calibration: Calibration) -> tuple[Column, Columns]:
    """Share out the difference between a flight's probability and that of the expected log-odds among its effects.

    An effect c becomes c (p - p0) / (f - f0), with f0 the expected log-odds, f = f0 + sum of effects, and p0 and p the
    calibrated probabilities there. It adds up, keeps sign and order, and is the Aumann-Shapley value of the probability
    over the additive log-odds, that is integrated gradients along the straight line (https://arxiv.org/abs/1703.01365).

    Args:
        effects: by feature or topic, on the log-odds before calibration, each of shape (rows,).
        expected: log-odds before calibration without them, shape (rows,).
        calibration: of the model.

    Returns:
        The probability p0 and the contributions by the same names, float64 of shape (rows,). Where a calibration is level
        from f0 to f, all contributions are 0.
    """
    start = expected.astype(np.float64)
    total = np.zeros(len(start))
    for values in effects.values():
        total = total + values
    base = _probability(start, calibration)
    change = np.where(np.abs(total) < _NEAR, _NEAR, total)
    # A calibration never falls: that a difference is below 0 is the last bit of a sum.
    slope = np.maximum((_probability(start + change, calibration) - base) / change, 0)
    return base, {name: values.astype(np.float64) * slope for name, values in effects.items()}


def points_per_tenth(expected: float, calibration: Calibration) -> float:
    """Percentage points of calibrated probability that 0.1 log-odds are worth around the expected log-odds."""
    low, high = _probability(expected + np.array([-0.05, 0.05]), calibration)
    return 100 * float(high - low)


def _probability(log_odds: Column, calibration: Calibration) -> Column:
    """Calibrated probability in float64, and not rounded before isotonic knots as `calibrate` does it: steps have no slope."""
    exact: Column = to_probability(log_odds)
    if calibration.method == "none":
        return exact
    if calibration.slope is not None and calibration.intercept is not None:
        exact = to_probability(calibration.slope * to_log_odds(exact) + calibration.intercept)
    else:
        exact = np.interp(exact, calibration.probability, calibration.calibrated)
    return exact.clip(EDGE, 1 - EDGE)
