"""Parameters of the decision: payoffs and calibration method."""

from __future__ import annotations

from pydantic import model_validator

from flight_delay.core.params import Parameters
from flight_delay.model.calibration import Method

CELLS = ("true_positive", "false_negative", "false_positive", "true_negative")  # cells of the confusion matrix


class Payoffs(Parameters):
    """Payoffs per row in a currency, by cell of the confusion matrix."""

    true_positive: float
    false_negative: float
    false_positive: float
    true_negative: float

    @model_validator(mode="after")
    def _require_gains(self) -> Payoffs:
        for correct, wrong in (("true_positive", "false_negative"), ("true_negative", "false_positive")):
            if getattr(self, correct) <= getattr(self, wrong):
                raise ValueError(
                    f"{correct} ({getattr(self, correct):g}) must be more than {wrong} ({getattr(self, wrong):g}); "
                    "otherwise no threshold is optimal"
                )
        return self


class DecisionParameters(Parameters):
    """Calibration method and payoffs of the decision."""

    calibration: Method
    payoffs: Payoffs
