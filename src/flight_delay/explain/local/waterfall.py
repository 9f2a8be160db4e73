"""A flight's contributions as steps from the base to its probability, rounded so that they add up as they are printed."""

from __future__ import annotations

from typing import NamedTuple

from flight_delay.explain.local.reasons import Reasons

MOST_STEPS = 8
SMALLEST_STEP = 0.005


class Step(NamedTuple):
    """A step, in tenths of a percentage point: where it begins, and by how much it moves on."""

    label: str
    start: int
    change: int


class Waterfall(NamedTuple):
    """Steps from the base to the probability, both in tenths of a percentage point."""

    base: int
    steps: tuple[Step, ...]
    probability: int


def waterfall_of(reasons: Reasons, smallest: float = SMALLEST_STEP, most: int = MOST_STEPS) -> Waterfall:
    """Make steps of the largest contributions; the last one holds all others, and what was lost by rounding.

    Args:
        reasons: of a flight.
        smallest: contributions to the probability below this are among the others.
        most: steps before the last one.
    """
    base, probability = _tenths(reasons.base), _tenths(reasons.probability)
    shown = [of for of in reasons.contributions if abs(of.probability) >= smallest][:most]
    steps, start = [], base
    for of in shown:
        steps.append(Step(of.label, start, _tenths(of.probability)))
        start += steps[-1].change
    others = sum(of.probability != 0 for of in reasons.contributions) - len(shown)
    if others or start != probability:
        said = {0: "rounding", 1: "1 other, rounding"}.get(others, f"{others} others, rounding")
        steps.append(Step(said, start, probability - start))
    return Waterfall(base, tuple(steps), probability)


def _tenths(share: float) -> int:
    return round(1000 * share)
