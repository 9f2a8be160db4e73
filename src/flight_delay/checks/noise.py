"""Features that help a model no more than random numbers do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

from flight_delay.checks.findings import Finding, in_order
from flight_delay.core.engine import Worker
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import EncodedFeature, Matrix, encode
from flight_delay.model.examples import Examples, Outcome
from flight_delay.model.training_data import load_training_data

# Several, since one column of chance is above another one of chance half of the time.
RANDOM_NUMBERS = tuple(f"random_number_{number}" for number in (1, 2, 3))
RANDOM_LABELS = tuple(f"random_label_{number}" for number in (1, 2, 3))

# Small trees that still go wrong where a column is chance: with fewer rows a leaf than a model to be used would have.
SMALL = BoosterParameters(
    max_rounds=100, early_stopping_rounds=100, learning_rate=0.1, max_depth=5, min_child_weight=100.0, subsample=1.0,
    colsample_bytree=0.5, reg_lambda=5.0, max_bin=64, monotone=True, seed=2013,
)  # fmt: skip


@dataclass(frozen=True)
class Importances:
    """By how much log loss (natural logarithm, per flight) rises on validation when a column is shuffled; mean of repeats."""

    features: dict[str, float]
    random: dict[str, float]  # columns that were added and know nothing

    @property
    def bar(self) -> float:
        """What chance alone reaches; no less than 0."""
        return max(0.0, *self.random.values())


def importance_beside_noise(
    train: Examples,
    validation: Examples,
    features: Sequence[Feature],
    *,
    parameters: BoosterParameters = SMALL,
    repeats: int = 3,
    seed: int = 2013,
    worker: Worker | None = None,
) -> Importances:
    """Train a small booster on the features and on random columns, and measure how much it needs each of them.

    The random columns are three of normal numbers and, where there are categorical features, three of the labels of the one that has
    most, shuffled: https://doi.org/10.18637/jss.v036.i11 does so with every column. What is drawn depends on the order of
    the flights.

    Args:
        train: flights to learn from.
        validation: flights to stop and to measure on, later than those.
        features: to use.
        parameters: of the booster.
        repeats: how often each column is shuffled.
        seed: of what is drawn.
        worker: limits the number of threads.
    """
    random = np.random.default_rng(seed)
    labels = {of.name: _labels(train.features[of.name]) for of in features if of.kind == "categorical"}
    widest = max(labels, key=lambda name: len(labels[name]), default=None)
    every = {"train": _with_noise(train, widest, random), "validation": _with_noise(validation, widest, random)}
    noise = [Feature(name=name, kind="quantitative", group="schedule") for name in RANDOM_NUMBERS]
    if widest is not None:
        noise += [Feature(name=name, kind="categorical", group="schedule") for name in RANDOM_LABELS]
        labels |= dict.fromkeys(RANDOM_LABELS, labels[widest])
    encoding = tuple(
        EncodedFeature(name=of.name, kind=of.kind, group=of.group, effect=of.effect, categories=labels.get(of.name, ()))
        for of in (*features, *noise)
    )
    data = load_training_data(encoding, every.__getitem__, ["train"], ["validation"], parameters.max_bin, worker)
    trained = train_booster(parameters, data, worker=worker)
    matrix = encode(every["validation"].features, encoding)
    rises = _rises(trained.booster, matrix, validation.target, repeats, random)
    by_name = {of.name: rise for of, rise in zip(encoding, rises, strict=True)}
    return Importances(
        features={of.name: by_name[of.name] for of in features},
        random={of.name: by_name[of.name] for of in noise},
    )


def useless(importances: Importances) -> list[Finding]:
    """Name the features that are not needed more than the random columns."""
    return in_order(
        Finding(
            check="noise",
            severity="warning",
            columns=(name,),
            value=importance,
            says=f"Shuffling {name} changes log loss on validation by {importance:+.6f}, a random column by up to "
            f"{importances.bar:+.6f}.",
            means="The model gains nothing from it there: what it learnt from it is chance, or is in other columns, too.",
            advice="Compare with and without it on the backtest, one such column at a time, and leave it out if nothing is lost.",
        )
        for name, importance in importances.features.items()
        if importance <= importances.bar
    )


def _labels(values: Column) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _with_noise(examples: Examples, widest: str | None, random: np.random.Generator) -> Examples:
    noise: Columns = {name: random.standard_normal(len(examples), np.float32) for name in RANDOM_NUMBERS}
    if widest is not None:
        noise |= {name: random.permutation(examples.features[widest]) for name in RANDOM_LABELS}
    return Examples(examples.row_id, examples.date, {**examples.features, **noise}, examples.target)


def _rises(
    booster: xgb.Booster, matrix: Matrix, target: Outcome, repeats: int, random: np.random.Generator
) -> list[float]:
    """Mean rise of log loss by column: permutation importance, https://doi.org/10.1023/A:1010933404324"""
    before = _log_loss(target, predict(booster, matrix))
    used = booster.get_score(importance_type="weight")
    rises = []
    for place, name in enumerate(booster.feature_names or ()):
        column = matrix[:, place].copy()
        after = []
        for _ in range(repeats):
            matrix[:, place] = random.permutation(
                column
            )  # also where no tree uses it: draws of the others stay the same
            after.append(_log_loss(target, predict(booster, matrix)) if name in used else before)
        matrix[:, place] = column
        rises.append(round(float(np.mean(after)) - before, 6))
    return rises


def _log_loss(target: Outcome, probability: Matrix) -> float:
    right = np.where(target, probability, 1 - probability).astype(np.float64)
    return float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean())
