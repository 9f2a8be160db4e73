"""Compute features from the schedule, known outcomes and observed weather.

Outcomes and weather are those known at the prediction."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.features import history, weather
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Feature, Group, Kind
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import all_source_columns, feature_functions, list_features, source_columns


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
        return all_source_columns(self.features)

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

    def build(self, flights: Columns, counts: pa.Table, observations: Columns) -> Columns:
        """Compute the features of flights.

        Args:
            flights: canonical columns, at least `columns`, each of shape (rows,), of all scheduled flights of a date,
                since features of density count them.
            counts: outcomes by day, of schema `history.COUNTS`; days after the prediction are ignored.
            observations: weather observations, see `weather.observed_weather`.

        Returns:
            By name, in order: quantitative features as float32 with NaN for missing, categorical ones as text; shape
            (rows,).

        Raises:
            UserError: the kind of a feature's values differs from its entry.
        """
        p, groups = self.parameters, {feature.group for feature in self.features}
        values: Columns = {}
        if "history" in groups:
            values |= history.smoothed_rates(flights, counts, p.history_days, p.smoothing_flights, p.horizon_hours)
        if "weather" in groups:
            values |= weather.observed_weather(flights, observations, p.horizon_hours)
        for name, function in feature_functions().items():
            if any(feature.name == name for feature in self.features):
                values[name] = function(*(flights[column] for column in inspect.signature(function).parameters))
        return {feature.name: _cast_to_kind(values[feature.name], feature) for feature in self.features}


def _cast_to_kind(values: Column, feature: Feature) -> Column:
    kind: Kind = "quantitative" if np.issubdtype(values.dtype, np.number) else "categorical"
    if kind != feature.kind:
        raise UserError(
            f"references/data_dictionary.yaml: features.{feature.name}: the values are {kind}, not {feature.kind}; "
            "correct the kind"
        )
    return values.astype(np.float32 if kind == "quantitative" else object)
