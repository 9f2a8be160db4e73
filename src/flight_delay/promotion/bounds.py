"""Parameters of the gate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flight_delay.core.params import Parameters


class Promote(Parameters):
    """Section `promote` of params.yaml: registered model and gate's bounds.

    It is read from the checkout in which `promote` runs, because the commit of the candidate could loosen it.
    """

    model: Annotated[str, Field(pattern=r"^[^/:@]+$")]
    min_slice_rows: Annotated[int, Field(ge=1)]
    max_slice_log_loss_increase: Annotated[float, Field(ge=0)]
    calibration_bins: Annotated[int, Field(ge=2)]
    max_calibration_error: Annotated[float, Field(gt=0, le=1)]
    max_latency_ms: Annotated[float, Field(gt=0)]
    min_throughput_rows_per_s: Annotated[float, Field(gt=0)]
