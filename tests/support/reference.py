"""What is usual among invented training flights."""

from flight_delay.explain.reference import LateShare, Reference

MEANS = {
    "distance_miles": 1000.0,
    "flights_from_origin_in_hour": 19.6,
    "late_rate_all_7d": 0.25,
    "observed_visibility": 9.2,
}
REFERENCE = Reference(
    format=1, bundle="", months=("2013-01", "2013-02"), rows=10_000, late=0.25, means=MEANS,
    categories={
        "day_of_week": {"Fri": LateShare(flights=900, late=0.31)},
        "carrier": {"UA": LateShare(flights=5_000, late=0.22), "AS": LateShare(flights=99, late=0.9)},
        "destination": {"LAX": LateShare(flights=300, late=0.252)},
    },
    hours={"17": LateShare(flights=800, late=0.35), "23": LateShare(flights=100, late=0.1)}, departures={}, routes={},
)  # fmt: skip
