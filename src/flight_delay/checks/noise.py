"""Check for features that are no more important than random columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb

from flight_delay.checks.findings import Finding, sort_findings
from flight_delay.core.workers import Worker
from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import Matrix, encode, fit_encoding
from flight_delay.model.examples import Examples, Outcome
from flight_delay.model.predictions import log_loss_per_row
from flight_delay.model.training_data import load_training_data

# Several, since a useless feature is more important than a single random column half of the time.
RANDOM_NUMBERS = tuple(f"random_number_{number}" for number in (1, 2, 3))
RANDOM_LABELS = tuple(f"random_label_{number}" for number in (1, 2, 3))

# Small trees that still overfit to random columns: leaves have fewer rows than those of the model in use.
SMALL = BoosterParameters(
    num_boost_round=100, early_stopping_rounds=100, learning_rate=0.1, max_depth=5, min_child_weight=100.0,
    subsample=1.0, colsample_bytree=0.5, reg_lambda=5.0, max_bin=64, monotone_constraints=True, seed=2013,
    external_memory=False, sharded=False,
)  # fmt: skip


@dataclass(frozen=True)
class ProbeImportances:
    """Permutation importances: mean increase of validation log loss (nats)."""

    features: dict[str, float]
    random: dict[str, float]  # of the random columns

    @property
    def threshold(self) -> float:
        """Highest importance of a random column; at least 0."""
        return max(0.0, *self.random.values())


def noise_probe_importance(
    train: Examples,
    validation: Examples,
    features: Sequence[Feature],
    *,
    parameters: BoosterParameters = SMALL,
    repeats: int = 3,
    seed: int = 2013,
    worker: Worker | None = None,
) -> ProbeImportances:
    """Compute permutation importances of features and of random columns.

    Random columns are three of normal numbers and, with categorical features, three permutations of the one with the
    most labels; https://doi.org/10.18637/jss.v036.i11 permutes every column. They depend on the order of the rows.

    Args:
        train: examples for training.
        validation: later examples for early stopping and importances.
        features: features of the booster.
        parameters: parameters of the booster.
        repeats: number of permutations of each column.
        seed: random seed.
        worker: limits the number of threads.
    """
    random = np.random.default_rng(seed)
    categorical = [feature.name for feature in features if feature.kind == "categorical"]
    most_labels = max(categorical, key=lambda name: pd.Series(train.features[name]).nunique(), default=None)
    every = {
        "train": _with_noise(train, most_labels, random),
        "validation": _with_noise(validation, most_labels, random),
    }
    noise = [Feature(name=name, kind="quantitative", group="schedule") for name in RANDOM_NUMBERS]
    if most_labels is not None:
        noise += [Feature(name=name, kind="categorical", group="schedule") for name in RANDOM_LABELS]
    fitted = fit_encoding((*features, *noise), [every["train"]])
    encoding = tuple(column for column in fitted if column.kind != "indicator")
    data = load_training_data(encoding, every.__getitem__, ["train"], ["validation"], parameters.max_bin, worker)
    trained = train_booster(parameters, data, worker=worker)
    matrix = encode(every["validation"].features, encoding)
    increases = _permutation_increases(trained.booster, matrix, validation.target, repeats, random)
    named = list(zip((column.name for column in encoding), increases, strict=True))
    return ProbeImportances(dict(named[: len(features)]), dict(named[len(features) :]))


def no_better_than_noise(importances: ProbeImportances) -> list[Finding]:
    """Find the features that are not more important than the random columns."""
    return sort_findings(
        Finding(
            "noise",
            (name,),
            importance,
            f"Shuffling {name} changes log loss on validation by {importance:+.6f}, a random column by up to "
            f"{importances.threshold:+.6f}.",
        )
        for name, importance in importances.features.items()
        if importance <= importances.threshold
    )


def _with_noise(examples: Examples, most_labels: str | None, random: np.random.Generator) -> Examples:
    noise: Columns = {name: random.standard_normal(len(examples), np.float32) for name in RANDOM_NUMBERS}
    if most_labels is not None:
        noise |= {name: random.permutation(examples.features[most_labels]) for name in RANDOM_LABELS}
    return Examples(examples.row_id, examples.date, {**examples.features, **noise}, examples.target)


def _permutation_increases(
    booster: xgb.Booster, matrix: Matrix, target: Outcome, repeats: int, random: np.random.Generator
) -> list[float]:
    """Compute permutation importances (https://doi.org/10.1023/A:1010933404324)."""

    def loss() -> float:
        return float(log_loss_per_row(target, predict(booster, matrix)).mean())

    before = loss()
    used = booster.get_score(importance_type="weight")
    increases = []
    for place, name in enumerate(booster.feature_names or ()):
        column = matrix[:, place].copy()
        after = []
        for _ in range(repeats):
            # Permuted also if no tree uses the column, so that permutations of the others do not depend on it.
            matrix[:, place] = random.permutation(column)
            after.append(loss() if name in used else before)
        matrix[:, place] = column
        increases.append(round(float(np.mean(after)) - before, 6))
    return increases
