"""Which features and topics work together: strength of every pair from SHAP interaction values (Lundberg et al. 2020,
https://doi.org/10.1038/s42256-019-0138-9), summed up chunk by chunk so that memory does not grow with the number of flights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from flight_delay.features.columns import Column, Columns
from flight_delay.model.bundle import Bundle

Level = Literal["feature", "topic"]
Values = np.ndarray[Any, np.dtype[Any]]  # shape (rows, names, names)

CHUNK_ROWS = 250  # 45 columns and float32: 2 MB at once
# Both ends of a normal distribution beyond this hold 5 %.
NORMAL_95 = 1.959964


class Pair(NamedTuple):
    """How strongly two names of a level work together, in log-odds, with a 95 % interval; all to six decimals."""

    level: Level
    first: str
    second: str
    strength: float
    low: float
    high: float


@dataclass(frozen=True)
class Interactions:
    """What a model does by interaction.

    `pairs` holds those that work together on any flight, features before topics, the strongest first, ties by name.
    `share` is by level the part of all that the model does which names do together: the sum of the strengths of pairs,
    of that sum and the mean absolute effects that names have alone.
    """

    pairs: tuple[Pair, ...]
    share: Mapping[Level, float]
    flights: int

    def of(self, level: Level) -> tuple[Pair, ...]:
        """The pairs of a level, the strongest first."""
        return tuple(pair for pair in self.pairs if pair.level == level)

    def partners(self, level: Level = "feature") -> dict[str, str]:
        """By name, the one that it works together with most; without names that work alone."""
        found: dict[str, str] = {}
        for pair in self.of(level):
            found.setdefault(pair.first, pair.second)
            found.setdefault(pair.second, pair.first)
        return found


def interaction_values(bundle: Bundle, columns: Columns, chunk_rows: int = CHUNK_ROWS) -> Iterator[Values]:
    """SHAP interaction values between features in log-odds, some flights at a time.

    Args:
        bundle: the model.
        columns: inputs of the model, each of shape (rows,).
        chunk_rows: most flights at a time.

    Yields:
        float32 of shape (rows of the chunk, features, features), features as in the manifest.
    """
    rows = len(next(iter(columns.values())))
    for first in range(0, rows, chunk_rows):
        yield bundle.interactions({name: of[first : first + chunk_rows] for name, of in columns.items()})[:, :-1, :-1]


def interactions(chunks: Iterable[Values], features: Sequence[str], topic_of: Mapping[str, str]) -> Interactions:
    """Measure how strongly features and topics work together.

    The strength of a pair is the mean over flights of the absolute value of all that the two do together: |2 φ_ij| of features, the sum
    over members of topics. What features of one topic do together counts as what the topic does alone.

    The interval is for the sampling of flights: where the strength on all flights lies that these were drawn from, if the
    mean of so many is about normal (estimate ± 1.96 standard errors, not below zero). It says nothing of other months.

    Args:
        chunks: SHAP interaction values of flights, each of shape (rows, features, features), two flights or more in all.
        features: names of the features, in their order there.
        topic_of: the topic of each feature.

    Raises:
        ValueError: there are fewer than two flights.
    """
    topics = list(dict.fromkeys(topic_of[name] for name in features))
    member = np.array([[topic_of[name] == topic for topic in topics] for name in features], np.float64)
    of_features, of_topics = _Sums("feature", features), _Sums("topic", topics)
    for chunk in chunks:
        of_features.add(chunk.astype(np.float64))
        of_topics.add(member.T @ chunk.astype(np.float64) @ member)
    return Interactions(
        pairs=(*of_features.pairs(), *of_topics.pairs()),
        share={"feature": of_features.share(), "topic": of_topics.share()},
        flights=of_features.flights,
    )


class _Sums:
    """Sums over flights of what the names of a level do alone and together, and of its squares."""

    def __init__(self, level: Level, names: Sequence[str]) -> None:
        self.flights = 0
        self._level, self._names = level, names
        self._first, self._second = np.triu_indices(len(names), 1)
        self._alone = 0.0
        self._strength: Column = np.zeros(len(self._first))
        self._squares: Column = np.zeros(len(self._first))

    def add(self, values: Values) -> None:
        together = 2 * np.abs(values[:, self._first, self._second])
        self.flights += len(values)
        self._alone += float(np.abs(np.einsum("rii->ri", values)).sum())
        self._strength += together.sum(axis=0)
        self._squares += (together**2).sum(axis=0)

    def pairs(self) -> list[Pair]:
        if self.flights < 2:
            raise ValueError(f"{self.flights} flight(s) have no standard error")
        every = self._strength / self.flights
        variance = np.maximum(self._squares - self.flights * every**2, 0) / (self.flights - 1)
        errors = NORMAL_95 * np.sqrt(variance / self.flights)
        found = [
            Pair(
                self._level,
                *sorted((self._names[i], self._names[j])),
                *(round(value, 6) for value in (mean, max(mean - error, 0.0), mean + error)),
            )
            for i, j, mean, error in zip(
                *(of.tolist() for of in (self._first, self._second, every, errors)), strict=True
            )
            if round(mean, 6) > 0
        ]
        return sorted(found, key=lambda pair: (-pair.strength, pair.first, pair.second))

    def share(self) -> float:
        together = math.fsum(self._strength)
        return round(together / (together + self._alone), 6) if together else 0.0
