"""checks.drift: what is meant to move with the season may, and everything else is looked at all the same."""

from __future__ import annotations

import numpy as np
import pytest

from flight_delay.checks.drift import of_drift
from flight_delay.checks.run import find_pitfalls
from flight_delay.checks.table import WINDOWS, Inspected

ROWS = 6_000
PART = np.arange(ROWS) * 3 // ROWS
CHANCE = np.random.default_rng(1).random((3, ROWS))
TABLE = Inspected(
    columns={name: of + (PART == 2) for name, of in zip(("temperature", "distance", "hour"), CHANCE, strict=True)},
    kinds=dict.fromkeys(("temperature", "distance", "hour"), "quantitative"),
    target=(np.random.default_rng(2).random(ROWS) < 0.25).astype(float),
    month=np.array(["2013-01", "2013-02", "2013-03"], object)[PART],
    window=np.array(WINDOWS, object)[PART],
)
NO_OTHERS = Inspected({}, {}, TABLE.target, TABLE.month, TABLE.window)


@pytest.mark.parametrize("moving", [set(), {"temperature"}, ["temperature", "hour"], {"no such column"}])
def test_what_is_meant_to_move_does_not_drift_and_everything_else_does(moving: set[str]) -> None:
    expected = set(TABLE.columns) - set(moving)
    assert {of.columns[0] for of in of_drift(TABLE, but=moving)} == expected
    found = find_pitfalls(TABLE, NO_OTHERS, moving=moving)
    assert {of.columns[0] for of in found if of.check == "drift"} == expected


def test_what_is_meant_to_move_is_looked_at_for_all_other_pitfalls() -> None:
    every, without = (find_pitfalls(TABLE, NO_OTHERS, moving=moving) for moving in ((), tuple(TABLE.columns)))
    assert [of for of in every if of.check != "drift"] == without
    broken = Inspected({"temperature": np.full(ROWS, np.nan)}, TABLE.kinds, TABLE.target, TABLE.month, TABLE.window)
    assert [of.check for of in find_pitfalls(broken, NO_OTHERS, moving=["temperature"])] == ["constant"]
