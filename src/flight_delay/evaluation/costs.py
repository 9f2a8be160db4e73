"""What calls earn: the parameters of every decision."""

from __future__ import annotations

from pydantic import model_validator

from flight_delay.core.params import Parameters
from flight_delay.model.calibration import Method


class Payoffs(Parameters):
    """What a flight earns, in units of a currency, by what it was and what it was called; a cost is negative."""

    late_called_late: float
    late_called_on_time: float  # a missed delay
    on_time_called_late: float  # a false alarm
    on_time_called_on_time: float

    @model_validator(mode="after")
    def _reward_correct_calls(self) -> Payoffs:
        for right, wrong in (
            ("late_called_late", "late_called_on_time"),
            ("on_time_called_on_time", "on_time_called_late"),
        ):
            if getattr(self, right) <= getattr(self, wrong):
                raise ValueError(
                    f"{right} ({getattr(self, right):g}) must be more than {wrong} ({getattr(self, wrong):g}), "
                    "or else no threshold makes sense"
                )
        return self


class DecisionParameters(Parameters):
    """How probabilities are calibrated, and what calls earn."""

    calibration: Method
    payoffs: Payoffs
