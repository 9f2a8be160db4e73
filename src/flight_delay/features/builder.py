"""Compute features from the schedule, known outcomes and observed weather.

Outcomes and weather are those known at the prediction."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.features import history, weather
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import ROW_ID, Feature, Group, Kind
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.rates import SmoothedRates
from flight_delay.features.registry import all_source_columns, feature_functions, list_features, source_columns
from flight_delay.features.timetable import Timetable


@dataclass(frozen=True)
class FeatureBuilder:
    """Computation of features for training, what-if and predictions alike.

    Attributes:
        parameters: parameters of the features; a model bundle records them.
        features: features to compute, in order.
    """

    parameters: FeatureParameters
    features: tuple[Feature, ...]

    @classmethod
    def from_dictionary(
        cls, parameters: FeatureParameters, dictionary: Dictionary, observations: Columns
    ) -> FeatureBuilder:
        """Create a builder of all features in the data dictionary.

        Features of the weather are included if there are observations.

        Raises:
            UserError: a feature reads a column that is not known at the prediction, or has no function.
        """
        with_weather = parameters.weather == "observed" and len(observations["airport"]) > 0
        features = list_features(dictionary.features, parameters.history_days, with_weather=with_weather)
        for feature in features:
            dictionary.check_point_in_time(feature.name, source_columns(feature), parameters.horizon_hours)
        return cls(parameters, features)

    def only(self, groups: Collection[Group]) -> FeatureBuilder:
        """Return a builder of the features of some groups."""
        return replace(self, features=tuple(feature for feature in self.features if feature.group in groups))

    @property
    def columns(self) -> list[str]:
        """Names of the canonical columns that `build` reads."""
        return [*([ROW_ID] if "density" in self.groups else []), *all_source_columns(self.features)]

    def count_outcomes(self, flights: Columns) -> pa.Table:
        """Count outcomes by day, as `history.count_daily_outcomes` does."""
        return history.count_daily_outcomes(flights, self.parameters.late_threshold_minutes)

    def first_day_needed(self, month: str) -> np.datetime64:
        """Return the first day of counts that `build` needs from a month on.

        Args:
            month: such as '2013-01'.
        """
        days, hours = max(self.parameters.history_days), self.parameters.horizon_hours
        return history.first_day_of_counts(np.datetime64(month), days, hours)

    def prepare(self, timetable: Columns, counts: pa.Table, observations: Columns) -> PreparedFeatures:
        """Prepare what features need besides a flight, for the dates of a timetable.

        Args:
            timetable: canonical columns, at least `columns`, each of shape (flights,), of all scheduled flights of
                the dates.
            counts: outcomes by day, of schema `history.COUNTS`; days after a prediction are ignored.
            observations: of the weather, see `weather.observed_weather`.
        """
        p, rates, scheduled = self.parameters, None, None
        if "history" in self.groups:
            rates = SmoothedRates(counts, timetable, p.history_days, p.smoothing_flights, p.horizon_hours)
        if "density" in self.groups:
            scheduled = Timetable(timetable[ROW_ID], self.apply_functions(timetable, "density"))
        return PreparedFeatures(self, rates, scheduled, observations)

    def build(self, flights: Columns, counts: pa.Table, observations: Columns) -> Columns:
        """Compute the features of a timetable; see `PreparedFeatures.compute`."""
        return self.prepare(flights, counts, observations).compute(flights)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the features."""
        return frozenset(feature.name for feature in self.features)

    @cached_property
    def groups(self) -> frozenset[Group]:
        """Groups of the features."""
        return frozenset(feature.group for feature in self.features)

    def apply_functions(self, flights: Columns, group: Group) -> dict[str, Any]:
        """Call the functions of a group with the columns that arguments name."""
        return {
            name: function(*(flights[column] for column in columns)) for name, function, columns in self._calls[group]
        }

    @cached_property
    def _calls(self) -> dict[Group, list[tuple[str, Callable[..., Any], tuple[str, ...]]]]:
        functions = feature_functions()
        return {
            group: [
                (feature.name, functions[feature.name], tuple(inspect.signature(functions[feature.name]).parameters))
                for feature in self.features
                if feature.group == group
            ]
            for group in ("schedule", "density")
        }


@dataclass(frozen=True)
class PreparedFeatures:
    """What features need besides a flight, for some dates.

    Training, what-if explanations and predictions compute features of many flights and of one with the same code.
    """

    builder: FeatureBuilder
    rates: SmoothedRates | None
    timetable: Timetable | None
    observations: Columns

    def compute(self, flights: Columns) -> Columns:
        """Compute the features of flights, whether the timetable has them or not.

        Args:
            flights: canonical columns, at least `FeatureBuilder.columns`, each of shape (rows,).

        Returns:
            By name, in order: quantitative features as float32 with NaN for missing, categorical ones as text; shape
            (rows,).

        Raises:
            UserError: the kind of a feature's values differs from its entry.
        """
        builder = self.builder
        values = builder.apply_functions(flights, "schedule")
        if self.timetable:
            values |= self.timetable.count(flights[ROW_ID], builder.apply_functions(flights, "density"))
        if self.rates:
            values |= self.rates.look_up(flights, builder.names)
        if "weather" in builder.groups:
            values |= weather.observed_weather(flights, self.observations, builder.parameters.horizon_hours)
        return {feature.name: _cast_to_kind(values[feature.name], feature) for feature in builder.features}


def _cast_to_kind(values: Column, feature: Feature) -> Column:
    kind: Kind = "quantitative" if values.dtype.kind in "iuf" else "categorical"
    if kind != feature.kind:
        raise UserError(
            f"references/data_dictionary.yaml: features.{feature.name}: the values are {kind}, not {feature.kind}; "
            "correct the kind"
        )
    return values.astype(np.float32 if kind == "quantitative" else object)
