"""Train the models of the learning curve (by months) and of the validation curve (by depth of trees)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from flight_delay.core.params import Parameters
from flight_delay.core.runner import track_progress
from flight_delay.evaluation.learning_curves import Learnt, measure
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, learn_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.predictions import Predictions
from flight_delay.model.training_data import load_training_data


def _ascending(numbers: list[int]) -> list[int]:
    if sorted(set(numbers)) != numbers:
        raise ValueError("numbers must rise")
    return numbers


class CurveParameters(Parameters):
    """On how many months and how deep to train.

    Months are the last ones of the training window. Every model stops early on the validation window, as the one of
    train_model does, since the number of rounds that is right depends on months and depth; and it is judged there. The
    learning rate is a larger one, so that a curve costs no more than the model itself.
    """

    training_months: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2), AfterValidator(_ascending)]
    max_depths: Annotated[list[Annotated[int, Field(ge=1, le=32)]], Field(min_length=1), AfterValidator(_ascending)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]


class Curves(NamedTuple):
    """The models of the learning curve by number of months, and of the validation curve by depth of trees."""

    by_months: dict[int, Learnt]
    by_depth: dict[int, Learnt]

    @property
    def rows(self) -> int:
        """Number of flights that all models together learnt from."""
        shared = {id(model): model for model in (*self.by_months.values(), *self.by_depth.values())}
        return sum(model.point.rows for model in shared.values())


def fit_curves(
    parameters: CurveParameters,
    model: BoosterParameters,
    features: Sequence[Feature],
    read: Callable[[str], Examples],
    last: dict[int, list[str]],
    train: Sequence[str],
    validation: Sequence[str],
) -> Curves:
    """Train the models of both curves; the one with all months and the depth of the model is a point of both.

    Args:
        parameters: what is varied.
        model: of XGBoost, for what is not varied.
        features: to learn from.
        read: gives the examples of a month.
        last: the months of each point of the learning curve, by their number.
        train: all months to learn from.
        validation: months to stop on.
    """
    depths = sorted({model.max_depth, *parameters.max_depths})
    runs = {number: [model.max_depth] for number in last} | {len(train): depths}
    faster = model.model_copy(update={"learning_rate": parameters.learning_rate})
    learnt = {}
    for number, several in track_progress(list(runs.items()), "months and depths"):
        fitted = fit_depths(faster, features, several, read, train[-number:], validation)
        learnt.update({(number, depth): trained for depth, trained in fitted.items()})
    return Curves(
        by_months={number: learnt[number, model.max_depth] for number in last},
        by_depth={depth: learnt[len(train), depth] for depth in depths},
    )


def fit_depths(
    parameters: BoosterParameters,
    features: Sequence[Feature],
    depths: Sequence[int],
    read: Callable[[str], Examples],
    train_months: Sequence[str],
    validation_months: Sequence[str],
) -> dict[int, Learnt]:
    """Train a model for each depth of trees, all on the same matrices, and measure it.

    Args:
        parameters: of XGBoost; their `max_depth` is replaced.
        features: to learn from.
        depths: maximum depths of the trees.
        read: gives the examples of a month.
        train_months: to learn from.
        validation_months: to stop on, later than those.
    """
    encoding = learn_encoding(features, map(read, train_months))
    data = load_training_data(encoding, read, train_months, validation_months, parameters.max_bin)
    trained = {
        depth: train_booster(parameters.model_copy(update={"max_depth": depth}), data, label=f"depth {depth}")
        for depth in depths
    }
    predictions: dict[int, tuple[list[Predictions], list[Predictions]]] = {depth: ([], []) for depth in depths}
    for window, months in enumerate((train_months, validation_months)):
        for month in months:
            examples = read(month)
            matrix = encode(examples.features, encoding)
            for depth, model in trained.items():
                predictions[depth][window].append(Predictions.of(examples, predict(model.booster, matrix)))
    return {depth: measure(trained[depth].rounds, *map(Predictions.concat, of)) for depth, of in predictions.items()}
