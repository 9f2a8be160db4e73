"""Check categorical columns for many, rare and new labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.findings import Finding, join_names, share
from flight_delay.checks.table import EncodedColumn, EncodedTable, Numbers

MANY_LABELS = 50  # high cardinality also for ydata-profiling
KEY_SHARE = 0.5  # labels per row of a column that nearly identifies rows
RARE_ROWS = 30  # a share of 20 % of so few rows has a standard error of 7 percentage points


def check_labels(table: EncodedTable) -> Iterator[Finding]:
    """Check every categorical column."""
    for name, column in table.encoded.items():
        if column.kind != "categorical":
            continue
        if len(column.values) > MANY_LABELS:
            message = f"{name} has {len(column.values):,} labels in {column.counts[:-1].sum():,} rows."
            yield Finding("high_cardinality", (name,), len(column.values), message)
        by_split = table.by_split[name]
        training, later = by_split[:, 0], by_split[:, 1:3].sum(axis=1)
        rare = training[:-1] * (training[:-1] < RARE_ROWS)
        if rare.any():
            part = rare.sum() / training.sum()
            message = (
                f"{name}: {np.count_nonzero(rare)} of {np.count_nonzero(training[:-1])} labels have fewer than "
                f"{RARE_ROWS} training rows ({_most_frequent(column, rare)}), {share(part)} of these rows in total."
            )
            yield Finding("rare_labels", (name,), part, message)
        new = later[:-1] * (training[:-1] == 0)
        if new.any() and training.any():
            part = new.sum() / later.sum()
            message = (
                f"{name}: labels that are not in training: {_most_frequent(column, new)}, in {new.sum():,} of "
                f"{later.sum():,} validation and test rows ({share(part)})."
            )
            yield Finding("new_labels", (name,), part, message)


def _most_frequent(column: EncodedColumn, counts: Numbers) -> str:
    """List labels with rows, the most frequent first."""
    labels = sorted((-int(counts[place]), str(column.values[place])) for place in np.flatnonzero(counts))
    return join_names(label for _, label in labels)
