"""Training a gradient-boosted tree model, from months that are read one at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import xgboost as xgb
from pydantic import Field

from flight_delay.core.params import Parameters
from flight_delay.model.encode import Encoding, Matrix, encode
from flight_delay.model.examples import Examples

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

    `curve` holds, by metric and window ('train', 'validation'), a value per round, rounds after the best one included.
    """

    booster: xgb.Booster
    curve: dict[str, dict[str, list[float]]]

    @property
    def rounds(self) -> int:
        """Number of rounds that the model keeps."""
        return int(self.booster.num_boosted_rounds())


class _MonthlyMatrices(xgb.DataIter):
    """Hands XGBoost one encoded month at a time, so that the float matrix of all months never exists."""

    def __init__(self, months: Sequence[str], read: Callable[[str], Examples], encoding: Encoding) -> None:
        self._months, self._read, self._encoding = months, read, encoding
        self._next = 0
        super().__init__(release_data=True)

    def reset(self) -> None:
        self._next = 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        if self._next == len(self._months):
            return False
        examples = self._read(self._months[self._next])
        input_data(data=encode(examples.features, self._encoding), label=examples.late, **_description(self._encoding))
        self._next += 1
        return True


def train_booster(
    parameters: BoosterParameters,
    encoding: Encoding,
    read: Callable[[str], Examples],
    train_months: Sequence[str],
    validation_months: Sequence[str],
) -> Trained:
    """Train on some months, stopping early on others.

    Args:
        parameters: of XGBoost; the number of threads is not among them, since it does not change the model.
        encoding: columns of the matrix.
        read: gives the examples of a month; it is called several times for each.
        train_months: to learn from.
        validation_months: to stop on, later than those; without any, all rounds are trained.
    """
    options = parameters.model_dump(exclude={"max_rounds", "early_stopping_rounds", "monotone"})
    if parameters.monotone:
        options["monotone_constraints"] = tuple(_DIRECTIONS[feature.effect] for feature in encoding)
    train = xgb.QuantileDMatrix(_MonthlyMatrices(train_months, read, encoding), max_bin=parameters.max_bin)
    judged = [(train, "train")]
    if validation_months:
        matrices = _MonthlyMatrices(validation_months, read, encoding)
        judged.append((xgb.QuantileDMatrix(matrices, max_bin=parameters.max_bin, ref=train), "validation"))
    curve: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        {**options, "objective": "binary:logistic", "tree_method": "hist", "eval_metric": list(CURVE_METRICS)},
        train,
        num_boost_round=parameters.max_rounds,
        evals=judged,
        evals_result=curve,
        early_stopping_rounds=parameters.early_stopping_rounds if validation_months else None,
        callbacks=[_RoundLog()],
        verbose_eval=False,
    )
    best = booster[: booster.best_iteration + 1] if validation_months else booster
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
    return booster.predict(xgb.DMatrix(matrix, **_description(encoding)), pred_contribs=True)


def interactions(booster: xgb.Booster, matrix: Matrix, encoding: Encoding) -> Any:
    """SHAP interaction values (Lundberg et al. 2020, https://doi.org/10.1038/s42256-019-0138-9) of an encoded matrix, in log-odds.

    With 44 features a row costs a hundred times as much as its `contributions`; features that no tree uses cost as much as others.

    Returns:
        float32 of shape (rows, features + 1, features + 1), symmetric: half of what two features do together on either
        side of the diagonal, what one does alone on it; the expected value is the last element. Added up over one of
        the two axes, they are the `contributions`.
    """
    return booster.predict(xgb.DMatrix(matrix, **_description(encoding)), pred_interactions=True)


def importances(booster: xgb.Booster, encoding: Encoding) -> dict[str, dict[str, float]]:
    """XGBoost's own importances by feature, most gain first; zero for features that no tree uses."""
    scores = {kind: booster.get_score(importance_type=kind) for kind in ("gain", "total_gain", "weight", "cover")}
    by_feature = {
        feature.name: {kind: float(of_kind.get(feature.name, 0.0)) for kind, of_kind in scores.items()}
        for feature in encoding
    }
    return dict(sorted(by_feature.items(), key=lambda item: (-item[1]["total_gain"], item[0])))


def _description(encoding: Encoding) -> dict[str, list[str]]:
    return {
        "feature_names": [feature.name for feature in encoding],
        "feature_types": [feature.xgboost_type for feature in encoding],
    }


class _RoundLog(xgb.callback.TrainingCallback):
    """Logs how training goes, every fifty rounds."""

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 (XGBoost's interface)
        if epoch % 50 == 0:
            metric = CURVE_METRICS[-1]
            said = ", ".join(f"{window} {metric} {values[metric][-1]:.4f}" for window, values in evals_log.items())
            log.info("  round %d: %s", epoch, said)
        return False
