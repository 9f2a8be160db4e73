"""What a sample says of importance, and how far that may be from the importance on all flights that it was drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.importance import DIGITS, Importance, Level, effects_by_level


class Sampled(NamedTuple):
    """The same measure on a sample, with an interval that holds for all rows together. Ends are rounded outwards."""

    level: Level
    name: str
    mean_abs_shap: float
    low: float
    high: float


def sampled(
    sample: Explanation,
    flights: int,
    topic_of: Mapping[str, str],
    group_of: Mapping[str, str],
    confidence: float = 0.95,
) -> list[Sampled]:
    """What a sample says of how far features, topics and groups move the predictions of all flights that it was drawn from.

    An interval is the normal one of a mean, with finite-population correction (Cochran 1977, Sampling Techniques,
    section 2.5): it says how far chance in drawing the sample reaches, not how other days would differ. All intervals
    together hold with the given confidence (Bonferroni). That a stratified sample is more exact is not made use of.

    Args:
        sample: of two flights or more, drawn without replacement.
        flights: how many it was drawn from.
        topic_of: the topic of each feature.
        group_of: the group of each feature.
        confidence: that every one of the intervals holds.

    Returns:
        A row per feature, topic and group, in the order of the model.
    """
    every = {key: np.abs(effects) for key, effects in effects_by_level(sample.shap, topic_of, group_of)}
    rows = len(sample.flight_id)
    quantile = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * len(every)))
    correction = 1 - rows / flights
    found = []
    for key, moved in every.items():
        mean = float(moved.mean())
        margin = quantile * math.sqrt(correction * float(moved.var(ddof=1)) / rows)
        found.append(
            Sampled(
                *key,
                round(mean, DIGITS),
                _outwards(max(mean - margin, 0), math.floor),
                _outwards(mean + margin, math.ceil),
            )
        )
    return found


def outside(estimates: Sequence[Sampled], exact: Sequence[Importance]) -> list[Sampled]:
    """The rows of a sample whose interval does not hold what was measured on all flights; none of them if all is well."""
    measured = {(row.level, row.name): row.mean_abs_shap for row in exact}
    return [row for row in estimates if not row.low <= measured[row.level, row.name] <= row.high]


def _outwards(value: float, towards: Any) -> float:
    return float(round(towards(value * 10**DIGITS) / 10**DIGITS, DIGITS))
