"""report.plots.profile: numbers in, the same PNG every time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt

from flight_delay.checks.profile import ColumnProfile, profile
from flight_delay.checks.table import WINDOWS, EncodedTable
from flight_delay.report.plots.profile import draw

ROWS = 3_000
RANDOM = np.random.default_rng(0)
WINDOW = np.array(WINDOWS, object)[np.arange(ROWS) * 3 // ROWS]
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
    kinds: Any = {name: "categorical" if of.dtype == object else "quantitative" for name, of in COLUMNS.items()}
    return profile(
        EncodedTable({n: of[rows] for n, of in COLUMNS.items()}, kinds, LATE[rows], MONTH[rows], WINDOW[rows])
    )


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    return draw(profiles())


def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(drawn: dict[str, bytes]) -> None:
    before = plt.get_fignums()
    assert draw(profiles()) == drawn
    assert plt.get_fignums() == before
    assert drawn["profile_1"].startswith(b"\x89PNG\r\n")


def test_other_numbers_give_another_picture() -> None:
    first = profiles()[0]
    late = {**first.rate, "test": tuple(None if share is None else share / 2 for share in first.rate["test"])}
    assert draw([replace(first, rate=late)]) != draw([first])


def test_twelve_columns_are_in_a_picture(drawn: dict[str, bytes]) -> None:
    few = profiles()[2]
    assert list(draw([few] * 13)) == ["profile_1", "profile_2"]
    assert list(drawn) == ["profile_1"]
    assert draw([]) == {}


def test_a_picture_is_small_enough_for_a_page(drawn: dict[str, bytes]) -> None:
    assert len(drawn["profile_1"]) < 250_000


@pytest.mark.parametrize(
    "rows", [WINDOW == "test", np.isnan(LATE), np.zeros(ROWS, bool)], ids=["test", "unknown", "none"]
)
def test_columns_are_drawn_without_training_without_outcomes_and_without_rows(rows: np.ndarray) -> None:
    assert draw(profiles(rows))["profile_1"].startswith(b"\x89PNG\r\n")
