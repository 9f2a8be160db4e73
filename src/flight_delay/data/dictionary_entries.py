"""Entries of the data dictionary, for columns and for features."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from flight_delay.core.params import Parameters

Text = Annotated[str, Field(min_length=1)]
Layout = Literal["nycflights13", "bts_classic", "bts_current", "table"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


class AvailabilityTime(Parameters):
    """Latest time at which a value becomes known.

    `hours_before_departure` is relative to the scheduled departure, and negative after it.
    """

    hours_before_departure: int
    description: Text


class Notes(Parameters):
    """Notes on a column; 'none' is a valid note."""

    generated: Text
    changes: Text
    cost: Text
    restrictions: Text
    feedback: Text


class ColumnEntry(Parameters):
    """Entry for a column; `sources` are its source columns by layout."""

    description: Text
    type: Literal["text", "integer", "date", "utc_time", "boolean"]
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
    def _validate_type(self) -> ColumnEntry:
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        bound_type = {"integer": int, "date": datetime.date}.get(self.type)
        if bound_type is None and bounds:
            raise ValueError(f"a column of type {self.type} has no minimum and maximum")
        if bound_type is not None and (len(bounds) != 2 or not all(type(bound) is bound_type for bound in bounds)):
            raise ValueError(f"minimum and maximum must be given, as {bound_type.__name__}")
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
    def _validate_sources(self) -> ColumnEntry:
        if self.informative and not self.nullable:
            raise ValueError("an informative column must be nullable, since invalid values are removed")
        if self.type == "date" and any(len(names) != 3 for names in self.sources.values()):
            raise ValueError("a date needs three source columns: year, month and day")
        if self.type == "utc_time" and self.sources:
            raise ValueError("a utc_time is computed from date, clock time and time zone; it has no sources")
        return self


class FeatureEntry(Parameters):
    """Entry for a feature, or for a family of features by number of days.

    `topic` is an entry of references/reason_codes.yaml; all features of a topic are explained together, and a feature
    without a topic is explained alone. `label` replaces the name in plots and explanations.
    """

    description: Text
    group: Literal["schedule", "density", "history", "weather"]
    kind: Literal["quantitative", "categorical"]
    unit: Text | None = None
    effect: Literal["increasing", "decreasing"] | None = None
    topic: Text | None = None
    label: Text | None = None

    @model_validator(mode="after")
    def _validate_feature(self) -> FeatureEntry:
        if (self.group == "history") != ("{days}" in self.description):
            raise ValueError("{days} belongs into the description of a feature of the group history, and of no other")
        if self.kind == "categorical" and (self.unit or self.effect):
            raise ValueError("a categorical feature has neither unit nor effect")
        if self.kind == "quantitative" and not self.unit:
            raise ValueError("a number needs a unit")
        return self
