"""model.calibration: a calibration has the numbers of its method, and no others."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flight_delay.model.calibration import Calibration

KNOTS = {"probability": (0.1, 0.3), "calibrated": (0.2, 0.4)}


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "none"},
        {"method": "sigmoid", "slope": 0.0, "intercept": 0.0},
        {"method": "isotonic", **KNOTS},
        {"method": "isotonic", "probability": (0.0, 1.0), "calibrated": (0.5, 0.5)},
        {"method": "isotonic", "probability": (0.3,), "calibrated": (0.5,)},
    ],
)
def test_fields_that_fit_their_method_are_taken(fields: dict[str, object]) -> None:
    Calibration.model_validate(fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "platt"}, "method"),
        ({"method": "none", "slope": 1.0}, r"Value error, [^\[]*\bnone\b[^\[]*\bslope\b"),
        ({"method": "none", "intercept": 0.0}, r"Value error, [^\[]*\bnone\b[^\[]*\bintercept\b"),
        ({"method": "none", **KNOTS}, r"Value error, [^\[]*\bnone\b[^\[]*\bprobability\b"),
        ({"method": "sigmoid"}, r"Value error, [^\[]*\bsigmoid\b[^\[]*\bslope\b"),
        ({"method": "sigmoid", "slope": 1.0}, r"Value error, [^\[]*\bsigmoid\b[^\[]*\bintercept\b"),
        ({"method": "sigmoid", "slope": -0.1, "intercept": 0.0}, "slope"),
        ({"method": "sigmoid", "slope": 1.0, "intercept": float("nan")}, "intercept"),
        (
            {"method": "sigmoid", "slope": 1.0, "intercept": 0.0, **KNOTS},
            r"Value error, [^\[]*\bsigmoid\b[^\[]*\bprobability\b",
        ),
        ({"method": "isotonic"}, r"Value error, [^\[]*\bisotonic\b[^\[]*\bprobability\b"),
        ({"method": "isotonic", "probability": (0.1, 0.3)}, r"Value error, [^\[]*\bisotonic\b[^\[]*\bcalibrated\b"),
        ({"method": "isotonic", "slope": 1.0, **KNOTS}, r"Value error, [^\[]*\bisotonic\b[^\[]*\bslope\b"),
        (
            {"method": "isotonic", **KNOTS, "calibrated": (0.2,)},
            r"Value error, [^\[]*\bprobability\b[^\[]*\bcalibrated\b",
        ),
        ({"method": "isotonic", **KNOTS, "probability": (0.3, 0.3)}, r"Value error, [^\[]*\bprobability\b"),
        ({"method": "isotonic", **KNOTS, "probability": (0.3, 0.1)}, r"Value error, [^\[]*\bprobability\b"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.4, 0.2)}, r"Value error, [^\[]*\bcalibrated\b"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.0, 0.2)}, "calibrated"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.2, 1.0)}, "calibrated"),
        ({"method": "isotonic", **KNOTS, "probability": (0.1, 1.1)}, "probability"),
    ],
)
def test_fields_that_do_not_fit_their_method_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Calibration.model_validate(fields)
