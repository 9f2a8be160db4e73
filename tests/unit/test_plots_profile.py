"""report.plots.profile: plots from every kind of column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plots import check_plot

from flight_delay.checks.profile import ColumnProfile, profile
from flight_delay.checks.table import SPLITS, EncodedTable
from flight_delay.report.plots.profile import draw_profiles

ROWS = 3_000
RANDOM = np.random.default_rng(0)
SPLIT = np.array(SPLITS, object)[np.arange(ROWS) * 3 // ROWS]
MONTH = np.array(["2013-01", "2013-02", "2013-03"], object)[np.arange(ROWS) * 3 // ROWS]
LATE = np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.random(ROWS) < 0.3)
COLUMNS: dict[str, np.ndarray] = {
    "minutes": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.normal(100, 30, ROWS)),
    "few": RANDOM.integers(0, 18, ROWS),
    "carrier": np.array(["AA", "B6", "DL", None], object)[RANDOM.integers(0, 4, ROWS)],
    "tail_number": np.array([f"N{n}JB" for n in range(900)], object)[RANDOM.integers(0, 900, ROWS)],
    "date": np.datetime64("2013-01-01") + np.arange(ROWS) * 90 // ROWS,
    "nothing": np.full(ROWS, np.nan),
    "constant": np.full(ROWS, "a label far too long", object),
    "key": np.array([f"flight {n}" for n in range(ROWS)], object),
}


def profiles(rows: Any = np.s_[:]) -> list[ColumnProfile]:
    kinds: Any = {name: "categorical" if column.dtype == object else "quantitative" for name, column in COLUMNS.items()}
    return profile(
        EncodedTable({n: column[rows] for n, column in COLUMNS.items()}, kinds, LATE[rows], MONTH[rows], SPLIT[rows])
    )


def test_twelve_columns_are_a_small_plot() -> None:
    first, second = draw_profiles([profiles()[2]] * 13)
    assert (first.name, second.name) == ("profile_1", "profile_2")
    assert first.width == second.width > 1300
    plot = check_plot(lambda: draw_profiles(profiles())[0])
    assert len(plot.content) < 250_000
    assert [name for name in COLUMNS if name not in plot.text] == []
    assert draw_profiles([]) == []


def test_other_numbers_give_another_plot() -> None:
    first = profiles()[0]
    rate = {**first.rate, "test": tuple(None if share is None else share / 2 for share in first.rate["test"])}
    assert draw_profiles([replace(first, rate=rate)])[0].content != draw_profiles([first])[0].content


@pytest.mark.parametrize(
    "rows", [SPLIT == "test", np.isnan(LATE), np.zeros(ROWS, bool)], ids=["test", "unknown", "none"]
)
def test_columns_are_drawn_without_training_without_outcomes_and_without_rows(rows: np.ndarray) -> None:
    assert draw_profiles(profiles(rows))[0].content.startswith(b"\x89PNG\r\n")
