"""Predict a month with the model, beside the predictions of the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from flight_delay.core.content import Source
from flight_delay.core.files import read_table, table_bytes
from flight_delay.evaluation.comparison import require_same_rows
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Feature
from flight_delay.model.bundle import Bundle
from flight_delay.model.examples import read_examples
from flight_delay.model.predictions import PREDICTIONS, Predictions


class PredictedMonth(NamedTuple):
    """Predictions of a month.

    Attributes:
        content: the model's predictions with ids, as a Parquet file.
        models: by 'model' and name of the baseline, without ids.
        labels: slices of the rows, by name of the grouping.
    """

    content: bytes
    models: dict[str, Predictions]
    labels: Columns


def predict_month(
    source: Source,
    bundle: Bundle,
    features: Sequence[Feature],
    baselines: Mapping[str, Source],
    slice_labels: Callable[[Columns, Column], Columns] | None,
) -> PredictedMonth:
    """Predict the examples of a month.

    Args:
        source: processed month.
        bundle: the model.
        features: to read: those of the model and of slices.
        baselines: predictions of the month by name of the baseline.
        slice_labels: computes the slices of rows from features and dates; None for no slices.
    """
    examples = read_examples(source, features)
    model = Predictions.from_examples(examples, bundle.predict_probability(examples.features))
    models = {name: Predictions.from_table(read_table(file, PREDICTIONS)) for name, file in baselines.items()}
    require_same_rows({"model": model, **models})
    return PredictedMonth(
        content=table_bytes(model.table()),
        models={name: predictions.without_ids() for name, predictions in {"model": model, **models}.items()},
        labels=slice_labels(examples.features, examples.date) if slice_labels else {},
    )
