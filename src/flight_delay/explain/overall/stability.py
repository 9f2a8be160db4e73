"""How stable importances are: the order of features and topics from month to month, and from seed to seed. Directions of
effects are compared in `explain.overall.turns`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.core.engine import Worker
from flight_delay.explain.explanation import together
from flight_delay.explain.overall.interactions import Level
from flight_delay.features.columns import Column, Columns
from flight_delay.model.booster import BoosterParameters, Trained, contributions, train_booster
from flight_delay.model.encode import Encoding, encode
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

Source = Literal["month", "seed"]
Sizes = Mapping[Level, Mapping[str, float]]  # mean absolute effect in log-odds, by level and name


class Standing(NamedTuple):
    """Where a feature or topic stands in a month, or in a model of another seed; rank 1 matters most, equals share the better one."""

    name: str
    level: Level
    source: Source
    label: str
    mean_abs_shap: float
    rank: int


class Move(NamedTuple):
    """How far the rank of a name goes, and the first labels where it is best and worst."""

    name: str
    best: int
    best_label: str
    worst: int
    worst_label: str


def sizes(shap: Columns, topic_of: Mapping[str, str]) -> Sizes:
    """Mean absolute effects of features and of topics, whose features' effects are added up flight by flight first.

    Args:
        shap: by feature, effects in log-odds of shape (rows,), one row or more.
        topic_of: the topic of each feature.
    """
    levels: dict[Level, Columns] = {"feature": shap, "topic": together(shap, topic_of)}
    return {
        level: {name: float(np.abs(values).mean(dtype=np.float64)) for name, values in of.items()}
        for level, of in levels.items()
    }


def standings(by_label: Mapping[str, Sizes], source: Source) -> list[Standing]:
    """Rank features and topics in each month, or each model, in order of labels, features first, the most important first."""
    return [row for label, of in by_label.items() for level in of for row in _ranked(of[level], level, source, label)]


def agreement(rows: Sequence[Standing], level: Level, source: Source) -> float | None:
    """How much months, or seeds, agree on the order: the mean of Kendall's tau-b over all pairs of them.

    1 is the same order, 0 what chance gives. Two names taken at random stand in the same order in (1 + tau) / 2 of the pairs. Names
    that matter nowhere are left out: there would be no end of them that agree.

    Returns:
        To six decimals; None where there are fewer than two columns, or two names that matter.
    """
    columns = _columns(rows, level, source)
    names = sorted(name for name in next(iter(columns.values()), {}) if any(of[name] for of in columns.values()))
    if len(names) < 2 or len(columns) < 2:
        return None
    taus = pd.DataFrame({label: [of[name] for name in names] for label, of in columns.items()}).corr(method="kendall")
    known = taus.to_numpy()[np.triu_indices(len(columns), 1)]
    known = known[~np.isnan(known)]  # it is NaN where all names of a column matter the same
    return round(float(known.mean()), 6) if known.size else None


def movers(rows: Sequence[Standing], level: Level, source: Source, among: int = 12) -> list[Move]:
    """Names whose rank moves between months, or seeds, the farthest first, ties by the better rank and by name.

    Args:
        rows: from `standings`.
        level: of the names.
        source: between what.
        among: looks only at those that matter most on average: far below, ranks are many and differences small.
    """
    seen: dict[str, list[Standing]] = {}
    for row in rows:
        if (row.level, row.source) == (level, source):
            seen.setdefault(row.name, []).append(row)
    first = sorted(seen, key=lambda name: (-float(np.mean([row.mean_abs_shap for row in seen[name]])), name))[:among]
    ends = {name: (min(seen[name], key=_rank), max(seen[name], key=_rank)) for name in first}
    moves = [Move(name, best.rank, best.label, worst.rank, worst.label) for name, (best, worst) in ends.items()]
    return sorted((of for of in moves if of.best < of.worst), key=lambda of: (of.best - of.worst, of.best, of.name))


def retrained(
    parameters: BoosterParameters,
    encoding: Encoding,
    read: Callable[[str], Examples],
    train_months: Sequence[str],
    validation_months: Sequence[str],
    seeds: Sequence[int],
    worker: Worker | None = None,
) -> dict[int, Trained]:
    """Train models that differ from one another in their seed only, on the same matrices.

    Args:
        parameters: of XGBoost.
        encoding: columns of the matrices.
        read: gives the examples of a month.
        train_months: to learn from.
        validation_months: to stop on.
        seeds: one a model.
        worker: limits the number of threads, and may stop the training.
    """
    data = load_training_data(encoding, read, train_months, validation_months, parameters.max_bin, worker)
    return {
        seed: train_booster(parameters.model_copy(update={"seed": seed}), data, label=f"seed {seed}", worker=worker)
        for seed in seeds
    }


def sizes_of(trained: Trained, encoding: Encoding, columns: Columns, topic_of: Mapping[str, str]) -> Sizes:
    """Mean absolute effects, as `sizes`, of a model on flights whose input columns, each of shape (rows,), are given."""
    values: Column = contributions(trained.booster, encode(columns, encoding), encoding)
    return sizes({feature.name: values[:, place] for place, feature in enumerate(encoding)}, topic_of)


def _ranked(of: Mapping[str, float], level: Level, source: Source, label: str) -> list[Standing]:
    rounded = {name: round(size, 6) for name, size in of.items()}
    ranks = pd.Series(list(rounded.values()), dtype=float).rank(method="min", ascending=False)
    rows = [
        Standing(name, level, source, label, size, int(rank))
        for (name, size), rank in zip(rounded.items(), ranks, strict=True)
    ]
    return sorted(rows, key=lambda row: (row.rank, row.name))


def _columns(rows: Sequence[Standing], level: Level, source: Source) -> dict[str, dict[str, float]]:
    columns: dict[str, dict[str, float]] = {}
    for row in rows:
        if (row.level, row.source) == (level, source):
            columns.setdefault(row.label, {})[row.name] = row.mean_abs_shap
    return columns


def _rank(row: Standing) -> int:
    return row.rank
