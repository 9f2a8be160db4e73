"""Interactions of features and topics, from SHAP interaction values.

Source: Lundberg et al. 2020 (https://doi.org/10.1038/s42256-019-0138-9). Values are summed chunk by chunk, so that
memory does not grow with the number of rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from flight_delay.features.columns import Columns
from flight_delay.model.bundle import Bundle

PairLevel = Literal["feature", "topic"]
Values = np.ndarray[Any, np.dtype[Any]]  # shape (rows, names, names)

CHUNK_ROWS = 250  # of 45 columns and float32: 2 MB
NORMAL_95 = 1.959964  # quantile of the normal distribution for a two-sided 95 % interval


class InteractionPair(NamedTuple):
    """Mean absolute interaction of two features or two topics, in log-odds.

    `low` and `high` are the ends of a 95 % interval; values are rounded to six decimals.
    """

    level: PairLevel
    first: str
    second: str
    strength: float
    low: float
    high: float


@dataclass(frozen=True)
class Interactions:
    """Interactions of a model on a sample.

    `pairs` holds those that interact in any row, features before topics, the strongest first, ties by name. `share` is,
    by level, the strength of all pairs divided by that strength plus the mean absolute main effects.
    """

    pairs: tuple[InteractionPair, ...]
    share: Mapping[PairLevel, float]
    flights: int

    def of_level(self, level: PairLevel) -> tuple[InteractionPair, ...]:
        """Return the pairs of a level, the strongest first."""
        return tuple(pair for pair in self.pairs if pair.level == level)

    def partners(self) -> dict[str, str]:
        """Return the strongest partner of each feature that interacts."""
        partners: dict[str, str] = {}
        for pair in self.of_level("feature"):
            partners.setdefault(pair.first, pair.second)
            partners.setdefault(pair.second, pair.first)
        return partners


def interaction_values(bundle: Bundle, columns: Columns, chunk_rows: int = CHUNK_ROWS) -> Iterator[Values]:
    """Compute SHAP interaction values of features, chunk by chunk.

    Args:
        bundle: the model.
        columns: inputs of the model, each of shape (rows,).
        chunk_rows: rows of a chunk, at most.

    Yields:
        In log-odds, float32 of shape (rows of the chunk, features, features), features as in the manifest.
    """
    rows = len(next(iter(columns.values())))
    for first in range(0, rows, chunk_rows):
        chunk = {name: values[first : first + chunk_rows] for name, values in columns.items()}
        yield bundle.interactions(chunk)[:, :-1, :-1]


def measure_interactions(
    chunks: Iterable[Values], features: Sequence[str], topic_of: Mapping[str, str]
) -> Interactions:
    """Measure the strength of interactions between features and between topics.

    The strength of a pair is the mean over rows of the absolute interaction: |2 φ_ij| of features, the sum over members
    of topics. Interactions within a topic are main effects of the topic. Intervals are for the sampling of rows
    (estimate ± 1.96 standard errors, not below zero), not for other months.

    Args:
        chunks: SHAP interaction values, each of shape (rows, features, features), two rows or more in all.
        features: names of the features, in their order there.
        topic_of: the topic of each feature.

    Raises:
        ValueError: there are fewer than two rows.
    """
    topics = list(dict.fromkeys(topic_of[name] for name in features))
    member = np.array([[topic_of[name] == topic for topic in topics] for name in features], np.float64)
    by_feature, by_topic = _Sums("feature", features), _Sums("topic", topics)
    for chunk in chunks:
        values = chunk.astype(np.float64)
        by_feature.add(values)
        by_topic.add(member.T @ values @ member)
    if by_feature.rows < 2:
        raise ValueError(f"{by_feature.rows} row(s) have no standard error")
    pairs = (*by_feature.pairs(), *by_topic.pairs())
    return Interactions(pairs, {"feature": by_feature.share(), "topic": by_topic.share()}, by_feature.rows)


class _Sums:
    """Main effects, interactions and squared interactions, summed over rows."""

    def __init__(self, level: PairLevel, names: Sequence[str]) -> None:
        self.rows = 0
        self._level, self._names = level, names
        self._index = np.triu_indices(len(names), 1)
        self._main = 0.0
        self._strength, self._squares = np.zeros((2, len(self._index[0])))

    def add(self, values: Values) -> None:
        strength = 2 * np.abs(values[:, *self._index])
        self.rows += len(values)
        self._main += float(np.abs(np.einsum("rii->ri", values)).sum())
        self._strength += strength.sum(axis=0)
        self._squares += (strength**2).sum(axis=0)

    def pairs(self) -> list[InteractionPair]:
        means = self._strength / self.rows
        variance = np.maximum(self._squares - self.rows * means**2, 0) / (self.rows - 1)
        margins = NORMAL_95 * np.sqrt(variance / self.rows)
        ends = zip(means.tolist(), np.maximum(means - margins, 0).tolist(), (means + margins).tolist(), strict=True)
        pairs = []
        for first, second, values in zip(*(index.tolist() for index in self._index), ends, strict=True):
            names = sorted((self._names[first], self._names[second]))
            pairs.append(InteractionPair(self._level, *names, *(round(value, 6) for value in values)))
        present = (pair for pair in pairs if pair.strength > 0)
        return sorted(present, key=lambda pair: (-pair.strength, pair.first, pair.second))

    def share(self) -> float:
        strength = math.fsum(self._strength)
        return round(strength / (strength + self._main), 6) if strength else 0.0
