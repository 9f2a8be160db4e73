"""Stability of importance: ranks of features and topics by month and by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from flight_delay.core.content import Source
from flight_delay.core.engine import has_other_processes, map_models
from flight_delay.core.workers import Worker
from flight_delay.explain.explanation import sum_by_group
from flight_delay.explain.global_.interactions import PairLevel
from flight_delay.features.columns import Columns
from flight_delay.model.booster import BoosterParameters, Trained, shap_contributions, train_booster
from flight_delay.model.encode import Encoding, encode, input_features
from flight_delay.model.examples import read_month
from flight_delay.model.training_data import load_training_data

Varied = Literal["month", "seed"]
MeanEffects = Mapping[PairLevel, Mapping[str, float]]  # mean absolute effect in log-odds, by level and name


class Rank(NamedTuple):
    """Rank of a feature or topic by month or seed.

    The most important one has rank 1; ties share the best rank.
    """

    name: str
    level: PairLevel
    source: Varied
    label: str
    mean_abs_shap: float
    rank: int


def mean_effects(shap: Columns, topic_of: Mapping[str, str]) -> MeanEffects:
    """Compute mean absolute effects of features and topics.

    The effects of the features of a topic are summed row by row first.

    Args:
        shap: by feature, effects in log-odds of shape (rows,), one row or more.
        topic_of: the topic of each feature.
    """
    levels: dict[PairLevel, Columns] = {"feature": shap, "topic": sum_by_group(shap, topic_of)}
    return {
        level: {name: float(np.abs(values).mean(dtype=np.float64)) for name, values in effects.items()}
        for level, effects in levels.items()
    }


def mean_effects_by_seed(
    models: Mapping[int, Trained], encoding: Encoding, columns: Columns, topic_of: Mapping[str, str]
) -> dict[str, MeanEffects]:
    """Compute mean absolute effects of models of several seeds.

    All models have the same columns of shape (rows,).
    """
    matrix = encode(columns, encoding)

    def effects(model: Trained) -> MeanEffects:
        values = shap_contributions(model.booster, matrix, encoding)
        return mean_effects({feature.name: values[:, at] for at, feature in enumerate(encoding)}, topic_of)

    return {str(seed): effects(model) for seed, model in models.items()}


def rank_effects(by_label: Mapping[str, MeanEffects], source: Varied) -> list[Rank]:
    """Rank features and topics for each month or seed.

    Features come before topics, the most important first, ties by name.
    """
    rows = []
    for label, levels in by_label.items():
        for level, effects in levels.items():
            rounded = pd.Series(effects, dtype=float).round(6)
            ranks = rounded.rank(method="min", ascending=False).astype(int)
            ordered = sorted(rounded.index, key=lambda name: (ranks[name], name))
            rows += [Rank(name, level, source, label, float(rounded[name]), int(ranks[name])) for name in ordered]
    return rows


def rank_table(rows: Sequence[Rank], level: PairLevel, source: Varied) -> pd.DataFrame:
    """Tabulate mean absolute effects by name (rows) and label (columns).

    A label is a month or a seed. Names without any effect are left out.
    """
    effects: dict[str, dict[str, float]] = {}
    for row in rows:
        if (row.level, row.source) == (level, source):
            effects.setdefault(row.label, {})[row.name] = row.mean_abs_shap
    table = pd.DataFrame(effects).sort_index()
    return table[(table > 0).any(axis=1)]


def train_other_seeds(
    parameters: BoosterParameters,
    encoding: Encoding,
    files: Mapping[str, Path],
    train_months: Sequence[str],
    validation_months: Sequence[str],
    count: int,
    worker: Worker,
) -> dict[int, Trained]:
    """Train models that differ in their seed only.

    Args:
        parameters: of XGBoost.
        encoding: columns of the matrices.
        files: processed months of the two splits.
        train_months: for training.
        validation_months: for early stopping.
        count: number of models, with the seeds that follow that of `parameters`.
        worker: limits the number of threads, and may stop the training.
    """
    seeds = range(parameters.seed + 1, parameters.seed + 1 + count)
    arguments = (parameters, encoding, files, train_months, validation_months)
    if not has_other_processes():
        return train_seeds(worker, *arguments, seeds)
    trained: dict[int, Trained] = {}
    for part in map_models(train_seeds, [(*arguments, [seed]) for seed in seeds]):
        trained |= part
    return trained


def train_seeds(
    worker: Worker,
    parameters: BoosterParameters,
    encoding: Encoding,
    files: Mapping[str, Source],
    train_months: Sequence[str],
    validation_months: Sequence[str],
    seeds: Sequence[int],
) -> dict[int, Trained]:
    """Train models with some seeds on the same matrices; see `train_other_seeds`."""
    read = partial(read_month, files, input_features(encoding))
    data = load_training_data(encoding, read, train_months, validation_months, parameters.max_bin, worker)
    return {
        seed: train_booster(parameters.model_copy(update={"seed": seed}), data, label=f"seed {seed}", worker=worker)
        for seed in seeds
    }
