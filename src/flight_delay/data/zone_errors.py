"""Find airports whose time zone in the table is probably wrong.

A wrong zone moves the arrivals of an airport by whole hours against their duration, and its departures by as many in
the other direction, in all months or in those with daylight-saving time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from flight_delay.data.clock import MINUTES_PER_DAY, duration_error

MIN_FLIGHTS = 2  # one alone is a mistake in a timetable
KEYS = ["airport", "hours", "other"]


def count_hour_errors(flights: pd.DataFrame) -> pd.DataFrame:
    """Count flights that contradict their duration by whole hours.

    Args:
        flights: columns of the dictionary.

    Returns:
        Rows of airport, hours by which its clock seems to be ahead of the table's, and the airport at the other end:
        `flights`, and `total`, all flights of the airport on the days of such flights.
    """
    # An arrival that a wrong zone moves before the departure is taken for one of the next day.
    half = MINUTES_PER_DAY // 2
    error = (duration_error(flights) + half) % MINUTES_PER_DAY - half
    columns = {"origin": "airport", "destination": "other", "flight_date": "date"}
    departures = flights.rename(columns=columns)[list(columns.values())].assign(hours=-error / 60)[error.notna()]
    arrivals = departures.rename(columns={"airport": "other", "other": "airport"})
    ends = pd.concat([departures, arrivals.assign(hours=-departures["hours"])])
    wrong = ends[(ends["hours"] != 0) & (ends["hours"] % 1 == 0)]
    days = wrong[["airport", "hours", "date"]].drop_duplicates()
    total = days.merge(ends[["airport", "date"]], on=["airport", "date"]).groupby(["airport", "hours"]).size()
    counts = wrong.groupby(KEYS).size().rename("flights").reset_index()
    return counts.join(total.rename("total"), on=["airport", "hours"]).astype({"hours": int})


def suspect_zones(months: Mapping[str, pd.DataFrame], zones: Mapping[str, str]) -> list[dict[str, Any]]:
    """List airports of which most flights contradict their duration alike.

    The airport with most of such flights comes first. Its flights are then explained, so that an airport at the other
    end is suspected only for further ones.

    Args:
        months: counts of `count_hour_errors` by month.
        zones: IANA time zone by airport code.
    """
    suspects: list[dict[str, Any]] = []
    counts = pd.concat([part.assign(month=month) for month, part in months.items()] or [pd.DataFrame()])
    while len(counts):
        flights = counts.groupby(["airport", "hours"])["flights"].sum()
        total = counts.drop_duplicates(["airport", "hours", "month"]).groupby(["airport", "hours"])["total"].sum()
        likely = flights[(flights >= MIN_FLIGHTS) & (2 * flights > total)]
        if likely.empty:
            break
        airport, hours = min(likely.index, key=lambda key: (-likely[key], total[key], key))
        here = (counts["airport"] == airport) & (counts["hours"] == hours)
        suspects.append(
            {
                "airport": airport,
                "zone": zones.get(airport),
                "hours": int(hours),
                "flights": int(likely[airport, hours]),
                "months": sorted(set(counts["month"][here])),
            }
        )
        counts = counts[~here & ~((counts["other"] == airport) & (counts["hours"] == -hours))]
    return suspects
