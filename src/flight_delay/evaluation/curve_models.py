"""Train the models of the learning curve and of the validation curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from flight_delay.core.params import Parameters
from flight_delay.core.runner import track_progress
from flight_delay.evaluation.learning_curves import CurveModel, measure
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples
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
    read: Callable[[str], Examples],
    train: Sequence[str],
    validation: Sequence[str],
) -> FittedCurves:
    """Train the models of both curves; one model is a point of both.

    Args:
        parameters: numbers of months and depths.
        model: the other XGBoost parameters.
        features: features of the models.
        read: reads the examples of a month.
        train: months of the training split.
        validation: months for early stopping and evaluation.
    """
    depths = sorted({model.max_depth, *parameters.max_depths})
    runs = {number: [model.max_depth] for number in parameters.training_months} | {len(train): depths}
    faster = model.model_copy(update={"learning_rate": parameters.learning_rate})
    fitted = {}
    for number, tried in track_progress(list(runs.items()), "months and depths"):
        models = _fit_depths(faster, features, tried, read, train[-number:], validation)
        fitted.update({(number, depth): curve_model for depth, curve_model in models.items()})
    return FittedCurves(
        by_months={number: fitted[number, model.max_depth] for number in parameters.training_months},
        by_depth={depth: fitted[len(train), depth] for depth in depths},
    )


def _fit_depths(
    parameters: BoosterParameters,
    features: Sequence[Feature],
    depths: Sequence[int],
    read: Callable[[str], Examples],
    train_months: Sequence[str],
    validation_months: Sequence[str],
) -> dict[int, CurveModel]:
    """Train and measure a model for each depth, all on the same matrices."""
    encoding = fit_encoding(features, map(read, train_months))
    data = load_training_data(encoding, read, train_months, validation_months, parameters.max_bin)
    trained = {
        depth: train_booster(parameters.model_copy(update={"max_depth": depth}), data, label=f"depth {depth}")
        for depth in depths
    }
    predictions: dict[int, tuple[list[Predictions], list[Predictions]]] = {depth: ([], []) for depth in depths}
    for split, months in enumerate((train_months, validation_months)):
        for month in months:
            examples = read(month)
            matrix = encode(examples.features, encoding)
            for depth, model in trained.items():
                predictions[depth][split].append(Predictions.from_examples(examples, predict(model.booster, matrix)))
    return {
        depth: measure(trained[depth].rounds, *map(Predictions.concat, splits)) for depth, splits in predictions.items()
    }
