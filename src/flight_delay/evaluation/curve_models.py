"""Training the models of learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flight_delay.evaluation.learning import Learnt, measure
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, learn_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.predictions import Predictions
from flight_delay.model.training_data import load_training_data


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
