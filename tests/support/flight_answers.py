"""Build reasons and what-ifs of one flight."""

from __future__ import annotations

from flight_delay.explain.local.reasons import Contribution, Reasons
from flight_delay.explain.local.what_if import Departure, WhatIf

FLIGHT = "2013-11-01-UA-17-EWR-1705"


def reasons(*moves: float, base: float = 0.25, predicted_late: bool = True) -> Reasons:
    """Return contributions to the probability, the largest first, without sentences."""
    parts = tuple(
        Contribution(f"t{at}", f"topic {at}", 5 * move, move)
        for at, move in enumerate(sorted(moves, key=abs, reverse=True))
    )
    return Reasons(FLIGHT, base + sum(moves), base, -1.1, predicted_late, parts, ())


def what_if(*origin_flights: int) -> WhatIf:
    """Return a prediction for each half hour of the day with so many training flights; the second is the flight's."""
    points = tuple(
        Departure(30 * at, 0.1 + 0.1 * at, at >= 2, flights, at % 2) for at, flights in enumerate(origin_flights)
    )
    return WhatIf(FLIGHT, "EWR", "LAX", 0.25, points[1], points)
