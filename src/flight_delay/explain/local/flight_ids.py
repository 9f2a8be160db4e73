"""Read flight ids that users give, and find the flights in data/processed."""

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
_FLIGHT_ID = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\d-[^-]+-\d+-[^-]+-\d{4}")
_CLOCK = re.compile(r"(\d{1,2}):?(\d\d)")
_MAX_NAMED = 3  # wrong ids in a message


def read_flight_ids(text: str, source: str) -> list[str]:
    """Read flight ids from a CSV, in its order.

    Args:
        text: of the CSV: a column `flight_id`, or `PARTS` and either the clock time HHMM or minutes after midnight.
        source: name of the CSV in messages.

    Raises:
        UserError: it is empty or lacks a column, or a value cannot be part of a flight id.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    header = rows.fieldnames = [name.strip() for name in rows.fieldnames or []]
    missing = [*(name for name in PARTS if name not in header), *([] if {HHMM, MINUTES} & set(header) else [HHMM])]
    if "flight_id" not in header and missing:
        raise UserError(
            f"{source}: no column 'flight_id' and no column '{missing[0]}'; give flight_id, or {', '.join(PARTS)} and "
            f"{HHMM} (HHMM) or {MINUTES}"
        )
    try:
        flight_ids = [_parse_row(row, f"{source}: line {rows.line_num}") for row in rows]
    except csv.Error as error:
        raise UserError(f"{source}: not a valid CSV ({error}); correct it") from None
    if not flight_ids:
        raise UserError(f"{source}: no flights; give one per line")
    return flight_ids


def find_flights(processed: Path, flight_ids: Sequence[str], source: str) -> dict[str, Column]:
    """Find flights in the monthly tables.

    Args:
        processed: folder of monthly tables.
        flight_ids: of the flights.
        source: of the ids in messages.

    Returns:
        By month, in order of time, positions of its flights in its table, in the order given.

    Raises:
        UserError: an id is invalid or duplicated, or its month or flight does not exist.
    """
    if invalid := [flight_id for flight_id in flight_ids if not _FLIGHT_ID.fullmatch(flight_id)]:
        raise UserError(f"{source}: '{invalid[0]}' is not a flight id such as {EXAMPLE}; correct it")
    if duplicates := [flight_id for flight_id, count in Counter(flight_ids).items() if count > 1]:
        others = f" and {len(duplicates) - 1:,} more" if len(duplicates) > 1 else ""
        raise UserError(f"{source}: '{duplicates[0]}'{others}: duplicated; remove the duplicates")
    present = list_months(processed)
    months = sorted({flight_id[:7] for flight_id in flight_ids})
    if absent := [month for month in months if month not in present]:
        raise UserError(
            f"{processed}: no data for {', '.join(absent[:_MAX_NAMED])} of {source} "
            f"(months {present[0]} … {present[-1]} exist); choose flights of these months"
        )
    positions: dict[str, Column] = {}
    unknown: list[str] = []
    for month in months:
        of_month = [flight_id for flight_id in flight_ids if flight_id[:7] == month]
        known = read_table(month_path(processed, month), columns=["flight_id"])["flight_id"].combine_chunks()
        positions[month] = pc.index_in(pa.array(of_month), known).fill_null(-1).to_numpy()
        for flight_id in np.array(of_month)[positions[month] < 0].tolist():
            is_named = len(unknown) < _MAX_NAMED
            unknown.append(f"'{flight_id}'{_suggest(flight_id, known.to_pylist())}" if is_named else flight_id)
    if unknown:
        more = f" and {len(unknown) - _MAX_NAMED:,} more" if len(unknown) > _MAX_NAMED else ""
        raise UserError(
            f"{source}: {len(unknown):,} of {len(flight_ids):,} flights not found in {processed}: "
            f"{', '.join(unknown[:_MAX_NAMED])}{more}; correct the flight ids"
        )
    return positions


def _suggest(flight_id: str, known: Sequence[str]) -> str:
    """Suggest the most similar ids of the same date, or else of the month."""
    same_date = [other for other in known if other[:10] == flight_id[:10]]
    similar = difflib.get_close_matches(flight_id, same_date or known, n=2, cutoff=0.7)
    return f" (similar: {' and '.join(similar)})" if similar else ""


def _parse_row(row: dict[str, str | None], where: str) -> str:
    values = {name: (value or "").strip() for name, value in row.items() if name and not isinstance(value, list)}
    if "flight_id" in values:
        if not values["flight_id"]:
            raise UserError(f"{where}: no flight_id; give one or remove the line")
        return values["flight_id"]
    if MINUTES in values:
        clock = divmod(int(values[MINUTES]), 60) if values[MINUTES].isdecimal() else None
    else:
        match = _CLOCK.fullmatch(values[HHMM] and values[HHMM].zfill(3))
        clock = (int(match[1]), int(match[2])) if match else None
    flight_id = "-".join([*(values[name] for name in PARTS), "{:02d}{:02d}".format(*clock) if clock else ""])
    if not _FLIGHT_ID.fullmatch(flight_id):
        raise UserError(f"{where}: '{flight_id}' is not a flight id such as {EXAMPLE}; correct the line")
    return flight_id
