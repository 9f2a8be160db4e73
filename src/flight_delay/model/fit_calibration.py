"""Fit a calibration to out-of-sample predictions."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import IsotonicRegression

from flight_delay.model.calibration import DIGITS, Calibration, Exact, Method, to_log_odds, to_probability
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

# The ends of an isotonic fit are a few rows of one class, which do not justify probabilities of 0 or 1.
LOWEST, HIGHEST = 0.001, 0.999
# L2 penalty on the distance to the identity. It is negligible with many rows, and makes the solution unique where the
# likelihood has no maximum (separated classes) or many (one probability for all rows).
RIDGE = 1e-3
IDENTITY = np.array([1.0, 0.0])


def fit_calibration(method: Method, probability: Probability, target: Outcome) -> Calibration:
    """Fit a calibration method, with the same numbers on every processor.

    `sigmoid` maximizes the likelihood of slope and intercept (Cox 1958, Two further applications of a model for binary
    regression; Platt 1999, Probabilistic outputs for support vector machines, without his smoothed targets), up to
    `RIDGE`. It does not increase log loss on these rows. `isotonic` is the monotone least-squares fit (Zadrozny and
    Elkan 2002, Transforming classifier scores into accurate multiclass probability estimates), clipped to `LOWEST` and
    `HIGHEST`.

    Args:
        method: calibration method; `none` needs no fit.
        probability: predicted probability, shape (rows,).
        target: observed target, shape (rows,).

    Raises:
        ValueError: there is only one class, and the method is not `none`.
    """
    if method == "none":
        return Calibration(method=method)
    if not target.any() or target.all():
        raise ValueError(f"{method} calibration needs rows of both classes, there is only one")
    return (_sigmoid if method == "sigmoid" else _isotonic)(probability.astype(np.float64), target)


def _sigmoid(probability: Exact, target: Outcome) -> Calibration:
    log_odds = to_log_odds(probability)
    slope, intercept = _maximize_likelihood(
        np.column_stack([log_odds, np.ones_like(log_odds)]), target.astype(np.float64)
    )
    if slope < 0:  # ranks are reversed; of the allowed slopes, 0 has the highest likelihood
        slope, intercept = 0.0, float(to_log_odds(target.mean()))
    # Decimals, since the significant digits of a number near 0 depend on the processor, as does the sign of 0.
    slope, intercept = (round(float(value), DIGITS) + 0.0 for value in (slope, intercept))
    return Calibration(method="sigmoid", slope=slope, intercept=intercept)


def _maximize_likelihood(x: Exact, target: Exact) -> tuple[float, float]:
    """Minimize the convex loss by Newton's method with step halving."""

    def loss(weights: Exact) -> float:
        z = x @ weights
        return float((np.logaddexp(0, z) - target * z).sum() + RIDGE / 2 * ((weights - IDENTITY) ** 2).sum())

    weights = IDENTITY
    for _ in range(100):
        predicted = to_probability(x @ weights)
        gradient = x.T @ (predicted - target) + RIDGE * (weights - IDENTITY)
        curvature = (x.T * (predicted * (1 - predicted))) @ x + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # For short steps, differences of the loss are rounding errors, and halving is not needed.
        while abs(step).max() > 1e-4 and loss(weights - step) > loss(weights):
            step /= 2
        weights = weights - step
        if abs(step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def _isotonic(probability: Exact, target: Outcome) -> Calibration:
    # Rounded as in `calibrate`, so that knots are distinct and rows are calibrated as they were fitted.
    fitted = IsotonicRegression(y_min=LOWEST, y_max=HIGHEST).fit(probability.round(DIGITS), target)
    knots, shares = fitted.X_thresholds_.tolist(), fitted.y_thresholds_.round(DIGITS).tolist()
    inner = range(1, len(knots) - 1)
    breaks = [i for i in inner if not shares[i - 1] == shares[i] == shares[i + 1]]
    kept = sorted({0, *breaks, len(knots) - 1})
    return Calibration(
        method="isotonic", probability=tuple(knots[i] for i in kept), calibrated=tuple(shares[i] for i in kept)
    )
