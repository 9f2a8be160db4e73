"""Convert a raw month: canonical flights, quarantine, and their counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from flight_delay.core.content import Source
from flight_delay.core.files import table_bytes
from flight_delay.data.canonical import count_flights, parse_flights, read_raw
from flight_delay.data.contract import QUARANTINE, apply_contract, quarantine_rows
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.quality_report import MonthQuality, count_quality


class ConvertedMonth(NamedTuple):
    """Parquet files of a month, its quality, and flights by outcome (`COUNTS`)."""

    flights: bytes
    quarantine: bytes
    quality: MonthQuality
    counts: dict[str, int]


def convert_month(raw_file: Source, dictionary: Dictionary, zones: Mapping[str, str]) -> ConvertedMonth:
    """Parse a raw month and apply the contract.

    Args:
        raw_file: Parquet file of the month.
        dictionary: describes the columns.
        zones: IANA time zone by airport code.

    Raises:
        UserError: the file is damaged, or a required column is missing.
    """
    layout, raw = read_raw(raw_file, dictionary)
    result = apply_contract(parse_flights(raw, layout, dictionary, zones), dictionary)
    quarantined = quarantine_rows(raw, result.reasons)
    return ConvertedMonth(
        flights=table_bytes(result.flights),
        quarantine=table_bytes(pa.Table.from_pylist(quarantined, schema=QUARANTINE)),
        quality=count_quality(layout, result, quarantined),
        counts=count_flights(result.flights.to_pandas()),
    )
