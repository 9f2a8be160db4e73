"""Encode feature columns as the float32 matrix of a booster.

Categories become positions in a vocabulary; unknown ones become missing. Missing values stay missing: a split has a
default direction for them (https://arxiv.org/abs/1603.02754, section 3.4). Where missingness is informative, an
indicator column is added."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from flight_delay.core.params import Parameters
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Effect, Feature, Group
from flight_delay.model.examples import Examples

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]

# Minimum share of missing values in training, and of present ones, for an indicator.
MIN_MISSING_SHARE = 0.001
# Minimum Cohen's h of the target's rates with and without a value (0.2 is "small": Cohen 1988, ch. 6).
MIN_MISSING_EFFECT = 0.1
# Minimum Cohen's h in standard errors, sqrt(1/n + 1/m).
MIN_MISSING_ERRORS = 3


class EncodedFeature(Parameters):
    """A column of the matrix.

    A quantitative or categorical column holds the feature of its name; categories are positions in `categories`. An
    indicator is 1 where the feature `source_feature` is missing. `missing_share` is a share of the training rows.
    """

    name: str
    kind: Literal["quantitative", "categorical", "indicator"]
    group: Group
    effect: Effect | None = None
    categories: tuple[str, ...] = ()
    source_feature: str | None = None
    missing_share: float = 0.0

    @property
    def xgboost_type(self) -> str:
        """Feature type of XGBoost."""
        return "c" if self.kind == "categorical" else "q"


Encoding = tuple[EncodedFeature, ...]


def fit_encoding(features: Iterable[Feature], months: Iterable[Examples]) -> Encoding:
    """Fit categories and missing-value indicators on training months.

    Args:
        features: in the order of the matrix; indicators come after them.
        months: examples of the months.
    """
    features = tuple(features)
    categories: dict[str, set[Any]] = {feature.name: set() for feature in features if feature.kind == "categorical"}
    rows, positives = 0, 0
    missing = {feature.name: np.zeros(2, np.int64) for feature in features}  # rows and positive rows without a value
    for examples in months:
        rows, positives = rows + len(examples), positives + int(examples.target.sum())
        for feature in features:
            absent = is_missing(examples.features[feature.name])
            missing[feature.name] += (int(absent.sum()), int((absent & examples.target).sum()))
        for name, values in categories.items():
            values.update(examples.features[name])
    encoded = [
        EncodedFeature(
            name=feature.name,
            kind=feature.kind,
            group=feature.group,
            effect=feature.effect,
            categories=tuple(sorted(value for value in categories.get(feature.name, ()) if value is not None)),
            missing_share=round(int(missing[feature.name][0]) / max(rows, 1), 6),
        )
        for feature in features
    ]
    indicators = [
        EncodedFeature(
            name=f"{feature.name}_is_missing", kind="indicator", group=feature.group, source_feature=feature.name
        )
        for feature, (rows_missing, positives_missing) in zip(features, missing.values(), strict=True)
        if _missingness_is_informative(int(rows_missing), int(positives_missing), rows, positives)
    ]
    return (*encoded, *indicators)


def input_features(encoding: Encoding) -> tuple[Feature, ...]:
    """Return the features that an encoding reads, in its order."""
    return tuple(
        Feature(name=feature.name, kind=feature.kind, group=feature.group, effect=feature.effect)
        for feature in encoding
        if feature.kind != "indicator"
    )


def is_missing(values: Column) -> Column:
    """Find missing values: NaN of numbers, None of text; shape (rows,)."""
    return np.asarray(pd.isna(values))


def cohens_h(one: float, other: float) -> float:
    """Compute Cohen's h of two shares, from 0 to pi.

    Definition: https://en.wikipedia.org/wiki/Cohen%27s_h.
    """
    return abs(2 * math.asin(math.sqrt(one)) - 2 * math.asin(math.sqrt(other)))


def _missingness_is_informative(missing: int, positive_missing: int, rows: int, positives: int) -> bool:
    present = rows - missing
    if min(missing, present) < MIN_MISSING_SHARE * rows or 0 in (missing, present):
        return False
    effect = cohens_h(positive_missing / missing, (positives - positive_missing) / present)
    return effect >= max(MIN_MISSING_EFFECT, MIN_MISSING_ERRORS * math.sqrt(1 / missing + 1 / present))


def input_values(columns: Columns, encoding: Encoding) -> Columns:
    """Return feature values, and 0 or 1 for indicators, by column of the matrix."""
    return {
        feature.name: is_missing(columns[feature.source_feature]).astype(np.float32)
        if feature.source_feature
        else columns[feature.name]
        for feature in encoding
    }


def encode(columns: Columns, encoding: Encoding) -> Matrix:
    """Encode feature columns by name; other columns are ignored.

    Args:
        columns: each of shape (rows,).
        encoding: from `fit_encoding`.

    Returns:
        Shape (rows, features), in the order of the encoding, NaN for missing values and unknown categories.
    """
    rows = len(columns[encoding[0].name])
    matrix = np.empty((rows, len(encoding)), dtype=np.float32)
    for position, (feature, values) in enumerate(zip(encoding, input_values(columns, encoding).values(), strict=True)):
        matrix[:, position] = _category_codes(values, feature.categories) if feature.kind == "categorical" else values
    return matrix


def _category_codes(values: Column, categories: tuple[str, ...]) -> Column:
    codes = _codes(categories)
    return np.array(list(map(codes.get, values.tolist())), np.float32)  # None becomes NaN


@lru_cache
def _codes(categories: tuple[str, ...]) -> dict[str, int]:
    """Return the code of each category.

    It is kept, since a service encodes one row at a time.
    """
    return {category: code for code, category in enumerate(categories)}
