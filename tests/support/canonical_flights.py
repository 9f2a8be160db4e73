"""A canonical flight, and when its outcome became known, in plain Python."""

from __future__ import annotations

import datetime as dt
from typing import Any

DAY = dt.timedelta(days=1)
NOON = dt.datetime(2013, 3, 5, 12, tzinfo=dt.UTC)
FLIGHT: dict[str, Any] = {
    "flight_date": NOON.date(), "carrier": "UA", "flight_number": 7, "origin": "EWR", "destination": "LAX",
    "scheduled_departure_minutes": 725, "scheduled_departure_utc": NOON, "scheduled_arrival_utc": NOON + DAY / 4,
    "arrival_delay_minutes": 0, "cancelled": False, "diverted": False,
}  # fmt: skip


def known_at(flight: dict[str, Any]) -> dt.datetime:
    """Compute when the outcome of a flight became known, UTC."""
    departure: dt.datetime = flight["scheduled_departure_utc"]
    due: dt.datetime = flight["scheduled_arrival_utc"] or departure + DAY
    delay = flight["arrival_delay_minutes"]
    return departure + DAY if delay is None else max(departure, due + dt.timedelta(minutes=delay))
