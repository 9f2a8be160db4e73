"""report.plots.comparison: numbers in, the same PNG every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from flight_delay.model.baselines import BASELINES
from flight_delay.report.plots import comparison as plots

RUNGS = {
    name: {"roc_auc": 0.5 + 0.03 * place, "average_precision": 0.25 + 0.02 * place, "log_loss": 0.6 - 0.02 * place}
    for place, name in enumerate((*BASELINES, "model"))
}
INTERVALS = {
    rung: {name: {"low": value - 0.03, "high": value + 0.02} for name, value in of.items()}
    for rung, of in RUNGS.items()
}
SLICES: list[dict[str, Any]] = [
    {"by": by, "label": label, "flights": flights, "profit_per_flight": profit, "low": low, "high": high}
    for by, label, flights, profit, low, high in (
        ("carrier", "UA", 600, -30.0, -50.0, -10.0),
        ("carrier", "AA", 390, 10.0, -5.0, 20.0),
        ("carrier", "others (2 labels)", 10, -80.0, None, None),
        ("day_of_week", "Tue", 1000, -14.8, -40.0, 5.0),
    )
]
AGING: list[dict[str, Any]] = [
    {"trained_through": through, "age_months": age, "month": month, "roc_auc": auc}
    for through, age, month, auc in (
        ("2013-01", 1, "2013-03", 0.7),
        ("2013-01", 2, "2013-04", 0.66),
        ("2013-01", 3, "2013-05", 0.64),
        ("2013-02", 1, "2013-04", 0.69),
        ("2013-02", 2, "2013-05", 0.1),
        ("2013-03", 1, "2013-05", 0.68),
    )
]
METRICS = {
    "test": RUNGS["model"],
    "baselines": {name: {"test": RUNGS[name]} for name in BASELINES},
    "ladder": {"intervals": INTERVALS},
}
DRAWN: dict[str, Callable[[], bytes]] = {
    "ladder": lambda: plots.ladder(RUNGS, INTERVALS),
    "slices": lambda: plots.slices(SLICES),
    "aging": lambda: plots.aging(AGING),
}


NUMBER = re.compile(r"[-+]?\d[\d.]*")


@pytest.fixture
def titles(titles_of: Callable[[ModuleType], list[str]]) -> list[str]:
    return titles_of(plots)


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(
    draw: Callable[[], bytes], draw_twice: Callable[[Callable[[], bytes]], None]
) -> None:
    draw_twice(draw)


def test_every_picture_of_a_comparison_is_drawn_from_its_own_numbers() -> None:
    assert plots.draw_all(METRICS, SLICES, AGING) == {name: draw() for name, draw in DRAWN.items()}


def test_other_numbers_give_another_picture() -> None:
    wider = {**INTERVALS, "model": {name: {"low": 0.2, "high": 0.9} for name in RUNGS["model"]}}
    assert plots.ladder(RUNGS, wider) != DRAWN["ladder"]()
    assert plots.slices(SLICES[:2]) != DRAWN["slices"]()
    assert plots.aging([*AGING[:-1], {**AGING[-1], "roc_auc": 0.65}]) != DRAWN["aging"]()


def test_parts_that_are_small_or_of_one_day_are_not_drawn_but_count_in_the_mean(titles: list[str]) -> None:
    plots.slices(SLICES)
    assert [NUMBER.findall(title) for title in titles] == [["-30", "-15"]]
    assert " UA: " in titles[0]
    assert plots.slices([row for row in SLICES if row["low"] is not None]) != DRAWN["slices"]()


def test_a_frozen_model_is_set_against_those_of_age_one(titles: list[str]) -> None:
    plots.aging(AGING)
    assert [NUMBER.findall(title) for title in titles] == [["-0.035"]]


def test_one_month_does_not_age(titles: list[str]) -> None:
    plots.aging(AGING[:1])
    assert [NUMBER.findall(title) for title in titles] == [["+0.000"]]
