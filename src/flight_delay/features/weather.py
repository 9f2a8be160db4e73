"""Features of the weather as it had been observed when the prediction was made. That at departure is not known a day before."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column, Columns

MEASUREMENTS = (
    "temperature", "dew_point", "humidity", "wind_direction", "wind_speed", "precipitation", "pressure", "visibility",
)  # fmt: skip
WEATHER_COLUMNS = ("origin", "scheduled_departure_utc")

# How old the last observation may be when the prediction is made, beyond the hour after which it is reported.
MAX_AGE_HOURS = 6
REPORTED_AFTER_HOURS = 1


def weather_features() -> list[str]:
    """Names of the features."""
    return [f"observed_{measurement}" for measurement in MEASUREMENTS]


def observed_weather(columns: Columns, observations: Columns, horizon_hours: int) -> Columns:
    """The last weather at the origin that was known when the prediction was made.

    Args:
        columns: `WEATHER_COLUMNS`, each of shape (rows,).
        observations: airport, observed_utc and the measurements, each of shape (observations,), in any order.
        horizon_hours: how long before departure the prediction is made.

    Returns:
        By name, float64 of shape (rows,); NaN where nothing was observed in the hours before.
    """
    rows = len(columns["origin"])
    known_until = columns["scheduled_departure_utc"].astype("datetime64[s]") - np.timedelta64(
        horizon_hours + REPORTED_AFTER_HOURS, "h"
    )
    found = np.full(rows, -1)
    observed_at = observations["observed_utc"].astype("datetime64[s]")
    for airport in np.unique(columns["origin"].astype(str)):
        at = np.flatnonzero(observations["airport"] == airport)
        at = at[np.argsort(observed_at[at], kind="stable")]
        flights = np.flatnonzero(columns["origin"] == airport)
        place = np.searchsorted(observed_at[at], known_until[flights], side="right") - 1
        seen = place >= 0
        found[flights[seen]] = at[place[seen]]
    fresh = found >= 0
    age = known_until[fresh] - observed_at[found[fresh]]
    fresh[fresh] = age <= np.timedelta64(MAX_AGE_HOURS, "h")
    return {f"observed_{name}": _select_rows(observations[name], found, fresh) for name in MEASUREMENTS}


def _select_rows(values: Column, at: Column, where: Column) -> Column:
    taken = np.full(len(at), np.nan)
    taken[where] = values[at[where]]
    return taken
