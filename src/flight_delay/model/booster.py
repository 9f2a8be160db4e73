"""Training a gradient-boosted tree model, and what can be asked of it."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Annotated, Any

import xgboost as xgb
from pydantic import Field

from flight_delay.core.engine import Worker, single_worker
from flight_delay.core.params import Parameters
from flight_delay.model.encode import Encoding, Matrix
from flight_delay.model.training_data import TrainingData, describe

log = logging.getLogger(__name__)

# Ranking metrics would be five times the cost of training: they sort all rows in every round.
CURVE_METRICS = ("logloss",)

_DIRECTIONS = {"increasing": 1, "decreasing": -1, None: 0}


class BoosterParameters(Parameters):
    """Parameters of XGBoost, by its own names: https://xgboost.readthedocs.io/en/stable/parameter.html

    `monotone` holds the model to the effect that a feature is declared to have (`monotone_constraints`).
    """

    max_rounds: Annotated[int, Field(ge=1)]
    early_stopping_rounds: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    max_depth: Annotated[int, Field(ge=1, le=32)]
    min_child_weight: Annotated[float, Field(ge=0)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample_bytree: Annotated[float, Field(gt=0, le=1)]
    reg_lambda: Annotated[float, Field(ge=0)]
    max_bin: Annotated[int, Field(ge=2, le=65_536)]
    monotone: bool
    seed: Annotated[int, Field(ge=0, lt=2**31)]


@dataclass(frozen=True)
class Trained:
    """A trained model, cut off after its best round, and how it got there.

    `curve` holds, by metric and window ('validation', and 'train' where it was recorded), a value per round, rounds after the
    best one included.
    """

    booster: xgb.Booster
    curve: dict[str, dict[str, list[float]]]

    @property
    def rounds(self) -> int:
        """Number of rounds that the model keeps."""
        return int(self.booster.num_boosted_rounds())


def train_booster(
    parameters: BoosterParameters,
    data: TrainingData,
    *,
    record_train: bool = False,
    label: str = "",
    worker: Worker | None = None,
) -> Trained:
    """Train on some months, stopping early on others.

    Args:
        parameters: of XGBoost; the number of threads is not among them, since it does not change the model.
        data: made with `parameters.max_bin`; without validation months, all rounds are trained.
        record_train: whether the curve has the training rows, too, which takes a tenth longer.
        label: names the model in the log.
        worker: limits the number of threads, and may stop the training.

    Raises:
        CancelledError: the worker was stopped.
    """
    worker = worker or single_worker()
    options = parameters.model_dump(exclude={"max_rounds", "early_stopping_rounds", "monotone"})
    if parameters.monotone:
        options["monotone_constraints"] = tuple(_DIRECTIONS[feature.effect] for feature in data.encoding)
    judged = [(data.train, "train")] if record_train else []
    if data.validation is not None:
        judged.append((data.validation, "validation"))
    curve: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        {
            **options,
            "objective": "binary:logistic",
            "tree_method": "hist",
            "eval_metric": list(CURVE_METRICS),
            "nthread": worker.n_jobs,
        },
        data.train,
        num_boost_round=parameters.max_rounds,
        evals=judged,
        evals_result=curve,
        early_stopping_rounds=parameters.early_stopping_rounds if data.validation is not None else None,
        callbacks=[_RoundLog(label, worker)],
        verbose_eval=False,
    )
    best = booster[: booster.best_iteration + 1] if data.validation is not None else booster
    return Trained(best, {metric: {window: curve[window][metric] for window in curve} for metric in CURVE_METRICS})


def predict(booster: xgb.Booster, matrix: Matrix) -> Any:
    """Probability of being late, float32 of shape (rows,), for an encoded matrix of shape (rows, features)."""
    return booster.inplace_predict(matrix)


def contributions(booster: xgb.Booster, matrix: Matrix, encoding: Encoding) -> Any:
    """Exact SHAP values (path-dependent TreeSHAP, https://arxiv.org/abs/1802.03888) of an encoded matrix, in log-odds.

    Returns:
        float32 of shape (rows, features + 1); the last column is the expected value. A row adds up to the log-odds
        of the predicted probability.
    """
    return booster.predict(xgb.DMatrix(matrix, **describe(encoding)), pred_contribs=True)


def interactions(booster: xgb.Booster, matrix: Matrix, encoding: Encoding) -> Any:
    """SHAP interaction values (Lundberg et al. 2020, https://doi.org/10.1038/s42256-019-0138-9) of an encoded matrix, in log-odds.

    With 44 features a row costs a hundred times as much as its `contributions`; features that no tree uses cost as much as others.

    Returns:
        float32 of shape (rows, features + 1, features + 1), symmetric: half of what two features do together on either
        side of the diagonal, what one does alone on it; the expected value is the last element. Added up over one of
        the two axes, they are the `contributions`.
    """
    return booster.predict(xgb.DMatrix(matrix, **describe(encoding)), pred_interactions=True)


def importances(booster: xgb.Booster, encoding: Encoding) -> dict[str, dict[str, float]]:
    """XGBoost's own importances by feature, most gain first; zero for features that no tree uses."""
    scores = {kind: booster.get_score(importance_type=kind) for kind in ("gain", "total_gain", "weight", "cover")}
    by_feature = {
        feature.name: {kind: float(of_kind.get(feature.name, 0.0)) for kind, of_kind in scores.items()}
        for feature in encoding
    }
    return dict(sorted(by_feature.items(), key=lambda item: (-item[1]["total_gain"], item[0])))


class _RoundLog(xgb.callback.TrainingCallback):
    """Logs how training goes, every fifty rounds, and stops it when its result is no longer wanted."""

    def __init__(self, label: str, worker: Worker) -> None:
        self._prefix, self._stop = f"{label}: " if label else "", worker.stop

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 (XGBoost's interface)
        if epoch % 50 == 0:
            metric = CURVE_METRICS[-1]
            losses = ", ".join(f"{window} {metric} {values[metric][-1]:.4f}" for window, values in evals_log.items())
            log.info("  %sround %d%s", self._prefix, epoch, f": {losses}" if losses else "")
        if self._stop.is_set():
            raise CancelledError
        return False
