"""Contributions of a flight as steps from the base to its probability.

Steps are rounded so that they add up as printed."""

from __future__ import annotations

from typing import NamedTuple

from flight_delay.explain.local.reasons import Reasons

MAX_STEPS = 8
MIN_STEP = 0.005


class WaterfallStep(NamedTuple):
    """A step in tenths of a percentage point: start and change."""

    label: str
    start: int
    change: int


class Waterfall(NamedTuple):
    """Steps from base to probability, both in tenths of a percentage point."""

    base: int
    steps: tuple[WaterfallStep, ...]
    probability: int


def waterfall_of(reasons: Reasons, smallest: float = MIN_STEP, max_steps: int = MAX_STEPS) -> Waterfall:
    """Make steps of the largest contributions.

    The last step is the sum of the other contributions and of the rounding.

    Args:
        reasons: of a flight.
        smallest: contributions to the probability below this are among the others.
        max_steps: before the last one.
    """
    base, probability = round(1000 * reasons.base), round(1000 * reasons.probability)
    large = [part for part in reasons.contributions if abs(part.probability) >= smallest][:max_steps]
    steps, start = [], base
    for part in large:
        steps.append(WaterfallStep(part.label, start, round(1000 * part.probability)))
        start += steps[-1].change
    others = sum(part.probability != 0 for part in reasons.contributions) - len(large)
    if others or start != probability:
        label = {0: "rounding", 1: "1 other, rounding"}.get(others, f"{others} others, rounding")
        steps.append(WaterfallStep(label, start, probability - start))
    return Waterfall(base, tuple(steps), probability)
