"""The features, their order, and computing them from canonical columns.

A feature is a function: its name is the feature's name, its arguments are the canonical columns that it reads. Adding
one is writing the function and naming it here. The order here is the order of the columns everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from flight_delay.features import calendar, schedule
from flight_delay.features.columns import Column, Columns

Kind = Literal["quantitative", "categorical"]


@dataclass(frozen=True)
class Feature:
    """A feature: how it is computed and what kind of values it has."""

    compute: Callable[..., Column]
    kind: Kind

    @property
    def name(self) -> str:
        """Name of the feature, that of its function."""
        return self.compute.__name__

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the canonical columns that it is computed from."""
        return tuple(inspect.signature(self.compute).parameters)

    @property
    def field(self) -> pa.Field:
        """Column of the processed tables that holds it."""
        return pa.field(self.name, pa.float32() if self.kind == "quantitative" else pa.string())


FEATURES: tuple[Feature, ...] = (
    Feature(calendar.day_of_week, "categorical"),
    Feature(schedule.carrier, "categorical"),
    Feature(schedule.origin, "categorical"),
    Feature(schedule.destination, "categorical"),
    Feature(schedule.departure_minutes, "quantitative"),
    Feature(schedule.arrival_minutes, "quantitative"),
    Feature(schedule.block_minutes, "quantitative"),
    Feature(schedule.distance_miles, "quantitative"),
)

# Beside the features, a processed table has the keys of a flight and the target.
KEYS = ("flight_id", "flight_date")
TARGET = "late"
PROCESSED = pa.schema(
    [
        pa.field("flight_id", pa.string()),
        pa.field("flight_date", pa.date32()),
        *(feature.field for feature in FEATURES),
        pa.field(TARGET, pa.bool_()),  # null: cancelled or diverted, so that there is nothing to learn from
    ]
)


def columns_read(features: tuple[Feature, ...] = FEATURES) -> list[str]:
    """Names of all canonical columns that features are computed from."""
    return sorted({name for feature in features for name in feature.reads})


def compute_features(columns: Columns, features: tuple[Feature, ...] = FEATURES) -> Columns:
    """Compute features from canonical columns.

    Args:
        columns: at least those that the features read, each of shape (rows,).
        features: which ones, in order.

    Returns:
        By name, in order: quantitative features as float32 with NaN for missing, categorical ones as text; shape (rows,).
    """
    values = {feature.name: feature.compute(*(columns[name] for name in feature.reads)) for feature in features}
    return {
        feature.name: values[feature.name].astype(np.float32 if feature.kind == "quantitative" else object)
        for feature in features
    }
