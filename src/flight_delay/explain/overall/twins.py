"""Features of different topics that go together so closely that a tree may use the one for the other: what is said of a topic may then
be the other's. Within a topic that does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from flight_delay.explain.overall.agreement import in_words
from flight_delay.features.columns import Columns

# Spearman's rank correlation, on either side of zero: two thirds of the variance of ranks are the same.
CLOSE = 0.8


class Twins(NamedTuple):
    """Two features of different topics, and the rank correlation of their values."""

    first: str
    second: str
    correlation: float
    words: str


def across_topics(
    features: Columns, effects: Columns, topic_of: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> list[Twins]:
    """Find pairs of numeric features that have effects, go together and are of different topics, the closest first.

    Args:
        features: values by name, each of shape (rows,), of a sample; missing ones are left out pair by pair.
        effects: of the same flights and features, each of shape (rows,); one without any does no harm.
        topic_of: the topic of each feature.
        labels: features in words; others are called by their names.
    """
    names = [name for name, values in effects.items() if values.any() and features[name].dtype != object]
    together = pd.DataFrame({name: features[name] for name in names}).corr("spearman").to_numpy()
    found = [
        Twins(one, other, correlation, _words(one, other, correlation, labels or {}))
        for (row, one), (column, other) in combinations(enumerate(names), 2)
        if topic_of[one] != topic_of[other] and abs(correlation := round(float(together[row, column]), 3)) >= CLOSE
    ]
    return sorted(found, key=lambda pair: (-abs(pair.correlation), pair.first, pair.second))


def _words(one: str, other: str, correlation: float, labels: Mapping[str, str]) -> str:
    first, second = in_words(one, labels), in_words(other, labels)
    return (
        f"{first[:1].upper()}{first[1:]} and {second} go together (rank correlation {correlation:.2f}) and are of different topics: "
        "what is said of one may be the other's."
    )
