"""From feature columns to the float32 matrix that a booster reads. Categories become positions in a vocabulary that is
learnt on training months only; a category that is not in it becomes missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from flight_delay.core.params import Parameters
from flight_delay.features.columns import Column, Columns
from flight_delay.features.registry import Feature, Kind

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class EncodedFeature(Parameters):
    """A column of the matrix: the feature it holds and, of a categorical one, the categories in order of their codes."""

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()

    @property
    def xgboost_type(self) -> str:
        """What XGBoost calls this kind of column."""
        return "c" if self.kind == "categorical" else "q"


Encoding = tuple[EncodedFeature, ...]


def learn_encoding(features: Iterable[Feature], months: Iterable[Columns]) -> Encoding:
    """Learn the categories from training months.

    Args:
        features: which ones, in the order of the matrix.
        months: the feature columns of one month after the other.
    """
    wanted = tuple(features)
    seen: dict[str, set[Any]] = {feature.name: set() for feature in wanted if feature.kind == "categorical"}
    for columns in months:
        for name, values in seen.items():
            values.update(columns[name])
    return tuple(
        EncodedFeature(
            name=feature.name,
            kind=feature.kind,
            categories=tuple(sorted(value for value in seen.get(feature.name, ()) if value is not None)),
        )
        for feature in wanted
    )


def encode(columns: Columns, encoding: Encoding) -> Matrix:
    """Encode feature columns by name; their order does not matter, and columns that the encoding does not name are ignored.

    Args:
        columns: each of shape (rows,).
        encoding: as learnt.

    Returns:
        Shape (rows, features), in the encoding's order, NaN for missing values and for unknown categories.
    """
    rows = len(columns[encoding[0].name])
    matrix = np.empty((rows, len(encoding)), dtype=np.float32)
    for position, feature in enumerate(encoding):
        values = columns[feature.name]
        matrix[:, position] = _codes(values, feature.categories) if feature.kind == "categorical" else values
    return matrix


def _codes(values: Column, categories: tuple[str, ...]) -> Column:
    position = {category: float(code) for code, category in enumerate(categories)}
    return np.fromiter((position.get(value, np.nan) for value in values), dtype=np.float32, count=len(values))
