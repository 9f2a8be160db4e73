"""Keys of flights as people give them, and finding the flights in data/processed. What is wrong with them is said in one line."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import list_months, month_path
from flight_delay.features.columns import Column

EXAMPLE = "2013-11-01-US-1895-EWR-0500"
PARTS = ("flight_date", "carrier", "flight_number", "origin")
HHMM, MINUTES = "scheduled_departure", "scheduled_departure_minutes"
_KEY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\d-[^-]+-\d+-[^-]+-\d{4}")
_CLOCK = re.compile(r"(\d{1,2}):?(\d\d)")
_NAMED = 3  # of wrong keys, so many are named


def read_keys(text: str, called: str) -> list[str]:
    """Take the keys of flights out of a CSV, in its order.

    Args:
        text: of the CSV: a column `flight_id`, or `PARTS` and either the clock time HHMM or minutes after midnight.
        called: its name.

    Raises:
        UserError: it is empty, lacks a column, or a value cannot be part of a key.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    header = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = header
    missing = [name for name in PARTS if name not in header]
    if "flight_id" not in header and (missing or not {HHMM, MINUTES} & set(header)):
        lacking = missing[0] if missing else HHMM
        raise UserError(
            f"{called}: no column 'flight_id', nor all that make a key: '{lacking}' is missing of {', '.join(PARTS)} and "
            f"{HHMM} (HHMM) or {MINUTES}; add it"
        )
    try:
        keys = [_key(row, f"{called}: line {rows.line_num}") for row in rows]
    except csv.Error as error:
        raise UserError(f"{called}: not a CSV ({error}); mend it") from None
    if not keys:
        raise UserError(f"{called}: no flights in it; give a line for each")
    return keys


def find(processed: Path, keys: Sequence[str], called: str) -> dict[str, Column]:
    """Find flights in their months.

    Args:
        processed: folder of monthly tables.
        keys: of the flights.
        called: where they were given.

    Returns:
        By month, in order of time, positions of its flights in its table, in the order given.

    Raises:
        UserError: a key is none, is given twice, or is of a month or a flight that is not there.
    """
    if wrong := [key for key in keys if not _KEY.fullmatch(key)]:
        raise UserError(f"{called}: '{wrong[0]}' is not the key of a flight, such as {EXAMPLE}; mend it")
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        others = f" and {len(twice) - 1:,} more" if len(twice) > 1 else ""
        raise UserError(f"{called}: '{twice[0]}'{others}: given more than once; leave one of each")
    present = list_months(processed)
    if absent := sorted({key[:7] for key in keys} - set(present)):
        raise UserError(
            f"{processed}: no data for {', '.join(absent[:_NAMED])}, which {called} asks for "
            f"(there are {present[0]} … {present[-1]}); choose flights of these"
        )
    found: dict[str, Column] = {}
    unknown: list[str] = []
    near: list[str] = []
    for month in sorted({key[:7] for key in keys}):
        of_month = [key for key in keys if key[:7] == month]
        there = read_table(month_path(processed, month), columns=["flight_id"])["flight_id"]
        positions = pc.index_in(pa.array(of_month), there.combine_chunks()).fill_null(-1).to_numpy()
        lost = [key for key, position in zip(of_month, positions, strict=True) if position < 0]
        near += [_suggested(key, there.to_pylist()) for key in lost[: max(0, _NAMED - len(unknown))]]
        unknown += lost
        found[month] = positions
    if unknown:
        named = ", ".join(f"'{key}'{said}" for key, said in zip(unknown, near, strict=False))
        more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
        many = f"{len(unknown):,} of {len(keys):,} flights are" if len(keys) > 1 else "this flight is"
        raise UserError(f"{called}: {many} not in {processed}: {named}{more}; mend the keys")
    return {month: np.asarray(positions) for month, positions in found.items()}


def _suggested(key: str, there: Sequence[str]) -> str:
    """The keys of the same date that are most like one, in brackets; of the month, where the date has none."""
    day = [of for of in there if of[:10] == key[:10]] or there
    close = difflib.get_close_matches(key, day, n=2, cutoff=0.7)
    return f" (there is {' and '.join(close)})" if close else ""


def _key(row: dict[str, str | None], where: str) -> str:
    values = {
        name: (value or "").strip()
        for name, value in row.items()
        if isinstance(name, str) and not isinstance(value, list)
    }
    if "flight_id" in values:
        if not values["flight_id"]:
            raise UserError(f"{where}: no flight_id; give one, or remove the line")
        return values["flight_id"]
    if MINUTES in values:
        hhmm = f"{int(values[MINUTES]) // 60:02d}{int(values[MINUTES]) % 60:02d}" if values[MINUTES].isdecimal() else ""
    else:
        clock = _CLOCK.fullmatch(values[HHMM] and values[HHMM].zfill(3))
        hhmm = f"{int(clock[1]):02d}{clock[2]}" if clock else ""
    key = "-".join([*(values[name] for name in PARTS), hhmm])
    if not _KEY.fullmatch(key):
        raise UserError(f"{where}: '{key}' is not the key of a flight, such as {EXAMPLE}; mend the line")
    return key
