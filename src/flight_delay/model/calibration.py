"""Calibration: a monotone function from predictions to observed rates."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from flight_delay.core.params import Parameters
from flight_delay.model.predictions import Probability

Method = Literal["none", "sigmoid", "isotonic"]
Exact = np.ndarray[Any, np.dtype[np.float64]]

# 1 - EDGE is the largest float32 below 1. Clipping to it keeps log-odds and log loss finite.
EDGE = 2.0**-24
DIGITS = 6

Share = Annotated[float, Field(ge=0, le=1)]
InnerShare = Annotated[float, Field(gt=0, lt=1)]


class Calibration(Parameters):
    """Fitted numbers of a calibration method.

    `sigmoid`: `slope` (at least 0, so that ranks are kept) times log-odds plus `intercept`. `isotonic`: linear
    interpolation between knots at `probability` with the value `calibrated`, constant beyond the ends.
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
            raise ValueError("probability and calibrated must have the same length")
        if any(after <= before for before, after in pairwise(self.probability)):
            raise ValueError("probability must rise from knot to knot")
        if any(after < before for before, after in pairwise(self.calibrated)):
            raise ValueError("calibrated must not fall from knot to knot")
        return self


def calibrate(calibration: Calibration, probability: Probability) -> Probability:
    """Calibrate probabilities of shape (rows,), each by itself.

    Returns:
        float32 of shape (rows,), strictly between 0 and 1; for `none` the same values.
    """
    if calibration.method == "none":
        return probability.astype(np.float32)
    exact = probability.astype(np.float64)
    return calibrate_exactly(calibration, exact.round(DIGITS) if calibration.probability else exact).astype(np.float32)


def calibrate_exactly(calibration: Calibration, probability: Exact) -> Exact:
    """Calibrate in float64, and without rounding before isotonic knots.

    Rounding makes `calibrate` a step function, which has no slope.
    """
    if calibration.method == "none":
        return probability
    if calibration.slope is None or calibration.intercept is None:
        calibrated = np.interp(probability, calibration.probability, calibration.calibrated)
    else:
        calibrated = to_probability(calibration.slope * to_log_odds(probability) + calibration.intercept)
    return calibrated.clip(EDGE, 1 - EDGE)


def to_log_odds(probability: Any) -> Any:
    """Convert probabilities to log-odds, finite also at 0 and 1."""
    inside = np.clip(probability, EDGE, 1 - EDGE)
    return np.log(inside) - np.log1p(-inside)


def to_probability(log_odds: Exact) -> Exact:
    """Convert log-odds to probabilities without overflow."""
    return np.exp(-np.logaddexp(0, -log_odds))
