"""Fitting a calibration to predictions of flights that the model has not learnt from."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import IsotonicRegression

from flight_delay.model.calibration import DIGITS, Calibration, Exact, Method, log_odds_of, probability_of
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Probability

# The ends of an isotonic fit are a few flights that all were late or all on time; they do not say "never" or "always".
LOWEST, HIGHEST = 0.001, 0.999
# How strongly a fit is drawn to the identity: by a thousandth of a flight. That is nothing where flights are many, and
# gives one answer where the likelihood has no maximum (the outcomes do not overlap) or many (one probability for all).
RIDGE = 1e-3
IDENTITY = np.array([1.0, 0.0])


def fit_calibration(method: Method, probability: Probability, target: Outcome) -> Calibration:
    """Fit to flights that the model has not learnt from; the same flights give the same numbers on every processor.

    `sigmoid` is the maximum of the likelihood of slope and intercept (Cox 1958, Two further applications of a model for
    binary regression; Platt 1999, Probabilistic outputs for support vector machines, without his smoothed targets),
    but for `RIDGE`. Log loss on these flights does not rise. `isotonic` is the rising curve of least squares (Zadrozny
    and Elkan 2002, Transforming classifier scores into accurate multiclass probability estimates), within `LOWEST` and
    `HIGHEST`.

    Args:
        method: `none` asks for nothing and changes nothing.
        probability: predicted probability of being late, shape (rows,).
        late: outcomes, shape (rows,).

    Raises:
        ValueError: there are not both outcomes, and something is to be fitted.
    """
    if method == "none":
        return Calibration(method=method)
    if not target.any() or target.all():
        raise ValueError(f"{method} calibration needs late flights and flights on time, there is only one kind")
    return (_sigmoid if method == "sigmoid" else _isotonic)(probability.astype(np.float64), target)


def _sigmoid(probability: Exact, target: Outcome) -> Calibration:
    log_odds = log_odds_of(probability)
    slope, intercept = _most_likely(np.column_stack([log_odds, np.ones_like(log_odds)]), target.astype(np.float64))
    if slope < 0:  # the model ranks backwards here; of the slopes that are allowed, the likelihood is highest at 0
        slope, intercept = 0.0, float(log_odds_of(target.mean()))
    # Digits after the point, not significant ones: those of a number next to nothing depend on the processor, like the
    # sign of a zero.
    slope, intercept = (round(float(value), DIGITS) + 0.0 for value in (slope, intercept))
    return Calibration(method="sigmoid", slope=slope, intercept=intercept)


def _most_likely(x: Exact, target: Exact) -> tuple[float, float]:
    """Weights of log-odds and of one by Newton's method, from leaving everything as it is.

    The loss is strictly convex, so that steps which are halved until it falls lead to its only minimum.
    """

    def loss(weights: Exact) -> float:
        z = x @ weights
        return float((np.logaddexp(0, z) - target * z).sum() + RIDGE / 2 * ((weights - IDENTITY) ** 2).sum())

    weights = IDENTITY
    for _ in range(100):
        predicted = probability_of(x @ weights)
        gradient = x.T @ (predicted - target) + RIDGE * (weights - IDENTITY)
        curvature = (x.T * (predicted * (1 - predicted))) @ x + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # Of short steps the loss says nothing, for it is rounded; there Newton's method needs no guard.
        while abs(step).max() > 1e-4 and loss(weights - step) > loss(weights):
            step /= 2
        weights = weights - step
        if abs(step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def _isotonic(probability: Exact, target: Outcome) -> Calibration:
    # Rounded before the fit, as before every use, so that knots never meet and flights sit where they were fitted.
    fitted = IsotonicRegression(y_min=LOWEST, y_max=HIGHEST).fit(probability.round(DIGITS), target)
    knots, shares = fitted.X_thresholds_.tolist(), fitted.y_thresholds_.round(DIGITS).tolist()
    inner = range(1, len(knots) - 1)
    breaks = [i for i in inner if not shares[i - 1] == shares[i] == shares[i + 1]]
    kept = sorted({0, *breaks, len(knots) - 1})
    return Calibration(
        method="isotonic", probability=tuple(knots[i] for i in kept), calibrated=tuple(shares[i] for i in kept)
    )
