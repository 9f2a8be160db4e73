"""Compute a month: counts of outcomes, and features with the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.content import Source
from flight_delay.core.files import read_table, table_bytes
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import columns_from_table
from flight_delay.features.feature import KEYS, TARGET, processed_schema
from flight_delay.features.target import OUTCOME, is_late


class CountedMonth(NamedTuple):
    """A Parquet file of counts, and its last day ('' without outcomes)."""

    content: bytes
    last_day: str


class BuiltMonth(NamedTuple):
    """A Parquet file of features, and its number of rows."""

    content: bytes
    rows: int


def canonical_columns(builder: FeatureBuilder) -> list[str]:
    """List the canonical columns that both functions read."""
    return list(dict.fromkeys([*KEYS, *builder.columns, *history.HISTORY_COLUMNS, *history.OUTCOMES, OUTCOME]))


def count_month(flights_file: Source, builder: FeatureBuilder, schema: pa.Schema) -> CountedMonth:
    """Count the outcomes of a month by day.

    Args:
        flights_file: canonical flights of the month.
        builder: its parameters define a late flight.
        schema: of `canonical_columns`.
    """
    counts = builder.count_outcomes(columns_from_table(read_table(flights_file, schema)))
    last_day = pc.max(counts["day"]).as_py()
    return CountedMonth(table_bytes(counts), last_day.isoformat() if last_day else "")


def build_month(
    flights_file: Source,
    counts_files: Sequence[Source],
    weather_file: Source,
    builder: FeatureBuilder,
    schema: pa.Schema,
) -> BuiltMonth:
    """Compute the features and the target of a month.

    Args:
        flights_file: canonical flights of the month.
        counts_files: of `count_month`, from the month of `FeatureBuilder.first_day_needed` to this one, in order.
        weather_file: observations at the origins.
        builder: computes the features.
        schema: of `canonical_columns`.
    """
    table = read_table(flights_file, schema)
    flights = columns_from_table(table)
    counts = pa.concat_tables(read_table(file, history.COUNTS) for file in counts_files)
    values = builder.build(flights, counts, columns_from_table(read_table(weather_file, OBSERVATIONS)))
    target = is_late(flights[OUTCOME], builder.parameters.late_threshold_minutes)
    columns = {**{key: table[key] for key in KEYS}, **values, TARGET: target}
    return BuiltMonth(
        table_bytes(pa.Table.from_pydict(columns, schema=processed_schema(builder.features))), len(target)
    )
