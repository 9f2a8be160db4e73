"""Importance of features, topics and groups: mean absolute SHAP values, with intervals over days. Topics stand between features
and groups: features that mean much the same. Which feature is of which topic is given, not decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.evaluation.bootstrap import N_BOOTSTRAP, SEED, day_weights, interval
from flight_delay.explain.explanation import Explanation, together
from flight_delay.features.columns import Column, Columns

Level = Literal["feature", "topic", "group"]
LEVELS: tuple[Level, ...] = ("feature", "topic", "group")
DIGITS = 6


class Key(NamedTuple):
    """The level and name of an effect; a topic of one feature may have the feature's name."""

    level: Level
    name: str


class DailySums(NamedTuple):
    """Sums over the flights of each day, days in ascending order.

    `flights` has the shape (days,); `absolute`, the absolute effects in log-odds, one column per `Key`.
    """

    flights: pd.Series
    absolute: pd.DataFrame


class Importance(NamedTuple):
    """Mean absolute effect of a feature, topic or group in log-odds, to six digits."""

    level: Level
    name: str
    mean_abs_shap: float
    low: float  # 95 % interval over drawn days
    high: float
    share: float  # of the sum over the level


def effects_by_level(shap: Columns, topic_of: Mapping[str, str], group_of: Mapping[str, str]) -> dict[Key, Column]:
    """Effects of every feature, topic and group, float64 of shape (rows,): of the latter two the sum over their features."""
    members = ({name: name for name in shap}, topic_of, group_of)
    return {
        Key(level, name): effects
        for level, member_of in zip(LEVELS, members, strict=True)
        for name, effects in together(shap, member_of).items()
    }


def daily_sums(explanation: Explanation, topic_of: Mapping[str, str], group_of: Mapping[str, str]) -> DailySums:
    """Sum absolute effects by day, such as those of one month.

    Args:
        explanation: of all flights of these days, or of some of them.
        topic_of: the topic of each feature.
        group_of: the group of each feature.
    """
    effects = effects_by_level(explanation.shap, topic_of, group_of)
    by_day = pd.DataFrame({tuple(key): np.abs(values) for key, values in effects.items()}).groupby(
        explanation.flight_date
    )
    return DailySums(by_day.size(), by_day.sum())


def importance(parts: Iterable[DailySums], draws: int = N_BOOTSTRAP, seed: int = SEED) -> list[Importance]:
    """Measure the importance of every feature, topic and group from the sums of all parts.

    Flights of a day are alike, so that days are drawn for the intervals, as in `evaluation.bootstrap`.

    Args:
        parts: sums of flights, each flight in one of them; days may be in several.
        draws: number of bootstrap draws.
        seed: of the draws.

    Returns:
        Features, then topics, then groups; the most important of each first, by name where they are equal.

    Raises:
        UserError: the flights are of fewer than two days.
    """
    every = list(parts)
    flights: pd.Series = pd.concat(part.flights for part in every).groupby(level=0).sum()
    absolute: pd.DataFrame = pd.concat(part.absolute for part in every).groupby(level=0).sum()
    weights, _ = day_weights(flights.index.to_numpy(), draws, seed)
    drawn = (weights @ absolute.to_numpy()) / (weights @ flights.to_numpy())[:, np.newaxis]
    sums = absolute.sum()
    totals = sums.groupby(level=0).sum()
    rows = []
    for column, key in enumerate(Key(*names) for names in absolute.columns.tolist()):
        total, ends = float(sums.iloc[column]), interval(drawn[:, column])
        values = total / int(flights.sum()), ends.low, ends.high, total / (totals[key.level] or 1)
        rows.append(Importance(*key, *(round(float(value), DIGITS) for value in values)))
    return sorted(rows, key=lambda row: (LEVELS.index(row.level), -row.mean_abs_shap, row.name))
