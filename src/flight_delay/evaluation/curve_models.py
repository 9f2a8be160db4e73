"""Train the models of the learning curve and of the validation curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field

from flight_delay.core.content import Source
from flight_delay.core.engine import has_other_processes, map_models
from flight_delay.core.months import month_paths
from flight_delay.core.params import Parameters
from flight_delay.core.runner import track_progress
from flight_delay.core.workers import Worker, single_worker
from flight_delay.evaluation.learning_curves import CurveModel, measure
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import read_month
from flight_delay.model.predictions import Predictions
from flight_delay.model.training_data import load_training_data


def _ascending(numbers: list[int]) -> list[int]:
    if sorted(set(numbers)) != numbers:
        raise ValueError("numbers must be in ascending order")
    return numbers


class CurveParameters(Parameters):
    """Numbers of months and depths of trees that models are trained with.

    Months are the last ones of the training split. Every model stops early on the validation split, as in train_model,
    since the best number of rounds depends on months and depth; it is evaluated on the same split. The learning rate is
    larger than that of train_model, so that a curve costs no more than the model.
    """

    training_months: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2), AfterValidator(_ascending)]
    max_depths: Annotated[list[Annotated[int, Field(ge=1, le=32)]], Field(min_length=1), AfterValidator(_ascending)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]


class FittedCurves(NamedTuple):
    """Models by number of months, and by depth of trees."""

    by_months: dict[int, CurveModel]
    by_depth: dict[int, CurveModel]

    @property
    def rows(self) -> int:
        """Number of training rows of all models together."""
        distinct = {id(model): model for model in (*self.by_months.values(), *self.by_depth.values())}
        return sum(model.point.rows for model in distinct.values())


def fit_curves(
    parameters: CurveParameters,
    model: BoosterParameters,
    features: Sequence[Feature],
    processed: Path,
    train: Sequence[str],
    validation: Sequence[str],
) -> FittedCurves:
    """Train the models of both curves; one model is a point of both.

    Args:
        parameters: numbers of months and depths.
        model: the other XGBoost parameters.
        features: features of the models.
        processed: folder of monthly files of examples.
        train: months of the training split.
        validation: months for early stopping and evaluation.
    """
    depths = sorted({model.max_depth, *parameters.max_depths})
    runs: list[tuple[int, Sequence[int]]] = [
        *((number, [model.max_depth]) for number in parameters.training_months if number != len(train)),
        (len(train), depths),
    ]
    distributed = has_other_processes()
    if distributed:  # a worker for each model, although depths could share a matrix
        runs = [(number, [depth]) for number, tried in runs for depth in tried]
    faster = model.model_copy(update={"learning_rate": parameters.learning_rate})
    arguments: list[tuple[Any, ...]] = []
    for number, tried in runs:
        files = [month_paths(processed, months) for months in (train[-number:], validation)]
        arguments.append((faster, features, tried, *files))
    fitted = {}
    # In this process one after the other with all cores, since the last takes longer than all others together.
    one_by_one = (fit_depths(single_worker(), *args) for args in arguments)
    models = map_models(fit_depths, arguments) if distributed else one_by_one
    for (number, _), by_depth in zip(track_progress(runs, "months and depths"), models, strict=True):
        fitted.update({(number, depth): curve_model for depth, curve_model in by_depth.items()})
    return FittedCurves(
        by_months={number: fitted[number, model.max_depth] for number in parameters.training_months},
        by_depth={depth: fitted[len(train), depth] for depth in depths},
    )


def fit_depths(
    worker: Worker,
    parameters: BoosterParameters,
    features: Sequence[Feature],
    depths: Sequence[int],
    train: Mapping[str, Source],
    validation: Mapping[str, Source],
) -> dict[int, CurveModel]:
    """Train and measure a model for each depth, all on the same matrices.

    Args:
        worker: limits the number of threads, and may stop the training.
        parameters: of the models; `max_depth` is replaced.
        features: of the models.
        depths: of the trees.
        train: files of examples by month.
        validation: files by month, for early stopping and evaluation.
    """
    read = partial(read_month, {**train, **validation}, features)
    encoding = fit_encoding(features, map(read, train))
    data = load_training_data(encoding, read, list(train), list(validation), parameters.max_bin, worker)
    trained = {
        depth: train_booster(
            parameters.model_copy(update={"max_depth": depth}), data, label=f"depth {depth}", worker=worker
        )
        for depth in depths
    }
    predictions: dict[int, tuple[list[Predictions], list[Predictions]]] = {depth: ([], []) for depth in depths}
    for split, months in enumerate((train, validation)):
        for month in months:
            examples = read(month)
            matrix = encode(examples.features, encoding)
            for depth, model in trained.items():
                predicted = Predictions.from_examples(examples, predict(model.booster, matrix))
                predictions[depth][split].append(predicted.without_ids())
    return {
        depth: measure(trained[depth].rounds, *map(Predictions.concat, splits)) for depth, splits in predictions.items()
    }
