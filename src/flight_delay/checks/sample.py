"""Putting together what is inspected from months that are read one at a time, so that memory holds a sample."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from flight_delay.checks.table import Inspected
from flight_delay.features.columns import Columns, from_table
from flight_delay.features.feature import TARGET, Feature, Kind
from flight_delay.model.examples import Examples, labelled


@dataclass(frozen=True)
class Month:
    """Rows of a month: the processed table, the columns of the canonical table that are no features, and their window."""

    name: str
    window: str
    processed: pa.Table
    flights: pa.Table


def evenly_spaced(rows: int, step: int) -> pa.Array:
    """Positions of every `step`-th row."""
    return pa.array(np.arange(0, rows, step))


def put_together(months: Sequence[Month], features: Sequence[Feature]) -> tuple[Inspected, Inspected]:
    """Features, and the other columns of the same flights, as far as they have a value anywhere."""
    processed = pa.concat_tables(month.processed for month in months)
    flights = pa.concat_tables(month.flights for month in months)
    target = processed[TARGET].cast(pa.float64()).to_numpy()  # NaN where there is no outcome
    lengths = [month.processed.num_rows for month in months]
    month = np.repeat(np.array([month.name for month in months], object), lengths)
    window = np.repeat(np.array([month.window for month in months], object), lengths)

    def inspected(columns: Columns, kinds: dict[str, Kind]) -> Inspected:
        return Inspected(columns, kinds, target, month, window)

    given = [name for name in flights.column_names if flights[name].null_count < len(flights)]
    others = {name: _kind(flights.schema.field(name).type) for name in given}
    return (
        inspected(from_table(processed, [f.name for f in features]), {f.name: f.kind for f in features}),
        inspected(from_table(flights, others), others),
    )


def earlier_and_later(months: Sequence[Month], earlier_share: float = 0.6) -> tuple[list[Month], list[Month]]:
    """The months of the training and validation windows, in two parts; with two months or more neither is empty."""
    seen = [month for month in months if month.window in ("train", "validation")]
    cut = min(max(round(earlier_share * len(seen)), 1), len(seen) - 1)
    return seen[:cut], seen[cut:]


def without(inspected: Inspected, names: Collection[str]) -> Inspected:
    """The same flights without some columns."""
    return replace(inspected, columns={name: of for name, of in inspected.columns.items() if name not in names})


def examples_of(months: Sequence[Month], features: Sequence[Feature]) -> Examples:
    """The flights whose outcome is known."""
    return labelled(pa.concat_tables(month.processed for month in months), features)


def _kind(of: pa.DataType) -> Kind:
    return "categorical" if pa.types.is_string(of) or pa.types.is_boolean(of) else "quantitative"
