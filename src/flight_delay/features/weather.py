"""Features of the weather observed before the prediction."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flight_delay.features.columns import Columns

MEASUREMENTS = (
    "temperature", "dew_point", "humidity", "wind_direction", "wind_speed", "precipitation", "pressure", "visibility",
)  # fmt: skip
WEATHER_COLUMNS = ("origin", "scheduled_departure_utc")

# Maximum age of the last observation, without the delay of its report, and that delay.
MAX_AGE_HOURS = 6
REPORTED_AFTER_HOURS = 1


def weather_features() -> list[str]:
    """List the names of the features."""
    return [f"observed_{measurement}" for measurement in MEASUREMENTS]


def observed_weather(columns: Columns, observations: Columns, horizon_hours: int) -> Columns:
    """Look up the last weather at the origin that was known at the prediction.

    Args:
        columns: `WEATHER_COLUMNS`, each of shape (rows,).
        observations: airport, observed_utc and `MEASUREMENTS`, each of shape (observations,), in any order.
        horizon_hours: hours between prediction and departure.

    Returns:
        By name, float64 of shape (rows,); NaN without an observation in the last `MAX_AGE_HOURS`.
    """
    departure = columns["scheduled_departure_utc"].astype("datetime64[s]")
    known_until = departure - np.timedelta64(horizon_hours + REPORTED_AFTER_HOURS, "h")
    flights = pd.DataFrame({"airport": columns["origin"].astype(str), "time": known_until}).sort_values("time")
    observed = pd.DataFrame({name: observations[name] for name in MEASUREMENTS}, dtype=np.float64).assign(
        airport=observations["airport"].astype(str), time=observations["observed_utc"].astype("datetime64[s]")
    )
    last = pd.merge_asof(
        flights.reset_index(), observed.sort_values("time", kind="stable"),
        on="time", by="airport", tolerance=pd.Timedelta(hours=MAX_AGE_HOURS),
    ).sort_values("index")  # fmt: skip
    return {f"observed_{name}": last[name].to_numpy() for name in MEASUREMENTS}
