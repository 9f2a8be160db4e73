"""What a feature is, for those who train on it: a name, a kind, and where it comes from. How it is computed stands elsewhere."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from flight_delay.core.params import Parameters

Kind = Literal["quantitative", "categorical"]
Group = Literal["schedule", "density", "history", "weather"]
Effect = Literal["increasing", "decreasing"]


class Feature(Parameters):
    """A feature: a column of the processed tables. `effect` is the direction that a model may be held to."""

    name: str
    kind: Kind
    group: Group
    effect: Effect | None = None

    @property
    def field(self) -> pa.Field:
        """Column of the processed tables that holds it."""
        return pa.field(self.name, pa.float32() if self.kind == "quantitative" else pa.string())


# Columns of a processed table beside the features.
ROW_ID = "flight_id"
DATE = "flight_date"
KEYS = (ROW_ID, DATE)
TARGET = "late"
# Names of the values of the target, False and True.
CLASS_NAMES = ("on time", "late")


def processed_schema(features: tuple[Feature, ...]) -> pa.Schema:
    """Schema of a processed table: keys, features in order, target."""
    return pa.schema(
        [
            pa.field(ROW_ID, pa.string()),
            pa.field(DATE, pa.date32()),
            *(feature.field for feature in features),
            pa.field(TARGET, pa.bool_()),  # null: cancelled or diverted, so that there is nothing to learn from
        ]
    )
