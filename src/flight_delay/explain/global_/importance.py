"""Importance of features, topics and groups: mean absolute SHAP values.

Intervals are over days. The effects of the features of a topic or group are added up row by row before the absolute
value is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.evaluation.bootstrap import N_BOOTSTRAP, SEED, day_weights, interval
from flight_delay.explain.explanation import Explanation, sum_by_group

Level = Literal["feature", "topic", "group"]
LEVELS: tuple[Level, ...] = ("feature", "topic", "group")
DIGITS = 6


class EffectKey(NamedTuple):
    """Level and name of an effect.

    A topic of one feature may have the feature's name.
    """

    level: Level
    name: str


class DailySums(NamedTuple):
    """Sums by day, days in ascending order.

    `rows` has the shape (days,); `absolute`, the absolute effects in log-odds, one column per `EffectKey`.
    """

    rows: pd.Series
    absolute: pd.DataFrame


class Importance(NamedTuple):
    """Mean absolute effect of a feature, topic or group, in log-odds.

    Values are rounded to six decimals.
    """

    level: Level
    name: str
    mean_abs_shap: float
    low: float  # 95 % interval over days
    high: float
    share: float  # of the sum over the level


def daily_sums(explanation: Explanation, topic_of: Mapping[str, str], group_of: Mapping[str, str]) -> DailySums:
    """Sum absolute effects by day, such as those of one month.

    Args:
        explanation: of all or some rows of these days.
        topic_of: the topic of each feature.
        group_of: the group of each feature.
    """
    members = ({name: name for name in explanation.shap}, topic_of, group_of)
    # One effect at a time, since a table of all of them is larger than the month.
    by_day = {
        (level, name): pd.Series(np.abs(effects)).groupby(explanation.flight_date).sum()
        for level, member_of in zip(LEVELS, members, strict=True)
        for name, effects in sum_by_group(explanation.shap, member_of).items()
    }
    rows = pd.Series(explanation.flight_date).groupby(explanation.flight_date).size()
    return DailySums(rows, pd.DataFrame(by_day))


def compute_importance(parts: Iterable[DailySums], draws: int = N_BOOTSTRAP, seed: int = SEED) -> list[Importance]:
    """Compute the importance of every feature, topic and group.

    Intervals are from a bootstrap over days, because rows of a day are correlated; see `evaluation.bootstrap`.

    Args:
        parts: sums, each row in one of them; a day may be in several.
        draws: number of bootstrap draws.
        seed: of the draws.

    Returns:
        Features, then topics, then groups; the most important of each first, ties by name.

    Raises:
        UserError: there are fewer than two days.
    """
    every = list(parts)
    rows: pd.Series = pd.concat(part.rows for part in every).groupby(level=0).sum()
    absolute: pd.DataFrame = pd.concat(part.absolute for part in every).groupby(level=0).sum()
    weights, _ = day_weights(rows.index.to_numpy(), draws, seed)
    drawn = (weights @ absolute.to_numpy()) / (weights @ rows.to_numpy())[:, np.newaxis]
    sums = absolute.sum()
    totals = sums.groupby(level=0).sum().replace(0, 1)
    importances = []
    for column, key in enumerate(EffectKey(*names) for names in absolute.columns.tolist()):
        total, ends = float(sums.iloc[column]), interval(drawn[:, column])
        values = total / int(rows.sum()), ends.low, ends.high, total / totals[key.level]
        importances.append(Importance(*key, *(round(float(value), DIGITS) for value in values)))
    return sorted(importances, key=lambda row: (LEVELS.index(row.level), -row.mean_abs_shap, row.name))
