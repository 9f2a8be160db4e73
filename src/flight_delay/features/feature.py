"""A feature as a column of the processed tables, and their schema."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from flight_delay.core.params import Parameters

Kind = Literal["quantitative", "categorical"]
Group = Literal["schedule", "density", "history", "weather"]
Effect = Literal["increasing", "decreasing"]


class Feature(Parameters):
    """Column of the processed tables; `effect` sets its monotone constraint."""

    name: str
    kind: Kind
    group: Group
    effect: Effect | None = None

    @property
    def field(self) -> pa.Field:
        """The column of the processed tables."""
        return pa.field(self.name, pa.float32() if self.kind == "quantitative" else pa.string())


# Columns of a processed table besides the features.
ROW_ID = "flight_id"
DATE = "flight_date"
KEYS = (ROW_ID, DATE)
TARGET = "late"
# Names of the target's values False and True.
CLASS_NAMES = ("on time", "late")


def processed_schema(features: tuple[Feature, ...]) -> pa.Schema:
    """Build the schema of a processed table: keys, features in order, target."""
    return pa.schema(
        [
            pa.field(ROW_ID, pa.string()),
            pa.field(DATE, pa.date32()),
            *(feature.field for feature in features),
            pa.field(TARGET, pa.bool_()),  # null for cancelled and diverted flights
        ]
    )
