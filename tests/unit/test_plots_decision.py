"""report.plots.threshold: numbers in, the same PNG every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from flight_delay.report.plots import threshold as plots

BACKTEST = {"threshold": [0.0, 0.25, 0.5, 1.0], "profit_per_flight": [-50.0, -3.0, -20.0, -40.0]}
TEST = {"threshold": [0.0, 0.25, 0.5, 1.0], "profit_per_flight": [-48.0, -22.0, -10.0, -55.0]}
SAID: list[dict[str, Any]] = [
    {"month": month, "judged": judged, "predicted": predicted, "observed": observed}
    for month, judged, predicted, observed in (
        ("2013-09", "backtest", 0.27, 0.14),
        ("2013-10", "backtest", 0.21, 0.18),
        ("2013-10", "validation", 0.19, 0.18),
        ("2013-11", "test", 0.21, 0.31),
    )
]
DRAWN: dict[str, Callable[[], bytes]] = {
    "profit": lambda: plots.profit(BACKTEST, TEST, 0.25),
    "said_and_seen": lambda: plots.said_and_seen(SAID),
}


@pytest.fixture
def titles(titles_of: Callable[[ModuleType], list[str]]) -> list[str]:
    return titles_of(plots)


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(
    draw: Callable[[], bytes], draw_twice: Callable[[Callable[[], bytes]], None]
) -> None:
    draw_twice(draw)


def test_other_numbers_give_another_picture() -> None:
    assert plots.profit(TEST, TEST, 0.25) != DRAWN["profit"]()
    assert plots.said_and_seen(SAID[1:]) != DRAWN["said_and_seen"]()


@pytest.mark.parametrize(("threshold", "earned"), [(0.25, "-22.0"), (0.26, "-22.0"), (0.5, "-10.0")])
def test_what_the_chosen_threshold_earned_on_test_is_above_the_picture(
    threshold: float, earned: str, titles: list[str]
) -> None:
    plots.profit(BACKTEST, TEST, threshold)
    assert [re.findall(r"-?\d[\d.]*%?", title) for title in titles] == [[f"{threshold:.0%}", earned, "-10.0"]]


def test_the_month_that_is_farthest_off_is_above_the_picture(titles: list[str]) -> None:
    plots.said_and_seen(SAID)
    assert [re.findall(r"2013-\d\d|[\d.]+%", title) for title in titles] == [["2013-09", "27.0%", "14.0%"]]
