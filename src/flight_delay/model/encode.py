"""From feature columns to the float32 matrix that a booster reads, as it was learnt on training months and nowhere else.

Categories become positions in a vocabulary; one that is not in it becomes missing. A missing value stays missing: for
every split the booster learns to which side such rows go (https://arxiv.org/abs/1603.02754, section 3.4), which is its
imputation and part of the model. Where missingness itself says something, an indicator stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.params import Parameters
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Effect, Feature, Group
from flight_delay.model.examples import Examples

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]


# A feature whose values are missing for fewer training rows than this has no indicator: too few to learn from.
MIN_MISSING_SHARE = 0.001
# Nor has one whose missingness says little: Cohen's h of the two late shares. 0.2 is "small" (Cohen 1988, ch. 6).
MIN_MISSING_EFFECT = 0.1
# Nor where chance explains it: fewer standard errors of h, each the root of 1/n + 1/m, than this.
MIN_MISSING_ERRORS = 3


class EncodedFeature(Parameters):
    """A column of the matrix.

    A quantitative or categorical one holds the feature of its name, the latter as positions in `categories`; an
    indicator is 1 where the feature `of` is missing, and of its group. `missing_share` is that of the training rows.
    """

    name: str
    kind: Literal["quantitative", "categorical", "indicator"]
    group: Group
    effect: Effect | None = None
    categories: tuple[str, ...] = ()
    of: str | None = None
    missing_share: float = 0.0

    @property
    def xgboost_type(self) -> str:
        """What XGBoost calls this kind of column."""
        return "c" if self.kind == "categorical" else "q"


Encoding = tuple[EncodedFeature, ...]


def learn_encoding(features: Iterable[Feature], months: Iterable[Examples]) -> Encoding:
    """Learn categories and what missing values say from training months.

    Args:
        features: which ones, in the order of the matrix; indicators come after them.
        months: the examples of one month after the other.
    """
    wanted = tuple(features)
    seen: dict[str, set[Any]] = {feature.name: set() for feature in wanted if feature.kind == "categorical"}
    rows, target = 0, 0
    missing = {feature.name: np.zeros(2, np.int64) for feature in wanted}  # rows and late rows without a value
    for examples in months:
        rows, target = rows + len(examples), target + int(examples.target.sum())
        for feature in wanted:
            absent = is_missing(examples.features[feature.name])
            missing[feature.name] += (int(absent.sum()), int((absent & examples.target).sum()))
        for name, values in seen.items():
            values.update(examples.features[name])
    encoded = [
        EncodedFeature(
            name=feature.name,
            kind=feature.kind,
            group=feature.group,
            effect=feature.effect,
            categories=tuple(sorted(value for value in seen.get(feature.name, ()) if value is not None)),
            missing_share=round(int(missing[feature.name][0]) / max(rows, 1), 6),
        )
        for feature in wanted
    ]
    indicators = [
        EncodedFeature(name=f"{feature.name}_is_missing", kind="indicator", group=feature.group, of=feature.name)
        for feature, (without, late_without) in zip(wanted, missing.values(), strict=True)
        if _says_something(int(without), int(late_without), rows, target)
    ]
    return (*encoded, *indicators)


def is_missing(values: Column) -> Column:
    """Where a column has no value: NaN of numbers, None of text; shape (rows,)."""
    return np.asarray(pd.isna(values))


def _says_something(without: int, late_without: int, rows: int, target: int) -> bool:
    if not MIN_MISSING_SHARE * rows <= without <= (1 - MIN_MISSING_SHARE) * rows or without in (0, rows):
        return False
    given, late_given = rows - without, target - late_without
    effect = abs(2 * math.asin(math.sqrt(late_without / without)) - 2 * math.asin(math.sqrt(late_given / given)))
    return effect >= max(MIN_MISSING_EFFECT, MIN_MISSING_ERRORS * math.sqrt(1 / without + 1 / given))


def values_of(columns: Columns, encoding: Encoding) -> Columns:
    """What the columns of the matrix stand for, by name: values as people know them, and 0 or 1 for indicators."""
    return {
        feature.name: is_missing(columns[feature.of]).astype(np.float32) if feature.of else columns[feature.name]
        for feature in encoding
    }


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
    for position, (feature, values) in enumerate(zip(encoding, values_of(columns, encoding).values(), strict=True)):
        matrix[:, position] = _codes(values, feature.categories) if feature.kind == "categorical" else values
    return matrix


def _codes(values: Column, categories: tuple[str, ...]) -> Column:
    text = pa.array(values, pa.string(), from_pandas=True)
    codes = pc.index_in(text, pa.array(categories, pa.string()))
    return np.asarray(codes.cast(pa.float32()).to_numpy(zero_copy_only=False))
