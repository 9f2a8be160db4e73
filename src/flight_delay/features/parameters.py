"""Parameters of features and target."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flight_delay.core.params import Parameters


def _require_distinct(days: list[int]) -> list[int]:
    if len(set(days)) < len(days):
        raise ValueError("history_days must differ from each other")
    return days


class FeatureParameters(Parameters):
    """Parameters of features and target: `build_features` in params.yaml."""

    late_threshold_minutes: Annotated[int, Field(ge=1)]
    horizon_hours: Annotated[int, Field(ge=1)]
    history_days: Annotated[
        list[Annotated[int, Field(ge=1, le=366)]], Field(min_length=1), AfterValidator(_require_distinct)
    ]
    smoothing_flights: Annotated[float, Field(gt=0)]
    weather: Literal["none", "observed"]
