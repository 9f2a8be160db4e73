"""Convert effects on the log-odds to contributions to the probability."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column, Columns
from flight_delay.model.calibration import Calibration, calibrate_exactly, to_probability

# For a smaller difference of log-odds, that of probabilities has too few digits; the slope is used instead.
_MIN_LOG_ODDS = 1e-6


def to_probability_contributions(
    effects: Columns, expected: Column, calibration: Calibration
) -> tuple[Column, Columns]:
    """Convert effects on the log-odds to contributions to the probability.

    An effect c becomes c (p - p0) / (f - f0), with f0 the expected log-odds, f = f0 + sum of effects, and p0 and p the
    calibrated probabilities there. Contributions add up to p - p0 and keep sign and order. They are Aumann-Shapley
    values of the probability, or integrated gradients along the straight line (https://arxiv.org/abs/1703.01365).

    Args:
        effects: by feature or topic, on the log-odds before calibration, each of shape (rows,).
        expected: log-odds before calibration without them, shape (rows,).
        calibration: of the model.

    Returns:
        The probability p0 and the contributions by the same names, float64 of shape (rows,). Where the calibration is
        constant from f0 to f, all contributions are 0.
    """
    start = expected.astype(np.float64)
    total = np.zeros(len(start))
    for values in effects.values():
        total = total + values
    base = calibrate_exactly(calibration, to_probability(start))
    change = np.where(np.abs(total) < _MIN_LOG_ODDS, _MIN_LOG_ODDS, total)
    # A calibration is monotone: only rounding gives a slope below 0.
    slope = np.maximum((calibrate_exactly(calibration, to_probability(start + change)) - base) / change, 0)
    return base, {name: values.astype(np.float64) * slope for name, values in effects.items()}


def probability_points_per_0_1_log_odds(expected: float, calibration: Calibration) -> float:
    """Return the change of probability by 0.1 log-odds, in percentage points.

    It is measured around the expected log-odds, after calibration.
    """
    low, high = calibrate_exactly(calibration, to_probability(expected + np.array([-0.05, 0.05])))
    return 100 * float(high - low)
