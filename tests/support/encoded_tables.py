"""Tables for the checks: rows of four months, two for training, with a base rate of one in four."""

from __future__ import annotations

from typing import Any

import numpy as np

from flight_delay.checks.table import EncodedTable

MONTHS = np.array(["2013-01", "2013-02", "2013-03", "2013-04"], object)
SPLITS = np.array(["train", "train", "validation", "test"], object)


def encoded_table(rows: int = 8_000, target: Any = None, order: Any = np.s_[:], **columns: np.ndarray) -> EncodedTable:
    """Build a table of columns, labels being objects, with a random target unless one is given."""
    rows = len(next(iter(columns.values()))) if columns else rows
    month = np.arange(rows) * 4 // rows
    kinds: Any = {name: "categorical" if column.dtype == object else "quantitative" for name, column in columns.items()}
    if target is None:
        target = (np.random.default_rng(0).random(rows) < 0.25).astype(float)
    shuffled = {name: column[order] for name, column in columns.items()}
    return EncodedTable(shuffled, kinds, target[order], MONTHS[month][order], SPLITS[month][order])
