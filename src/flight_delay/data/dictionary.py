"""The data dictionary: entries of canonical columns and of features.

The entry of a column has its meaning, contract, sources and time of availability. The schema of the canonical table,
data validation and the leakage check are generated from the dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeVar

import pyarrow as pa
from pydantic import model_validator

from flight_delay.core import paths
from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference
from flight_delay.data.dictionary_entries import LAYOUTS, AvailabilityTime, ColumnEntry, FeatureEntry, Layout

DICTIONARY_FILE = paths.DICTIONARY

L = TypeVar("L", bound=str)

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "date": pa.date32(),
    "utc_time": pa.timestamp("ms", tz="UTC"),
    "boolean": pa.bool_(),
}


# Columns that parsing and the contract use.
REQUIRED_COLUMNS = (
    "flight_id", "flight_date", "carrier", "flight_number", "origin", "destination", "scheduled_departure_minutes",
    "scheduled_arrival_minutes", "scheduled_departure_utc", "scheduled_arrival_utc", "scheduled_elapsed_minutes",
    "arrival_delay_minutes", "cancelled", "diverted", "departure_delayed_label", "arrival_delayed_label",
)  # fmt: skip


class Dictionary(Parameters):
    """Entries of columns and features, in the order of their tables.

    `columns` are those of the canonical table, `features` those of the processed one.
    """

    format: Literal[1]
    moments: dict[str, AvailabilityTime]
    columns: dict[str, ColumnEntry]
    features: dict[str, FeatureEntry]

    @model_validator(mode="after")
    def _is_whole(self) -> Dictionary:
        missing = [name for name in REQUIRED_COLUMNS if name not in self.columns]
        if missing:
            raise ValueError(f"columns: {', '.join(missing)} is missing and required")
        for name, column in self.columns.items():
            if column.known not in self.moments:
                raise ValueError(
                    f"columns.{name}.known: no moment '{column.known}'; choose one of {', '.join(self.moments)}"
                )
        labels = Counter(feature.label for feature in self.features.values() if feature.label)
        if repeated := [label for label, count in labels.items() if count > 1]:
            raise ValueError(f"features: several have the label '{repeated[0]}'")
        return self

    @property
    def schema(self) -> pa.Schema:
        """Schema of the canonical table."""
        columns = self.columns.items()
        return pa.schema([pa.field(name, ARROW_TYPES[entry.type], entry.nullable) for name, entry in columns])

    @property
    def outcome_columns(self) -> frozenset[str]:
        """Names of the columns that are known only after departure."""
        return frozenset(name for name, entry in self.columns.items() if entry.role in ("outcome", "context"))

    @property
    def required_columns(self) -> dict[Layout, set[str]]:
        """Names of the columns that a source of each layout must have."""
        return {
            layout: {
                source
                for name, sources in self.layout_columns(layout).items()
                if not self.columns[name].informative
                for source in sources
            }
            for layout in LAYOUTS
        }

    def schedule_only(self) -> Dictionary:
        """Return the dictionary of a timetable, without outcome columns."""
        columns = {name: entry for name, entry in self.columns.items() if name not in self.outcome_columns}
        return self.model_copy(update={"columns": columns})

    def layout_columns(self, layout: Layout) -> dict[str, list[str]]:
        """Return the source columns of a layout by canonical column.

        In a table, columns that are not computed have their canonical names.
        """
        if layout == "table":
            return {name: [name] for name, entry in self.columns.items() if entry.sources}
        return {name: entry.sources[layout] for name, entry in self.columns.items() if layout in entry.sources}

    def check_point_in_time(self, feature: str, columns: Iterable[str], horizon_hours: int) -> None:
        """Check that a feature's columns may be used and are known in time.

        Args:
            feature: name of the feature.
            columns: canonical columns that it is computed from.
            horizon_hours: hours between prediction and departure.

        Raises:
            UserError: a column must not be used, or is not known at the prediction; the message has feature, column
                and reason.
        """
        for name in columns:
            if name not in self.columns:
                raise UserError(f"feature '{feature}' reads '{name}', which is not in {DICTIONARY_FILE}; add it there")
            column = self.columns[name]
            moment = self.moments[column.known]
            if column.not_used_because:
                raise UserError(
                    f"feature '{feature}' reads '{name}', which must not be used: {column.not_used_because}; remove it"
                )
            if moment.hours_before_departure < horizon_hours:
                raise UserError(
                    f"feature '{feature}' reads '{name}', which is not known {horizon_hours} hours before departure: "
                    f"{moment.description} ({column.known}); remove it, or change build_features.horizon_hours"
                )


def find_layout(names: Collection[str], layouts: Mapping[L, Collection[str]], where: str, advice: str) -> L:
    """Find the layout of a table by the names of its columns.

    Args:
        names: columns of the table.
        layouts: columns that a table of each layout must have; the first layout that fits is taken.
        where: the table, for an error.
        advice: advice for an unknown layout.

    Raises:
        UserError: no layout fits; the message names the closest one and the missing columns.
    """
    missing = {layout: sorted(set(columns) - set(names)) for layout, columns in layouts.items()}
    closest = min(layouts, key=lambda layout: len(missing[layout]) / len(layouts[layout]))
    if missing[closest]:
        shown = ", ".join(map(repr, missing[closest]))
        raise UserError(f"{where}: no known layout; the closest is {closest}, column {shown} is missing; {advice}")
    return closest


def load_dictionary(path: Path = DICTIONARY_FILE) -> Dictionary:
    """Read the data dictionary.

    Raises:
        UserError: it is missing or is not YAML, or an entry is invalid; the message names it.
    """
    return read_reference(path, Dictionary)
