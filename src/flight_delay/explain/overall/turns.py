"""Effects that turn their direction between months. Of a month only a small record is kept, so that memory does not grow with
the number of flights; importances of months are compared in `explain.overall.stability`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.agreement import in_words
from flight_delay.explain.overall.dependence import direction
from flight_delay.explain.overall.stability import Sizes, sizes
from flight_delay.model.encode import is_missing

MIN_FLIGHTS = 100  # of a month, or of a category in a month, whose direction is judged
# Spearman's correlation of values and effects: "medium" (Cohen 1988, ch. 3), three standard errors of 100 flights.
MIN_CORRELATION = 0.3
MIN_EFFECT = 0.05  # mean effect of a category in log-odds: about one percentage point where one in four flights is late
MIN_SHARE = 0.02  # of the importance of all features, that a feature has in both months


class Direction(NamedTuple):
    """Which way an effect runs: of a number, Spearman's correlation of values and effects; of a category, its mean effect."""

    size: float
    flights: int


@dataclass(frozen=True)
class MonthRecord:
    """What is kept of the explanations of a month: importances, and directions by feature and category (None: of a number)."""

    sizes: Sizes
    directions: Mapping[tuple[str, str | None], Direction]


class Turn(NamedTuple):
    """A warning: the effect of a feature, or of one of its categories, runs the other way in a later month."""

    feature: str
    category: str | None
    from_month: str
    to_month: str
    before: float
    after: float
    words: str


def month_record(explanation: Explanation, topic_of: Mapping[str, str]) -> MonthRecord:
    """Take what is kept of the explanations of a month, or of a sample of it."""
    directions: dict[tuple[str, str | None], Direction] = {}
    for name, values in explanation.features.items():
        effects = explanation.shap[name]
        known = ~is_missing(values)
        if values.dtype != object:
            directions[name, None] = Direction(direction(values, effects), int(known.sum()))
            continue
        for category in sorted(set(values[known].tolist())):
            of_category = effects[values == category]
            directions[name, category] = Direction(float(of_category.mean(dtype=np.float64)), len(of_category))
    return MonthRecord(sizes(explanation.shap, topic_of), directions)


def turns(
    months: Mapping[str, MonthRecord], constrained: Collection[str] = (), labels: Mapping[str, str] | None = None
) -> list[Turn]:
    """Warn of effects that turn between months, from one clear direction to the other; months between that are not clear are passed over.

    A direction is clear where a correlation is 0.3 or more, or the mean effect of a category 0.05 log-odds or more, on either side of
    zero, of 100 flights or more, and the feature has 2 % of the importance of all.

    Args:
        months: records by month, in order of time.
        constrained: features with a monotone constraint, which are not judged. All else the same, the effect of one cannot turn: its
            trees only rise (or only fall) with its value. Over flights that differ in all else it may look as if it did.
        labels: features in words; others are called by their names.

    Returns:
        By feature and category in order of their first occurrence, then in order of time.
    """
    keys = dict.fromkeys(key for of in months.values() for key in of.directions if key[0] not in constrained)
    found = []
    for feature, category in keys:
        bound = MIN_CORRELATION if category is None else MIN_EFFECT
        clear = [
            (month, of.size)
            for month, record in months.items()
            if (of := record.directions.get((feature, category))) is not None
            and of.flights >= MIN_FLIGHTS
            and abs(of.size) >= bound
            and _share(record, feature) >= MIN_SHARE
        ]
        found += [
            Turn(feature, category, *_turned(in_words(feature, labels or {}), category, *before, *after))
            for before, after in pairwise(clear)
            if before[1] * after[1] < 0
        ]
    return found


def _share(record: MonthRecord, feature: str) -> float:
    of_features = record.sizes["feature"]
    return of_features[feature] / (sum(of_features.values()) or 1.0)


def _turned(
    feature: str, category: str | None, month: str, before: float, later: str, after: float
) -> tuple[str, str, float, float, str]:
    before, after = round(before, 6), round(after, 6)
    if category is None:
        way = {True: "rises with its value", False: "falls with its value"}
        said = f"the effect of {feature} {way[before > 0]} in {month} and {way[after > 0]} in {later}"
    else:
        way = {True: "more", False: "less"}
        said = f"{feature} {category} makes flights {way[before > 0]} likely to be late in {month} and {way[after > 0]} in {later}"
    of = "rank correlation" if category is None else "mean effect"
    return month, later, before, after, f"{said} ({of} {before:+.2f}, then {after:+.2f})"
