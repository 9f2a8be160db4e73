"""Columns of every kind for profiles and their plots, in four months, the last of which is in no split."""

from __future__ import annotations

from typing import Any

import numpy as np

from flight_delay.checks.table import SPLITS, EncodedTable

ROWS = 4_000
RANDOM = np.random.default_rng(0)
SPLIT = np.array([*SPLITS, ""], object)[np.arange(ROWS) * 4 // ROWS]
MONTH = np.array(["2013-01", "2013-02", "2013-03", "2013-04"], object)[np.arange(ROWS) * 4 // ROWS]
LATE = np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.random(ROWS) < 0.3)
COLUMNS: dict[str, np.ndarray] = {
    "delay": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.exponential(30, ROWS).round() - 10),
    "minutes": RANDOM.integers(300, 1400, ROWS).astype(np.float32),
    "few": RANDOM.integers(0, 7, ROWS),
    "flag": RANDOM.random(ROWS) < 0.5,
    "carrier": np.array([*"ABCDEFGHIJKLMNOPQRST", None], object)[RANDOM.integers(0, 21, ROWS)],
    "origin": np.array(["EWR", "JFK", "LGA"], object)[RANDOM.integers(0, 3, ROWS)],
    "tail_number": np.array([f"N{n}JB" for n in range(900)], object)[RANDOM.integers(0, 900, ROWS)],
    "date": np.datetime64("2013-01-01") + np.arange(ROWS) * 120 // ROWS,
    "departure": np.datetime64("2013-01-01T00:00", "ms") + np.arange(ROWS) * np.timedelta64(40, "m"),
    "nothing": np.full(ROWS, np.nan),
    "constant": np.full(ROWS, "a label far too long", object),
    "key": np.array([f"flight {n:04d}" for n in range(ROWS)], object),
}


def varied_table(rows: Any = np.s_[:], **columns: np.ndarray) -> EncodedTable:
    """Some rows of the columns, or of others, labels being objects."""
    chosen = {name: column[rows] for name, column in (columns or COLUMNS).items()}
    kinds: Any = {name: "categorical" if column.dtype == object else "quantitative" for name, column in chosen.items()}
    return EncodedTable(chosen, kinds, LATE[rows], MONTH[rows], SPLIT[rows])
