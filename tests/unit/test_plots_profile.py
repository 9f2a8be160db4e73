"""report.plots.profile: plots from every kind of column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plots import check_plot
from varied_columns import COLUMNS, LATE, ROWS, SPLIT, varied_table

from flight_delay.checks.profile import profile
from flight_delay.report.plots.profile import draw_profiles

PROFILES = profile(varied_table())


def test_twelve_columns_are_a_small_plot() -> None:
    first, second = draw_profiles([PROFILES[4]] * 13)
    assert (first.name, second.name) == ("profile_1", "profile_2")
    assert first.width == second.width > 1300
    plot = check_plot(lambda: draw_profiles(PROFILES)[0])
    assert len(plot.content) < 250_000
    assert [name for name in COLUMNS if name not in plot.text] == []
    assert draw_profiles([]) == []


def test_other_numbers_give_another_plot() -> None:
    first = PROFILES[0]
    rate = {**first.rate, "test": tuple(None if share is None else share / 2 for share in first.rate["test"])}
    assert draw_profiles([replace(first, rate=rate)])[0].content != draw_profiles([first])[0].content


@pytest.mark.parametrize(
    "rows", [SPLIT == "test", np.isnan(LATE), np.zeros(ROWS, bool)], ids=["test", "unknown", "none"]
)
def test_columns_are_drawn_without_training_without_outcomes_and_without_rows(rows: np.ndarray) -> None:
    assert draw_profiles(profile(varied_table(rows)))[0].content.startswith(b"\x89PNG\r\n")
