"""Rolling-origin backtest: a model for each month, trained on earlier months.

Method: Tashman (2000), https://doi.org/10.1016/S0169-2070(00)00065-0. The origin moves by one month, the training
window grows, and no model is trained on a month that it is evaluated on, or on a later one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from flight_delay.core.content import Source
from flight_delay.core.engine import map_models
from flight_delay.core.errors import UserError
from flight_delay.core.months import Month, MonthRange, Splits, month_paths
from flight_delay.core.params import Parameters
from flight_delay.core.workers import Worker
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples, read_month, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.model.training_data import load_training_data

log = logging.getLogger(__name__)


class BacktestParameters(Parameters):
    """First test month, test months per fold, and maximum number of folds.

    Calibration methods are compared on at least two folds.
    """

    first_test_month: Month
    test_months: Annotated[int, Field(ge=1)]
    max_folds: Annotated[int, Field(ge=2)]


class Fold(NamedTuple):
    """Months of one model of a backtest."""

    train_months: list[str]
    validation_month: str
    test_months: list[str]


class BacktestResult(NamedTuple):
    """Predictions and metrics of a backtest.

    Attributes:
        predictions: by month, those of the model whose first test month it is.
        by_month: metrics of these predictions.
        staleness: a row per model and test month: last month of training, age of the model in months, test month,
            and the values of the metrics.
        rounds: number of boosting rounds of every model.
    """

    predictions: dict[str, Predictions]
    by_month: dict[str, dict[str, float]]
    staleness: list[list[Any]]
    rounds: list[int]


def backtest_months(splits: Splits) -> MonthRange:
    """Return the months that a backtest may read: those before the test split."""
    return MonthRange(first=splits.train.first, last=splits.validation.last)


def rolling_origin_folds(months: Sequence[str], first_test_month: str, test_months: int, max_folds: int) -> list[Fold]:
    """Divide months into the folds of a backtest.

    The first model predicts all months from its first test month on, to measure how metrics change without retraining.
    The number of folds is limited because each costs a model of all months before it.

    Args:
        months: existing months before the test split, in order.
        first_test_month: the first month to predict; at least one month for training and one for early stopping
            come before it.
        test_months: number of months that each other model predicts, fewer at the end.
        max_folds: of more folds, the latest ones.

    Raises:
        UserError: `first_test_month` is too early, or not one of the months.
    """
    possible = list(months[2:])
    if first_test_month not in possible:
        choice = f"an existing month in {possible[0]} … {possible[-1]}" if possible else "preceded by more months"
        raise UserError(
            f"params.yaml: backtest.first_test_month is {first_test_month}; it must be {choice} (a month for training "
            "and one for early stopping come before it, splits.test after it)"
        )
    start = max(months.index(first_test_month), len(months) - max_folds)
    folds = [
        Fold(list(months[: at - 1]), months[at - 1], list(months[at : at + test_months]))
        for at in range(start, len(months))
    ]
    return [folds[0]._replace(test_months=list(months[start:])), *folds[1:]]


def require_fold_classes(folds: Sequence[Fold], read: Callable[[str], Examples]) -> None:
    """Check that every model has both classes in each of its splits.

    Raises:
        UserError: a class is missing.
    """
    first = folds[0]
    targets = (read(month).target for month in first.train_months)
    require_both_classes(targets, f"the backtest before {first.test_months[0]}")
    for month in [first.validation_month, *(fold.test_months[0] for fold in folds)]:
        require_both_classes([read(month).target], month)


def fit_fold(
    worker: Worker,
    fold: Fold,
    parameters: BoosterParameters,
    features: Sequence[Feature],
    files: Mapping[str, Source],
) -> tuple[int, dict[str, Predictions]]:
    """Train the model of a fold, and predict its test months.

    Args:
        worker: limits the number of threads, and may stop the training.
        fold: months of the model.
        parameters: of the model.
        features: of the model.
        files: examples by month.

    Returns:
        Number of boosting rounds, and predictions by test month.
    """
    read = partial(read_month, files, features)
    encoding = fit_encoding(features, (read(month) for month in fold.train_months))
    data = load_training_data(encoding, read, fold.train_months, [fold.validation_month], parameters.max_bin, worker)
    trained = train_booster(parameters, data, label=fold.test_months[0], worker=worker)
    predictions = {}
    for month in fold.test_months:
        test = read(month)
        predictions[month] = Predictions.from_examples(test, predict(trained.booster, encode(test.features, encoding)))
    return trained.rounds, predictions


def run_backtest(
    parameters: BoosterParameters,
    features: Sequence[Feature],
    folds: Sequence[Fold],
    processed: Path,
) -> BacktestResult:
    """Train a model for each fold and evaluate it on its test months.

    Args:
        parameters: of the models.
        features: of the models.
        folds: from `rolling_origin_folds`.
        processed: folder of monthly files of examples.
    """
    arguments = []
    for fold in folds:
        months = [*fold.train_months, fold.validation_month, *fold.test_months]
        arguments.append((fold, parameters, features, month_paths(processed, months)))
    result = BacktestResult({}, {}, [], [])
    fitted = map_models(fit_fold, arguments)
    for number, (fold, (rounds, by_month)) in enumerate(zip(folds, fitted, strict=True), start=1):
        log.info("fold %d of %d: predicted %s", number, len(folds), fold.test_months[0])
        result.rounds.append(rounds)
        for age, (month, predictions) in enumerate(by_month.items(), start=1):
            metrics = probability_metrics(predictions.target, predictions.probability)
            result.staleness.append([fold.train_months[-1], age, month, *metrics.values()])
            if age == 1:
                result.predictions[month], result.by_month[month] = predictions, metrics
    return result
