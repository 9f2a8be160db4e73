"""Read timetables and outcomes that users give, and schedules in requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from flight_delay.core.errors import UserError
from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import SCHEDULE_CONTRADICTIONS, apply_contract
from flight_delay.data.dictionary import Dictionary, find_layout
from flight_delay.data.dictionary_entries import Layout

# Column of the API, and of a CSV with its columns, by source column of the layout that they are read as.
API_LAYOUT: Layout = "bts_current"
API_COLUMNS = {
    "Reporting_Airline": "carrier",
    "Flight_Number_Reporting_Airline": "flight_number",
    "Origin": "origin",
    "Dest": "destination",
    "CRSDepTime": "scheduled_departure",
    "CRSArrTime": "scheduled_arrival",
    "CRSElapsedTime": "scheduled_elapsed_minutes",
    "Distance": "distance_miles",
    "ArrDelay": "arrival_delay_minutes",
    "Cancelled": "cancelled",
    "Diverted": "diverted",
}
DATE_COLUMNS = ("Year", "Month", "DayofMonth")
# Names that the API has for canonical columns.
API_NAMES = {"scheduled_departure_minutes": "scheduled_departure", "scheduled_arrival_minutes": "scheduled_arrival"}
MAX_SHOWN = 3  # invalid rows in a message


class Problem(NamedTuple):
    """What is wrong with a row: its position, the field, and the reason."""

    row: int
    field: str
    message: str


class ParsedSchedule(NamedTuple):
    """Valid flights, and problems of the others.

    `flights` has the canonical columns, `rows` the position in the source by flight id.
    """

    flights: pa.Table
    rows: dict[str, int]
    problems: list[Problem]


def read_feed(path: Path, dictionary: Dictionary, zones: Mapping[str, str]) -> pa.Table:
    """Read a feed and return its flights as canonical columns.

    Args:
        path: a CSV or Parquet file in a layout of the dictionary, or with the columns of the API.
        dictionary: the data dictionary, or that of a timetable.
        zones: time zone by airport.

    Raises:
        UserError: the file is missing or is not a table of a known layout, or a row breaks the contract.
    """
    raw = _read_rows(path)
    advice = "give flight_date, carrier, flight_number, origin, destination, scheduled_departure, scheduled_arrival, …"
    required, names = dictionary.required_columns, list(raw.columns)
    del required["table"]  # its columns have the names of the API, but for clock times
    if "flight_date" in names:  # the API has no other columns than these
        fields = {API_COLUMNS[name] for name in required[API_LAYOUT] if name in API_COLUMNS}
        find_layout(names, {"that of the API": fields}, str(path), advice)
        raw, layout = to_source_columns(raw), API_LAYOUT
    else:
        layout = find_layout(names, required, str(path), advice)
    parsed = parse_source_rows(raw, layout, dictionary, zones)
    if parsed.problems:
        shown = "; ".join(f"row {row + 1}: {name}: {text}" for row, name, text in parsed.problems[:MAX_SHOWN])
        more = f" and {len(parsed.problems) - MAX_SHOWN:,} more" if len(parsed.problems) > MAX_SHOWN else ""
        raise UserError(f"{path}: {shown}{more}; correct or remove the rows")
    if not len(parsed.flights):
        raise UserError(f"{path}: no flights; give one per row")
    return parsed.flights


def parse_schedules(
    rows: Sequence[Mapping[str, Any]], dictionary: Dictionary, zones: Mapping[str, str]
) -> ParsedSchedule:
    """Parse schedules with the fields of the API.

    Args:
        rows: values by field.
        dictionary: that of a timetable.
        zones: time zone by airport.
    """
    return parse_source_rows(to_source_columns(pd.DataFrame(list(rows))), API_LAYOUT, dictionary, zones)


def to_source_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Rename columns of the API to those of `API_LAYOUT`, and split dates."""
    parts = rows["flight_date"].astype("string").str.split("-", n=2, expand=True)
    parts = parts.reindex(columns=range(3)).set_axis(list(DATE_COLUMNS), axis=1)
    present = {source: rows[name] for source, name in API_COLUMNS.items() if name in rows}
    return pd.concat([parts, pd.DataFrame(present)], axis=1)


def parse_source_rows(
    raw: pd.DataFrame, layout: Layout, dictionary: Dictionary, zones: Mapping[str, str]
) -> ParsedSchedule:
    """Parse rows of a source and apply the contract.

    Args:
        raw: source columns of the layout.
        layout: of the source.
        dictionary: the data dictionary, or that of a timetable.
        zones: time zone by airport.
    """
    parsed = parse_flights(raw, layout, dictionary, zones)
    result = apply_contract(parsed, dictionary)
    problems = [Problem(row, *_split_reason(text)) for row, texts in result.reasons.items() for text in texts]
    ids = parsed.flights["flight_id"]
    rows = {str(ids[row]): row for row in range(len(ids)) if row not in result.reasons}
    return ParsedSchedule(result.flights, rows, problems)


def _split_reason(reason: str) -> tuple[str, str]:
    if reason in SCHEDULE_CONTRADICTIONS:
        return "scheduled_elapsed_minutes", "contradicts the scheduled times and the time zones of the airports"
    name, separator, problem = reason.partition(": ")
    return (API_NAMES.get(name, name), problem) if separator else ("arrival_delay_minutes", reason)


def _read_rows(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UserError(f"{path}: no such file; give a CSV or Parquet file")
    try:
        if path.suffix == ".parquet":
            table = pq.ParquetFile(path, page_checksum_verification=True).read()
            table.validate(full=True)  # such as text that is no UTF-8
            rows: pd.DataFrame = table.to_pandas(ignore_metadata=True)  # an index is a column, too
            return rows
        return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=["", "NA"], skipinitialspace=True)
    except (ValueError, pa.ArrowException, pa.ArrowIOError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path}: not a CSV or Parquet table ({reason}); correct it") from None
