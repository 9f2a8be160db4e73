"""The decision rule of a bundle: calibration and threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flight_delay.core.files import write_json
from flight_delay.core.params import Parameters
from flight_delay.model.calibration import Calibration

DECISION_FILE = "decision.json"


class Decision(Parameters):
    """Calibration, and the threshold of calibrated probabilities."""

    format: Literal[1]
    calibration: Calibration
    threshold: Annotated[float, Field(gt=0, lt=1)]


def save_decision(folder: Path, calibration: Calibration, threshold: float) -> None:
    """Write the decision into a folder."""
    decision = Decision(format=1, calibration=calibration, threshold=threshold)
    write_json(folder / DECISION_FILE, decision.model_dump(mode="json"))
