"""How far features, topics and groups move predictions: mean absolute SHAP values, with intervals. Topics stand between
features and groups: features that say much the same. Which feature is of which topic is given, not decided here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.evaluation.intervals import DRAWS, SEED, Interval, day_weights, interval
from flight_delay.explain.explanation import Explanation, together
from flight_delay.features.columns import Column, Columns

Level = Literal["feature", "topic", "group"]
LEVELS: tuple[Level, ...] = ("feature", "topic", "group")
PerDay = np.ndarray[tuple[int], np.dtype[Any]]  # shape (days,)

DIGITS = 6
# Variance below this share of the mean square is what rounding leaves of a constant effect.
NO_VARIANCE = 1e-9


class Key(NamedTuple):
    """What an effect is of; a topic of one feature may have its name."""

    level: Level
    name: str


class EffectSums(NamedTuple):
    """Effects added up by day, in log-odds and its square."""

    absolute: PerDay
    signed: PerDay
    squared: PerDay


@dataclass(frozen=True)
class DailySums:
    """All that importance needs to know of some flights, however many they are: sums by day, days in ascending order."""

    dates: PerDay
    flights: PerDay
    late: PerDay
    effects: Mapping[Key, EffectSums]


class Importance(NamedTuple):
    """How far a feature, topic or group moves predictions, and in which way. Numbers to six digits, effects in log-odds."""

    level: Level
    name: str
    mean_abs_shap: float
    low: float  # 95 % interval over drawn days
    high: float
    share: float  # of the sum over the level; features of a group may move against one another, so that levels differ
    between_days: float | None  # share of the effect's variance that lies between days; None where it has none
    with_late_days: (
        float | None
    )  # rank correlation of days: mean effect and share of late flights; None where one is constant
    concentration: (
        float | None
    )  # root mean square over mean: 1 where all flights are moved equally far; None without effect


def effects_by_level(
    shap: Columns, topic_of: Mapping[str, str], group_of: Mapping[str, str]
) -> Iterator[tuple[Key, Column]]:
    """Effects of every feature, topic and group, float64 of shape (rows,): of the latter two the sum over their features."""
    for level, of in zip(LEVELS, ({name: name for name in shap}, topic_of, group_of), strict=True):
        for name, effects in together(shap, of).items():
            yield Key(level, name), effects


def daily_sums(explanation: Explanation, topic_of: Mapping[str, str], group_of: Mapping[str, str]) -> DailySums:
    """Add up effects by day, such as those of one month.

    Args:
        explanation: of all flights of these days, or of some of them.
        topic_of: the topic of each feature.
        group_of: the group of each feature.
    """
    dates, day = np.unique(explanation.flight_date, return_inverse=True)
    return DailySums(
        dates=dates,
        flights=np.bincount(day),
        late=np.bincount(day, explanation.late).astype(np.int64),
        effects={
            key: EffectSums(*(np.bincount(day, of) for of in (np.abs(effects), effects, effects**2)))
            for key, effects in effects_by_level(explanation.shap, topic_of, group_of)
        },
    )


def importance(parts: Iterable[DailySums], draws: int = DRAWS, seed: int = SEED) -> list[Importance]:
    """How far every feature, topic and group moves predictions, from the sums of all parts.

    Flights of a day are alike, so that days are drawn for the intervals, as in `evaluation.intervals`.

    Args:
        parts: sums of flights, each flight in one of them; days may be in several.
        draws: how often days are drawn.
        seed: of the draws.

    Returns:
        Features, then topics, then groups; the most important of each first, by name where they are equal.

    Raises:
        UserError: the flights are of fewer than two days.
    """
    whole = _added_up(parts)
    weights, _ = day_weights(whole.dates, draws, seed)
    drawn_flights = weights @ whole.flights
    total = dict.fromkeys(LEVELS, 0.0)
    for key, of in whole.effects.items():
        total[key.level] += float(of.absolute.sum())
    rows = [
        _row(key, of, whole, interval((weights @ of.absolute) / drawn_flights), total[key.level] or 1)
        for key, of in whole.effects.items()
    ]
    return sorted(rows, key=lambda row: (LEVELS.index(row.level), -row.mean_abs_shap, row.name))


def _added_up(parts: Iterable[DailySums]) -> DailySums:
    every = list(parts)
    dates, day = np.unique(np.concatenate([part.dates for part in every]), return_inverse=True)

    def added(of: list[PerDay]) -> PerDay:
        return np.bincount(day, np.concatenate(of))

    return DailySums(
        dates=dates,
        flights=added([part.flights for part in every]),
        late=added([part.late for part in every]),
        effects={
            key: EffectSums(*(added(list(of)) for of in zip(*(part.effects[key] for part in every), strict=True)))
            for key in every[0].effects
        },
    )


def _row(key: Key, of: EffectSums, whole: DailySums, ends: Interval, total: float) -> Importance:
    flights, absolute, squared = int(whole.flights.sum()), float(of.absolute.sum()), float(of.squared.sum())
    mean, mean_of_day = of.signed.sum() / flights, of.signed / whole.flights
    # The correlation ratio, eta squared: the sum of squares between days over that between flights.
    between = float((whole.flights * (mean_of_day - mean) ** 2).sum())
    around = squared - flights * float(mean) ** 2
    late_days = _rank_correlation(mean_of_day, whole.late / whole.flights)
    return Importance(
        *key,
        mean_abs_shap=round(absolute / flights, DIGITS),
        low=round(ends.low, DIGITS),
        high=round(ends.high, DIGITS),
        share=round(absolute / total, DIGITS),
        between_days=round(min(between / around, 1.0), DIGITS) if around > NO_VARIANCE * squared else None,
        with_late_days=None if late_days is None else round(late_days, DIGITS),
        concentration=round(math.sqrt(squared / flights) / (absolute / flights), DIGITS) if absolute else None,
    )


def _rank_correlation(one: PerDay, other: PerDay) -> float | None:
    """Spearman's, None where one of them is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(pd.Series(one).rank(), pd.Series(other).rank())[0, 1])
