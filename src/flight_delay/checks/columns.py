"""Check single columns: missing values, infinite numbers, and variation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.findings import Finding, share
from flight_delay.checks.table import SPLITS, EncodedColumn, EncodedTable

MISSING_SHARE = 0.01  # smaller shares hardly change a model; the profile has all of them
QUASI_CONSTANT_SHARE = 0.995  # one row in 200 differs, which is hardly enough for a leaf


def check_columns(table: EncodedTable) -> Iterator[Finding]:
    """Check every column."""
    for column in table.encoded.values():
        if column.infinite:
            rows = len(column.codes)
            message = f"{column.name} is infinite in {column.infinite:,} of {rows:,} rows."
            yield Finding("infinite", (column.name,), column.infinite / rows, message, severity="error")
        counts = table.training_counts(column.name)
        most, total = int(np.argmax(counts)), counts.sum()
        value = "missing" if most == len(column.values) else column.text(column.values[most])
        if np.count_nonzero(counts) == 1:
            message = f"{column.name} is {value} in every one of {total:,} rows to learn from."
            yield Finding("constant", (column.name,), 1.0, message)
            continue
        yield from _check_missing(table, column)
        part = counts[most] / max(total, 1)
        if part >= QUASI_CONSTANT_SHARE:
            message = f"{column.name} is {value} in {share(part)} of {total:,} training rows."
            yield Finding("quasi_constant", (column.name,), part, message)


def _check_missing(table: EncodedTable, column: EncodedColumn) -> Iterator[Finding]:
    counts = table.by_split[column.name]
    totals = counts.sum(axis=0)
    shares = {name: counts[-1, place] / totals[place] for place, name in enumerate(SPLITS) if totals[place]}
    overall = column.counts[-1] / max(len(table), 1)
    highest = max([overall, *shares.values()])
    if highest >= MISSING_SHARE:
        by_split = ", ".join(f"{name} {share(part)}" for name, part in shares.items())
        message = f"{column.name} is missing in {share(overall)} of rows{f' ({by_split})' if by_split else ''}."
        yield Finding("missing", (column.name,), highest, message)
