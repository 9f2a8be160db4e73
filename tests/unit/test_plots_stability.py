"""plots.stability: ranks in, the same PNG every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from flight_delay.explain.overall.stability import Sizes, Standing, standings
from flight_delay.plots import stability as plots
from flight_delay.plots.naming import Naming

NAMES = [f"topic_{place}" for place in range(14)]


def column(seed: int) -> Sizes:
    moved = np.arange(14, 0, -1) + np.random.default_rng(seed).normal(0, 0.8, 14)
    of = dict(zip(NAMES, (np.abs(moved) / 100).tolist(), strict=True))
    return {"feature": of, "topic": of}


MONTHS = standings({f"2013-{month:02d}": column(month) for month in range(1, 13)}, "month")
SEEDS = standings({str(seed): column(seed) for seed in (2013, 2014)}, "seed")
SMALL = standings(
    {"11": {"topic": {"a": 3.0, "b": 2.0, "c": 1.0}}, "12": {"topic": {"a": 3.0, "b": 1.0, "c": 2.0}}}, "month"
)


@pytest.mark.parametrize(
    "rows", [MONTHS + SEEDS, MONTHS, SEEDS, SMALL[:3], []], ids=["both", "months", "seeds", "one", "none"]
)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(
    rows: list[Standing], draw_twice: Callable[[Callable[[], bytes]], None]
) -> None:
    draw_twice(lambda: plots.stability(rows, Naming()))


def test_a_year_of_months_is_small_enough_for_a_page() -> None:
    drawn = plots.stability(MONTHS + SEEDS, Naming())
    assert len(drawn) < 60_000
    assert Image.open(BytesIO(drawn)).getcolors(64) is not None


def test_other_ranks_and_names_give_another_picture() -> None:
    drawn = plots.stability(SMALL, Naming())
    assert plots.stability(SMALL, Naming({"a": "time of day"})) != drawn
    assert plots.stability(SMALL[:3] + SMALL[:2], Naming()) != drawn


def test_the_number_that_matters_is_above_the_picture() -> None:
    assert plots._title(SMALL, "topic").count(" 0.33 ") == 1
    assert not re.search(r"\d", plots._title(SMALL[:3], "topic"))


def test_the_words_say_how_much_the_order_agrees_and_who_moves() -> None:
    said = plots.stability_words(SMALL, Naming({"b": "busy day"}))
    assert re.findall(r"\d[\d.]*%?", said) == ["67%", "0.33", "3", "3", "2", "11", "3", "12", "2", "12", "3", "11"]
    assert said.index(" busy day (") < said.index(" c (")
    still = [row._replace(source="seed") for row in SMALL[:3] + [row._replace(label="12") for row in SMALL[:3]]]
    said = plots.stability_words(still, Naming())
    assert re.findall(r"\d[\d.]*%?", said) == ["100%", "1.00", "3", "3"]
    assert plots.stability_words([], Naming()) == ""
