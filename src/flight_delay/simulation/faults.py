"""Faults of feeds, states and processes that a simulation has on some days.

Feeds have the columns of the API. The same fault changes the same rows on every run."""

from __future__ import annotations

import datetime
import re
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from flight_delay.core.errors import UserError

FORM = "NAME[=VALUE][@DATE[+DAYS]]"
KILOMETRES_PER_MILE = 1.609344
_DAY = datetime.timedelta(days=1)
_CLOCK_COLUMNS = {
    "scheduled_departure": "scheduled_departure_minutes",
    "scheduled_arrival": "scheduled_arrival_minutes",
}
_COPIED = ("carrier", "flight_number", "origin", "destination", "distance_miles")


class Fault(NamedTuple):
    """A fault and the UTC days of departure of the flights that it affects."""

    name: str
    value: str
    first: datetime.date
    days: int

    def is_active(self, day: datetime.date) -> bool:
        """Whether it affects flights of a day."""
        return self.first <= day < self.first + self.days * _DAY

    def __str__(self) -> str:
        return f"{self.name}{f'={self.value}' if self.value else ''}@{self.first}+{self.days}"


def to_feed(timetable: pa.Table) -> pd.DataFrame:
    """Convert canonical flights to the columns of the API, and `departure_utc`."""
    clocks = {}
    for name, column in _CLOCK_COLUMNS.items():
        minutes = timetable[column].to_pandas().astype("Int64")
        clocks[name] = minutes // 60 * 100 + minutes % 60
    dates = timetable["flight_date"].to_pandas().astype(str)
    copied = {name: timetable[name].to_pandas() for name in _COPIED}
    return pd.DataFrame({"flight_date": dates, **copied, **clocks}).assign(
        departure_utc=timetable["scheduled_departure_utc"].to_numpy()
    )


def spoil(rows: pd.DataFrame, fault: Fault) -> pd.DataFrame:
    """Apply a fault of a timetable to the rows of `to_feed`."""
    return TIMETABLE_FAULTS[fault.name](rows, fault.value)


def drop_share(rows: pd.DataFrame, share: str) -> pd.DataFrame:
    """Leave out a share of the flights, the same ones in every timetable."""
    key = rows["flight_date"] + rows["carrier"] + rows["flight_number"].astype(str) + rows["origin"]
    place = np.array([zlib.crc32(text.encode()) / 2**32 for text in key])
    return rows[place >= float(share)]


def use_utc_clock(rows: pd.DataFrame, _: str) -> pd.DataFrame:
    """Give clock times of departure in UTC, with the local date."""
    utc = rows["departure_utc"].dt
    return rows.assign(scheduled_departure=(utc.hour * 100 + utc.minute).astype("Int64"))


def rename_carrier(rows: pd.DataFrame, carrier: str) -> pd.DataFrame:
    """Give another code to a carrier, to that with most flights by default."""
    code = carrier or rows["carrier"].value_counts(sort=False).sort_index().idxmax()
    return rows.assign(carrier=rows["carrier"].replace({code: f"{code}X"}))


def use_kilometres(rows: pd.DataFrame, _: str) -> pd.DataFrame:
    """Give distances in kilometres."""
    return rows.assign(distance_miles=(rows["distance_miles"] * KILOMETRES_PER_MILE).round().astype(int))


TIMETABLE_FAULTS: Mapping[str, Callable[[pd.DataFrame, str], pd.DataFrame]] = {
    "timetable": drop_share,
    "utc-departures": use_utc_clock,
    "renamed-carrier": rename_carrier,
    "kilometres": use_kilometres,
}
HISTORY_STUCK, NO_STATE = "history-stuck", "no-state"
SERVER_KILL, DATABASE_KILL = "server-kill", "database-kill"
# Days that a fault lasts, if they are not given, and the form of its value.
_KINDS: Mapping[str, tuple[int, str]] = {
    "timetable": (3, r"0?\.[0-9]+"),
    "utc-departures": (3, ""),
    "renamed-carrier": (3, r"([A-Z0-9]{2,7})?"),
    "kilometres": (3, ""),
    HISTORY_STUCK: (3, r"([1-9][0-9]?d)?"),
    NO_STATE: (3, ""),
    SERVER_KILL: (1, ""),
    DATABASE_KILL: (1, ""),
}


def parse_fault(text: str, first: datetime.date, last: datetime.date) -> Fault:
    """Parse a fault such as `timetable=0.3@2013-11-20+3`.

    Args:
        text: the fault; it starts in the middle of the season if it has no date.
        first: first day of the season.
        last: last day of it.

    Raises:
        UserError: it is not a fault, or starts outside the season.
    """
    parts = re.fullmatch(r"([a-z-]+)(?:=([^@]*))?(?:@([0-9-]{10})(?:\+([1-9][0-9]?))?)?", text)
    if parts is None or parts[1] not in _KINDS:
        raise UserError(f"--fault {text}: no such fault; give {FORM} with NAME one of {', '.join(_KINDS)}")
    name, value = parts[1], parts[2] or ""
    days, form = _KINDS[name]
    if not re.fullmatch(form, value):
        raise UserError(f"--fault {text}: '{value}' is no value of {name}; see `flight-delay simulate --help`")
    try:
        start = datetime.date.fromisoformat(parts[3]) if parts[3] else first + (last - first) // 2
    except ValueError:
        raise UserError(f"--fault {text}: '{parts[3]}' is not a date such as 2013-11-20") from None
    if not first <= start <= last:
        raise UserError(f"--fault {text}: starts outside the season; choose a day of {first} … {last}")
    if name == HISTORY_STUCK and value:
        days = int(value[:-1])
    return Fault(name, value, start, int(parts[4]) if parts[4] else days)
