"""Rolling-origin backtest: which months a model of its time would have learnt from, stopped on, and predicted, and doing so.

The method is Tashman's (2000), https://doi.org/10.1016/S0169-2070(00)00065-0: the origin moves on by a month, the
training window grows, and no model sees a month that it is judged on or a later one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from flight_delay.core.engine import Worker, map_models
from flight_delay.core.errors import UserError
from flight_delay.core.months import Month, Window, Windows
from flight_delay.core.params import Parameters
from flight_delay.evaluation.scoring import probability_metrics
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, learn_encoding
from flight_delay.model.examples import Examples, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.model.training_data import load_training_data

log = logging.getLogger(__name__)


class BacktestParameters(Parameters):
    """From which month on models are judged, and how many months each predicts."""

    first_test_month: Month
    test_months: Annotated[int, Field(ge=1)]


class Origin(NamedTuple):
    """One step of a backtest."""

    train_months: list[str]
    validation_month: str
    test_months: list[str]


class Backtested(NamedTuple):
    """What the models of a backtest say, and how good that is.

    Attributes:
        predictions: by month, those of the model that learnt until just before it.
        by_month: the same for metrics.
        aging: for every model and month that it predicts, the last month it learnt from, its age in months, the month, and
            the values of the metrics.
        rounds: number of rounds of every model.
    """

    predictions: dict[str, Predictions]
    by_month: dict[str, dict[str, float]]
    aging: list[list[Any]]
    rounds: list[int]


class _Fold(NamedTuple):
    rounds: int
    predictions: dict[str, Predictions]


def before_test(windows: Windows) -> Window:
    """The months that a backtest may see."""
    return Window(first=windows.train.first, through=windows.validation.through)


def origins(months: Sequence[str], first_test_month: str, test_months: int) -> list[Origin]:
    """The steps of a backtest.

    The model of the first step predicts all months after it, so that it shows how a model ages that nobody retrains.

    Args:
        months: that there are, in order, from the first of training to the last before the test window.
        first_test_month: the first month to predict; it leaves at least one month to train on and one to stop on.
        test_months: how many months each other model predicts, as far as there are so many.

    Raises:
        UserError: `first_test_month` is too early, or not one of the months.
    """
    possible = list(months[2:])
    if first_test_month not in possible:
        choice = (
            f"one of the months that there are in {possible[0]} … {possible[-1]}"
            if possible
            else "impossible, there are too few months"
        )
        raise UserError(
            f"params.yaml: backtest.first_test_month is {first_test_month}; it must be {choice} (a month to train on and "
            "one to stop on come before it, windows.test after it)"
        )
    start = months.index(first_test_month)
    steps = [
        Origin(list(months[: at - 1]), months[at - 1], list(months[at : at + test_months]))
        for at in range(start, len(months))
    ]
    return [steps[0]._replace(test_months=list(months[start:])), *steps[1:]]


def require_outcomes(steps: Sequence[Origin], read: Callable[[str], Examples]) -> None:
    """Check that every model has late flights and flights on time to learn from, to stop on and to be judged on.

    Raises:
        UserError: one has not.
    """
    first = steps[0]
    require_both_classes(
        (read(month).target for month in first.train_months), f"backtest before {first.test_months[0]}"
    )
    for month in [first.validation_month, *(step.test_months[0] for step in steps)]:
        require_both_classes([read(month).target], month)


def run_backtest(
    parameters: BoosterParameters,
    features: Sequence[Feature],
    steps: Sequence[Origin],
    read: Callable[[str], Examples],
) -> Backtested:
    """Train a model for each step, and judge it on its months.

    Args:
        parameters: of XGBoost.
        features: to learn from.
        steps: see `origins`.
        read: gives the examples of a month; it is called several times for each.
    """
    done = Backtested({}, {}, [], [])

    def run(step: Origin, worker: Worker) -> _Fold:
        encoding = learn_encoding(features, (read(month) for month in step.train_months))
        data = load_training_data(
            encoding, read, step.train_months, [step.validation_month], parameters.max_bin, worker
        )
        trained = train_booster(parameters, data, label=step.test_months[0], worker=worker)
        predictions = {}
        for month in step.test_months:
            test = read(month)
            predictions[month] = Predictions.of(test, predict(trained.booster, encode(test.features, encoding)))
        return _Fold(trained.rounds, predictions)

    for number, (step, fold) in enumerate(zip(steps, map_models(run, steps), strict=True), start=1):
        log.info("origin %d of %d: predicted %s", number, len(steps), step.test_months[0])
        done.rounds.append(fold.rounds)
        for age, (month, said) in enumerate(fold.predictions.items(), start=1):
            metrics = probability_metrics(said.target, said.probability)
            done.aging.append([step.train_months[-1], age, month, *metrics.values()])
            if age == 1:
                done.predictions[month], done.by_month[month] = said, metrics
    return done
