"""Calibration after training: a rising curve that takes a model's probabilities to shares of late flights. It is a few
plain numbers, for a manifest in JSON, and applied here; fitted where models are judged."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from flight_delay.core.params import Parameters
from flight_delay.model.predictions import Probability

Method = Literal["none", "sigmoid", "isotonic"]
Exact = np.ndarray[Any, np.dtype[np.float64]]

# 1 - EDGE is the last float32 below 1: log-odds and log loss stay finite, and only what is nearer to 0 or 1 changes.
EDGE = 2.0**-24
DIGITS = 6

Share = Annotated[float, Field(ge=0, le=1)]
InnerShare = Annotated[float, Field(gt=0, lt=1)]


class Calibration(Parameters):
    """What a method has fitted, and nothing of the others.

    `sigmoid`: log-odds are multiplied by `slope` (never below 0, so that ranks do not turn round), and `intercept` is
    added. `isotonic`: straight lines through knots, at `probability` the share `calibrated`; level beyond the ends.
    """

    method: Method
    slope: Annotated[float, Field(ge=0)] | None = None
    intercept: float | None = None
    probability: tuple[Share, ...] = ()
    calibrated: tuple[InnerShare, ...] = ()

    @model_validator(mode="after")
    def _fits_its_method(self) -> Calibration:
        for names, method in ((("slope", "intercept"), "sigmoid"), (("probability", "calibrated"), "isotonic")):
            for name in names:
                given = getattr(self, name) not in (None, ())
                if given != (self.method == method):
                    raise ValueError(f"method {self.method} {'does not take' if given else 'needs'} {name}")
        if len(self.probability) != len(self.calibrated):
            raise ValueError("probability and calibrated must be of one length")
        if any(after <= before for before, after in pairwise(self.probability)):
            raise ValueError("probability must rise from knot to knot")
        if any(after < before for before, after in pairwise(self.calibrated)):
            raise ValueError("calibrated must not fall from knot to knot")
        return self


def calibrate(calibration: Calibration, probability: Probability) -> Probability:
    """Apply to probabilities of a model, flight by flight: what others are with it does not matter.

    Args:
        calibration: as fitted.
        probability: predicted probability of being late, shape (rows,).

    Returns:
        float32 of shape (rows,), strictly between 0 and 1; for `none` the very values that were given.
    """
    if calibration.method == "none":
        return probability.astype(np.float32)
    exact = probability.astype(np.float64)
    if calibration.slope is None or calibration.intercept is None:
        calibrated = np.interp(exact.round(DIGITS), calibration.probability, calibration.calibrated)
    else:
        calibrated = probability_of(calibration.slope * log_odds_of(exact) + calibration.intercept)
    return calibrated.clip(EDGE, 1 - EDGE).astype(np.float32)


def log_odds_of(probability: Any) -> Any:
    """Log-odds of probabilities, finite also at 0 and 1."""
    inside = np.clip(probability, EDGE, 1 - EDGE)
    return np.log(inside) - np.log1p(-inside)


def probability_of(log_odds: Exact) -> Exact:
    """Probability of log-odds; without overflow, unlike 1 / (1 + exp(-x))."""
    return np.exp(-np.logaddexp(0, -log_odds))
