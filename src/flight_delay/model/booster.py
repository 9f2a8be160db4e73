"""Train gradient-boosted trees; predict, compute SHAP values and importances."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import xgboost as xgb
from pydantic import Field, model_validator

from flight_delay.core.params import Parameters
from flight_delay.core.workers import Worker, single_worker
from flight_delay.model.encode import Encoding, Matrix
from flight_delay.model.sharded import Shard, Workers, train_shard, train_sharded
from flight_delay.model.training_data import Matrices, TrainingData, describe_columns

log = logging.getLogger(__name__)

# Ranking metrics sort all rows in every round, and would take five times as long as training.
EVAL_METRIC = "logloss"
CURVE_DECIMALS = 9  # of sharded training; the last ones of a double depend on the number of shards

_NOT_OF_XGBOOST = {"num_boost_round", "early_stopping_rounds", "monotone_constraints", "external_memory", "sharded"}
_DIRECTIONS = {"increasing": 1, "decreasing": -1, None: 0}


class BoosterParameters(Parameters):
    """Parameters of XGBoost.

    See https://xgboost.readthedocs.io/en/stable/parameter.html. `monotone_constraints` applies the declared effects of
    features. Two are not XGBoost's: `external_memory` keeps training rows on disk, and does not change the model;
    `sharded` trains a model that does not depend on the number of workers (`model.sharded`).
    """

    num_boost_round: Annotated[int, Field(ge=1)]
    early_stopping_rounds: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    max_depth: Annotated[int, Field(ge=1, le=32)]
    min_child_weight: Annotated[float, Field(ge=0)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample_bytree: Annotated[float, Field(gt=0, le=1)]
    reg_lambda: Annotated[float, Field(ge=0)]
    max_bin: Annotated[int, Field(ge=2, le=65_536)]
    monotone_constraints: bool
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    external_memory: bool
    sharded: bool

    @model_validator(mode="after")
    def _require_reproducible_shards(self) -> BoosterParameters:
        if self.sharded and self.subsample != 1:
            raise ValueError(f"sharded training needs all rows, not subsample: {self.subsample}; set it to 1.0")
        if self.sharded and self.external_memory:
            raise ValueError("sharded and external_memory exclude each other; set one to false")
        return self


@dataclass(frozen=True)
class Trained:
    """A booster, truncated after its best round, and its training curve.

    `log_loss` holds, by split ('validation', and 'train' where it was recorded), a value per round, including rounds
    after the best one.
    """

    booster: xgb.Booster
    log_loss: dict[str, list[float]]

    @property
    def rounds(self) -> int:
        """Number of rounds of the truncated booster."""
        return int(self.booster.num_boosted_rounds())


def train_booster(
    parameters: BoosterParameters,
    data: TrainingData,
    *,
    record_train: bool = False,
    label: str = "",
    worker: Worker | None = None,
    workers: Workers | None = None,
) -> Trained:
    """Train a booster, with early stopping where the data have validation rows.

    Args:
        parameters: parameters of XGBoost; the number of threads is not among them, since it does not change the model.
        data: built with `parameters.max_bin`.
        record_train: whether the curve includes the training rows, which takes a tenth longer.
        label: name of the model in the log.
        worker: limits the number of threads, and may stop the training; not if there are `workers`.
        workers: those of sharded training; None to train in this process, with the same result.

    Raises:
        CancelledError: the worker was stopped.
        UserError: one of the `workers` was lost.
    """
    worker = worker or single_worker()
    fit = partial(_fit, parameters, data.encoding, record_train)
    if parameters.sharded and workers:
        return train_sharded(data, partial(fit, workers.n_jobs, ()), workers)
    fit = partial(fit, worker.n_jobs, (_RoundLog(label, worker),))
    if parameters.sharded:
        return train_shard(data, fit, Shard(rank=0, n_shards=1))
    return fit(data.matrices(external_memory=parameters.external_memory))


def _fit(
    parameters: BoosterParameters,
    encoding: Encoding,
    record_train: bool,
    n_jobs: int,
    callbacks: Sequence[xgb.callback.TrainingCallback],
    matrices: Matrices,
    base_score: float | None = None,
) -> Trained:
    options = parameters.model_dump(exclude=_NOT_OF_XGBOOST)
    options |= {"objective": "binary:logistic", "tree_method": "hist", "eval_metric": EVAL_METRIC, "nthread": n_jobs}
    if parameters.monotone_constraints:
        options["monotone_constraints"] = tuple(_DIRECTIONS[feature.effect] for feature in encoding)
    if parameters.sharded:
        options |= {"base_score": base_score, "seed_per_iteration": True}
    train, validation = matrices
    evaluated = [(train, "train")] if record_train else []
    if validation is not None:
        evaluated.append((validation, "validation"))
    curve: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        options,
        train,
        num_boost_round=parameters.num_boost_round,
        evals=evaluated,
        evals_result=curve,
        early_stopping_rounds=parameters.early_stopping_rounds if validation is not None else None,
        callbacks=callbacks,
        verbose_eval=False,
    )
    best = booster[: booster.best_iteration + 1] if validation is not None else booster
    losses = {split: [float(value) for value in curve[split][EVAL_METRIC]] for split in curve}
    if parameters.sharded:
        losses = {split: [round(value, CURVE_DECIMALS) for value in values] for split, values in losses.items()}
    return Trained(best, losses)


def predict(booster: xgb.Booster, matrix: Matrix) -> Any:
    """Predict probabilities, float32 of shape (rows,), from an encoded matrix."""
    return booster.inplace_predict(matrix)


def shap_contributions(booster: xgb.Booster, matrix: Matrix, encoding: Encoding) -> Any:
    """Compute exact SHAP values (https://arxiv.org/abs/1802.03888) in log-odds.

    Returns:
        float32 of shape (rows, features + 1); the last column is the expected value. The sum of a row is the log-odds
        of the predicted probability.
    """
    return booster.predict(xgb.DMatrix(matrix, **describe_columns(encoding)), pred_contribs=True)


def shap_interactions(booster: xgb.Booster, matrix: Matrix, encoding: Encoding) -> Any:
    """Compute SHAP interaction values in log-odds.

    Method: https://doi.org/10.1038/s42256-019-0138-9. With 44 features, a row takes a hundred times as long as its
    `shap_contributions`, also for unused features.

    Returns:
        float32 of shape (rows, features + 1, features + 1), symmetric: main effects on the diagonal, half of each
        interaction on either side of it; the expected value is the last element. Sums over one of the two axes are the
        `shap_contributions`.
    """
    return booster.predict(xgb.DMatrix(matrix, **describe_columns(encoding)), pred_interactions=True)


def booster_importances(booster: xgb.Booster, encoding: Encoding) -> dict[str, dict[str, float]]:
    """Return XGBoost's importances by feature, the largest total gain first."""
    scores = {kind: booster.get_score(importance_type=kind) for kind in ("gain", "total_gain", "weight", "cover")}
    by_feature = {
        feature.name: {kind: float(values.get(feature.name, 0.0)) for kind, values in scores.items()}
        for feature in encoding
    }
    return dict(sorted(by_feature.items(), key=lambda item: (-item[1]["total_gain"], item[0])))


class _RoundLog(xgb.callback.TrainingCallback):
    """Log losses every fifty rounds; stop training when the worker is stopped."""

    def __init__(self, label: str, worker: Worker) -> None:
        self._prefix, self._stop = f"{label}: " if label else "", worker.stop

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 (interface of XGBoost)
        if epoch % 50 == 0:
            losses = ", ".join(f"{split} log loss {values[EVAL_METRIC][-1]:.4f}" for split, values in evals_log.items())
            log.info("  %sround %d%s", self._prefix, epoch, f": {losses}" if losses else "")
        if self._stop.is_set():
            raise CancelledError
        return False
