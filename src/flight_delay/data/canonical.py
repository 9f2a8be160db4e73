"""Parse the rows of a source into the columns of the data dictionary.

Values that cannot be parsed are left empty and reported; data.contract handles their rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from flight_delay.core.content import Source
from flight_delay.core.files import read_parquet_metadata, read_table
from flight_delay.data.clock import MINUTES_PER_DAY, minutes_after_midnight, schedule_to_utc
from flight_delay.data.dictionary import Dictionary, find_layout
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.sources import nycflights13
from flight_delay.data.values import PARSERS, Mask, clock_times_as_hhmm, parse_whole_numbers

CLOCK_TIMES = ("scheduled_departure_minutes", "scheduled_arrival_minutes")
# Of files of the BTS, by scheduled time: the actual one, and the delay, which is their difference.
ACTUAL_TIMES = {
    "scheduled_departure_minutes": ("DepTime", "departure_delay_minutes"),
    "scheduled_arrival_minutes": ("ArrTime", "arrival_delay_minutes"),
}
COUNTS = ("scheduled", "completed", "cancelled", "diverted", "unknown_destination")

# Functions that compute a canonical column from the raw table, by layout and column.
DERIVED = {"nycflights13": nycflights13.DERIVED}


def read_raw(path: Source, dictionary: Dictionary) -> tuple[Layout, pd.DataFrame]:
    """Find the layout of a raw file; read the columns in the dictionary.

    Raises:
        UserError: a required column of the layout is missing.
    """
    present = read_parquet_metadata(path).schema.names
    layout = find_layout(present, dictionary.required_columns, str(path), "`dvc repro --force` makes it again")
    used = {name for names in dictionary.layout_columns(layout).values() for name in names}
    used |= {actual for actual, _ in ACTUAL_TIMES.values()}
    return layout, read_table(path, columns=[name for name in present if name in used]).to_pandas()


class ParsedFlights(NamedTuple):
    """Parsed rows of a source, in its order.

    Attributes:
        flights: the columns of the dictionary.
        unreadable: rows whose value could not be parsed, by column and problem.
        remarks: rows of a warning, by its text.
    """

    flights: pd.DataFrame
    unreadable: dict[tuple[str, str], Mask]
    remarks: dict[str, Mask]


def parse_flights(
    raw: pd.DataFrame,
    layout: Layout,
    dictionary: Dictionary,
    zones: Mapping[str, str],
) -> ParsedFlights:
    """Parse the rows of a source.

    Args:
        raw: source columns of the layout; those of informative columns may be missing. Numbers may be text.
        layout: layout of the source.
        dictionary: describes the canonical columns.
        zones: IANA time zone by airport code.
    """
    unreadable: dict[tuple[str, str], Mask] = {}
    values: dict[str, pd.Series] = {}
    raw = raw.reset_index(drop=True)
    for name, sources in dictionary.layout_columns(layout).items():
        if not set(sources) <= set(raw.columns):
            continue
        if name in DERIVED.get(layout, {}):
            values[name] = DERIVED[layout][name](raw)
            continue
        given = clock_times_as_hhmm(raw[sources]) if layout == "table" and name in CLOCK_TIMES else raw[sources]
        parse, problem = PARSERS[dictionary.columns[name].type]
        values[name], unreadable[name, problem] = parse(given)
    for name in CLOCK_TIMES:
        minutes = minutes_after_midnight(values[name])
        unreadable[name, "is not a clock time"] = values[name].notna() & minutes.isna()
        values[name] = minutes
    replaced = _restore_midnights(raw, values, unreadable)

    origin_zone, destination_zone = values["origin"].map(zones), values["destination"].map(zones)
    unreadable["origin", "is not in the airports table"] = values["origin"].notna() & origin_zone.isna()
    schedule = {name: values.get(name, np.nan) for name in ("flight_date", *CLOCK_TIMES, "scheduled_elapsed_minutes")}
    utc = schedule_to_utc(pd.DataFrame({**schedule, "origin_zone": origin_zone, "destination_zone": destination_zone}))
    values |= {name: utc[name] for name in ("scheduled_departure_utc", "scheduled_arrival_utc")}
    values["flight_id"] = _flight_id(values)
    absent = {name: pd.Series(None, index=raw.index, dtype=object) for name in dictionary.columns if name not in values}
    return ParsedFlights(
        flights=pd.DataFrame({name: values.get(name, absent.get(name)) for name in dictionary.columns}),
        unreadable={key: failed for key, failed in unreadable.items() if failed.any()},
        remarks={
            "destination is not in the airports table": values["destination"].notna() & destination_zone.isna(),
            "departure at a time that the spring change skips": utc["in_gap"],
            **replaced,
        },
    )


def count_flights(flights: pd.DataFrame) -> dict[str, int]:
    """Count the flights of a canonical table by outcome; keys are `COUNTS`."""
    return {
        "scheduled": len(flights),
        "completed": int((~flights["cancelled"] & ~flights["diverted"]).sum()),
        "cancelled": int(flights["cancelled"].sum()),
        "diverted": int(flights["diverted"].sum()),
        "unknown_destination": int(flights["scheduled_arrival_utc"].isna().sum()),
    }


def _flight_id(values: Mapping[str, pd.Series]) -> pd.Series:
    minutes = values["scheduled_departure_minutes"].astype("Int64")
    number = (
        values["flight_number"].astype("string").str.removesuffix(".0")
    )  # of any size: the contract is applied later
    hhmm = (minutes // 60 * 100 + minutes % 60).astype("string").str.zfill(4)
    date = values["flight_date"].dt.strftime("%Y-%m-%d").astype("string")
    others = pd.concat([values["carrier"], number, values["origin"], hhmm], axis=1)
    flight_id: pd.Series = date.str.cat(others, sep="-")
    return flight_id


def _restore_midnights(
    raw: pd.DataFrame, values: dict[str, pd.Series], unreadable: dict[tuple[str, str], Mask]
) -> dict[str, Mask]:
    """Replace scheduled times of 0:00 that stand for unknown ones.

    Some files of the BTS have them. Actual time and delay tell the scheduled time, and confirm a real midnight. Without
    them and without a duration, by which data.contract checks it, the time is unreadable.

    Returns:
        Rows with a replaced time, by the text of a remark.
    """
    remarks: dict[str, Mask] = {}
    for name, (actual, delay) in ACTUAL_TIMES.items():
        if actual not in raw.columns or delay not in values:
            continue
        midnight = values[name] == 0
        scheduled = (minutes_after_midnight(parse_whole_numbers(raw[[actual]])[0]) - values[delay]) % MINUTES_PER_DAY
        unknown = midnight & scheduled.isna() & values.get("scheduled_elapsed_minutes", scheduled.fillna(0)).isna()
        unreadable[name, "is 0:00, which stands for an unknown time"] = unknown
        values[name] = values[name].mask(unknown).mask(midnight & scheduled.notna(), scheduled)
        remarks[f"{name}: is 0:00; the actual time minus the delay replaces it"] = midnight & (scheduled > 0)
    return remarks
