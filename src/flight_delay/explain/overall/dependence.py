"""The shape of a dependence: what the effect of a feature is over its values, and what its partner changes about it.
Numbers only; the picture is drawn in `plots.dependence`, and put into words in `plots.dependence_words`."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.features.columns import Column
from flight_delay.model.calibration import Calibration, calibrate
from flight_delay.model.encode import is_missing

MOST_BINS = 15
MOST_CATEGORIES = 12  # that have a part of their own
MOST_PARTNERS = 4  # categories of a partner that are told apart
MIN_FLIGHTS = 20  # of a side of a partner in a part, that a mean is taken of


class Part(NamedTuple):
    """Flights whose values lie near one another, or that are of one category, and the quartiles of the effect on them.

    `value` is the median of their values, or the category. `rows` are their positions, ascending.
    """

    value: float | str
    rows: Column
    lower: float
    median: float
    upper: float


class Change(NamedTuple):
    """Where a partner changes the mean effect most: the part, and the sides of the partner with the least and most effect.

    `numbers` says that the sides are 'low' and 'high', not categories.
    """

    value: float | str
    numbers: bool
    least: str
    least_effect: float
    most: str
    most_effect: float


def parts(values: Column, effects: Column) -> list[Part]:
    """Divide flights by the values of a feature; missing values are in no part.

    Numbers are divided at quantiles, ascending, up to fifteen parts of about as many flights; equal values stay together. Of
    categories, the twelve most frequent are parts, in order of their mean effect.

    Args:
        values: of the feature, shape (rows,).
        effects: of the feature, in log-odds, shape (rows,).
    """
    known = np.flatnonzero(~is_missing(values))
    if values.dtype == object:
        found = [(name, np.flatnonzero(values == name)) for name in frequent(values, MOST_CATEGORIES)]
        found.sort(key=lambda part: (float(effects[part[1]].mean(dtype=np.float64)), part[0]))
        return [_part(name, rows, effects) for name, rows in found]
    if not known.size:
        return []
    # Only inner quantiles, and values that occur: a part of few distinct values is then each of them.
    edges = np.quantile(values[known], np.arange(1, MOST_BINS) / MOST_BINS, method="inverted_cdf")
    number = np.searchsorted(edges, values[known], side="left")
    every = [known[number == of] for of in np.unique(number)]
    return [_part(float(np.median(values[rows])), rows, effects) for rows in every]


def frequent(values: Column, most: int) -> list[str]:
    """The most frequent categories that are not missing, the first of them first; ties by name."""
    counted = Counter(values[~is_missing(values)].tolist())
    return sorted(counted, key=lambda name: (-counted[name], name))[:most]


def direction(values: Column, effects: Column) -> float:
    """Which way an effect runs: Spearman's rank correlation of values and effects where a value is known; 0 where one of them is constant.

    Ranks are robust: a few far values turn the slope of a line, and a monotone shape is as clear as a straight one.

    Args:
        values: numbers, shape (rows,).
        effects: shape (rows,).
    """
    known = ~is_missing(values)
    if not known.any():
        return 0.0
    ranks = [pd.Series(of[known]).rank().to_numpy() for of in (values, effects)]
    first, second = (of - of.mean() for of in ranks)
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size else 0.0


def change(found: list[Part], effects: Column, partner: Column) -> Change | None:
    """Find the part where the sides of a partner are farthest apart in the mean effect of a feature.

    Args:
        found: parts of the feature.
        effects: of the feature, shape (rows,).
        partner: values of the partner, shape (rows,). Numbers have two sides, 'low' up to their median and 'high' above it;
            of categories, each of the four most frequent is one.

    Returns:
        None where no part has twenty flights on each of two sides.
    """
    sides = _sides(partner)
    changes = []
    for part in found:
        means = [
            (float(effects[rows].mean(dtype=np.float64)), side)
            for side, on_side in sides.items()
            if len(rows := part.rows[on_side[part.rows]]) >= MIN_FLIGHTS
        ]
        if len(means) > 1:
            (least_effect, least), (most_effect, most) = min(means), max(means)
            changes.append(Change(part.value, partner.dtype != object, least, least_effect, most, most_effect))
    return max(changes, key=lambda of: of.most_effect - of.least_effect, default=None)


def points_per_tenth(expected: float, calibration: Calibration) -> float:
    """Percentage points of calibrated probability that 0.1 log-odds are worth around the expected log-odds."""
    around = 1 / (1 + np.exp(-(expected + np.array([-0.05, 0.05]))))
    low, high = calibrate(calibration, around.astype(np.float32)).astype(np.float64)
    return 100 * float(high - low)


def _sides(partner: Column) -> dict[str, Any]:
    if partner.dtype == object:
        return {name: partner == name for name in frequent(partner, MOST_PARTNERS)}
    known = partner[~is_missing(partner)]
    if not known.size:
        return {}
    middle = np.median(known)
    return {"low": partner <= middle, "high": partner > middle}


def _part(value: float | str, rows: Column, effects: Column) -> Part:
    lower, median, upper = np.quantile(effects[rows].astype(np.float64), [0.25, 0.5, 0.75])
    return Part(value, rows, float(lower), float(median), float(upper))
