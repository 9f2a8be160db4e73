"""Parameters of the decision: payoffs and calibration method."""

from __future__ import annotations

from pydantic import model_validator

from flight_delay.core.params import Parameters
from flight_delay.model.calibration import Method

# The cell of the confusion matrix that each payoff belongs to.
CELLS = {
    "late_called_late": "true_positive",
    "late_called_on_time": "false_negative",
    "on_time_called_late": "false_positive",
    "on_time_called_on_time": "true_negative",
}


class Payoffs(Parameters):
    """Payoffs per row in a currency, by cell of the confusion matrix."""

    late_called_late: float
    late_called_on_time: float
    on_time_called_late: float
    on_time_called_on_time: float

    @model_validator(mode="after")
    def _require_gains(self) -> Payoffs:
        true_positive, false_negative, false_positive, true_negative = CELLS
        for correct, wrong in ((true_positive, false_negative), (true_negative, false_positive)):
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
