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
    ("fields", "said"),
    [
        ({"method": "platt"}, "method"),
        ({"method": "none", "slope": 1.0}, "method none does not take slope"),
        ({"method": "none", "intercept": 0.0}, "method none does not take intercept"),
        ({"method": "none", **KNOTS}, "method none does not take probability"),
        ({"method": "sigmoid"}, "method sigmoid needs slope"),
        ({"method": "sigmoid", "slope": 1.0}, "method sigmoid needs intercept"),
        ({"method": "sigmoid", "slope": -0.1, "intercept": 0.0}, "slope"),
        ({"method": "sigmoid", "slope": 1.0, "intercept": float("nan")}, "intercept"),
        ({"method": "sigmoid", "slope": 1.0, "intercept": 0.0, **KNOTS}, "method sigmoid does not take probability"),
        ({"method": "isotonic"}, "method isotonic needs probability"),
        ({"method": "isotonic", "probability": (0.1, 0.3)}, "method isotonic needs calibrated"),
        ({"method": "isotonic", "slope": 1.0, **KNOTS}, "method isotonic does not take slope"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.2,)}, "one length"),
        ({"method": "isotonic", **KNOTS, "probability": (0.3, 0.3)}, "probability must rise"),
        ({"method": "isotonic", **KNOTS, "probability": (0.3, 0.1)}, "probability must rise"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.4, 0.2)}, "calibrated must not fall"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.0, 0.2)}, "calibrated"),
        ({"method": "isotonic", **KNOTS, "calibrated": (0.2, 1.0)}, "calibrated"),
        ({"method": "isotonic", **KNOTS, "probability": (0.1, 1.1)}, "probability"),
    ],
)
def test_fields_that_do_not_fit_their_method_are_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Calibration.model_validate(fields)
