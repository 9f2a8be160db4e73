"""Interactions of features and topics: strength of every pair from SHAP interaction values (Lundberg et al. 2020,
https://doi.org/10.1038/s42256-019-0138-9), summed chunk by chunk so that memory does not grow with the number of flights."""

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

CHUNK_ROWS = 250  # 45 columns and float32: 2 MB at once
NORMAL_95 = 1.959964  # both tails of a normal distribution beyond this hold 5 %


class Pair(NamedTuple):
    """Mean absolute interaction of two names of a level in log-odds, with a 95 % interval; all to six decimals."""

    level: PairLevel
    first: str
    second: str
    strength: float
    low: float
    high: float


@dataclass(frozen=True)
class Interactions:
    """Interactions of a model on some flights.

    `pairs` holds those that interact on any flight, features before topics, the strongest first, ties by name. `share` is, by
    level, the strength of all pairs as a share of that strength plus the mean absolute main effects.
    """

    pairs: tuple[Pair, ...]
    share: Mapping[PairLevel, float]
    flights: int

    def of_level(self, level: PairLevel) -> tuple[Pair, ...]:
        """The pairs of a level, the strongest first."""
        return tuple(pair for pair in self.pairs if pair.level == level)

    def partners(self) -> dict[str, str]:
        """The strongest partner of each feature; without features that do not interact."""
        partners: dict[str, str] = {}
        for pair in self.of_level("feature"):
            partners.setdefault(pair.first, pair.second)
            partners.setdefault(pair.second, pair.first)
        return partners


def interaction_values(bundle: Bundle, columns: Columns, chunk_rows: int = CHUNK_ROWS) -> Iterator[Values]:
    """Compute SHAP interaction values between features in log-odds, some flights at a time.

    Args:
        bundle: the model.
        columns: inputs of the model, each of shape (rows,).
        chunk_rows: most flights at a time.

    Yields:
        float32 of shape (rows of the chunk, features, features), features as in the manifest.
    """
    rows = len(next(iter(columns.values())))
    for first in range(0, rows, chunk_rows):
        chunk = {name: values[first : first + chunk_rows] for name, values in columns.items()}
        yield bundle.interactions(chunk)[:, :-1, :-1]


def interactions(chunks: Iterable[Values], features: Sequence[str], topic_of: Mapping[str, str]) -> Interactions:
    """Measure the strength of interactions between features and between topics.

    The strength of a pair is the mean over flights of the absolute interaction: |2 φ_ij| of features, the sum over members of
    topics. Interactions within a topic count as main effects of the topic.

    The interval is for the sampling of flights (estimate ± 1.96 standard errors, not below zero), not for other months.

    Args:
        chunks: SHAP interaction values of flights, each of shape (rows, features, features), two flights or more in all.
        features: names of the features, in their order there.
        topic_of: the topic of each feature.

    Raises:
        ValueError: there are fewer than two flights.
    """
    topics = list(dict.fromkeys(topic_of[name] for name in features))
    member = np.array([[topic_of[name] == topic for topic in topics] for name in features], np.float64)
    by_feature, by_topic = _Sums("feature", features), _Sums("topic", topics)
    for chunk in chunks:
        by_feature.add(chunk.astype(np.float64))
        by_topic.add(member.T @ chunk.astype(np.float64) @ member)
    return Interactions(
        pairs=(*by_feature.pairs(), *by_topic.pairs()),
        share={"feature": by_feature.share(), "topic": by_topic.share()},
        flights=by_feature.flights,
    )


class _Sums:
    """Sums over flights of main effects, interactions and squared interactions of a level."""

    def __init__(self, level: PairLevel, names: Sequence[str]) -> None:
        self.flights = 0
        self._level, self._names = level, names
        self._first, self._second = np.triu_indices(len(names), 1)
        self._main = 0.0
        self._strength, self._squares = np.zeros((2, len(self._first)))

    def add(self, values: Values) -> None:
        strength = 2 * np.abs(values[:, self._first, self._second])
        self.flights += len(values)
        self._main += float(np.abs(np.einsum("rii->ri", values)).sum())
        self._strength += strength.sum(axis=0)
        self._squares += (strength**2).sum(axis=0)

    def pairs(self) -> list[Pair]:
        if self.flights < 2:
            raise ValueError(f"{self.flights} flight(s) have no standard error")
        means = self._strength / self.flights
        variance = np.maximum(self._squares - self.flights * means**2, 0) / (self.flights - 1)
        margins = NORMAL_95 * np.sqrt(variance / self.flights)
        pairs = []
        columns = (values.tolist() for values in (self._first, self._second, means, margins))
        for first, second, mean, margin in zip(*columns, strict=True):
            names = sorted((self._names[first], self._names[second]))
            values = (round(value, 6) for value in (mean, max(mean - margin, 0.0), mean + margin))
            pairs.append(Pair(self._level, *names, *values))
        return sorted(
            (pair for pair in pairs if pair.strength > 0), key=lambda pair: (-pair.strength, pair.first, pair.second)
        )

    def share(self) -> float:
        strength = math.fsum(self._strength)
        return round(strength / (strength + self._main), 6) if strength else 0.0
