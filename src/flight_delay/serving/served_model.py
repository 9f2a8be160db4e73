"""A model with the prepared features that its predictions need."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.features.builder import FeatureBuilder, PreparedFeatures
from flight_delay.features.columns import Columns
from flight_delay.model.bundle import Bundle

# Observed weather is not known a day ahead.
NO_OBSERVATIONS: Columns = {"airport": np.array([], object)}


@dataclass(frozen=True)
class ServedModel:
    """A model and its prepared features.

    Attributes:
        bundle: the model.
        version: its version in the registry, or 'checkout'.
        inputs: the features that the model uses.
        explained: all features, which explanations may quote.
    """

    bundle: Bundle
    version: str
    inputs: PreparedFeatures
    explained: PreparedFeatures

    @classmethod
    def prepare(
        cls, bundle: Bundle, version: str, dictionary: Dictionary, timetable: Columns, counts: pa.Table
    ) -> ServedModel:
        """Prepare the features of a model.

        Args:
            bundle: the model.
            version: its version.
            dictionary: describes columns and features.
            timetable: canonical columns of all scheduled flights, each of shape (flights,).
            counts: outcomes by day, of schema `history.COUNTS`.

        Raises:
            UserError: the model uses a feature that this code does not compute, or that is not known a day ahead.
        """
        parameters = bundle.manifest.feature_parameters
        builder = FeatureBuilder.from_dictionary(parameters, dictionary, NO_OBSERVATIONS)
        known = {feature.name for feature in builder.features}
        if missing := [feature.name for feature in bundle.manifest.inputs if feature.name not in known]:
            raise UserError(
                f"model {version}: feature '{missing[0]}' cannot be computed a day ahead by this code; serve a model "
                "without it, or the checkout that trained it"
            )
        prepared = builder.prepare(timetable, counts, NO_OBSERVATIONS)
        return cls(
            bundle, version, replace(prepared, builder=replace(builder, features=bundle.manifest.inputs)), prepared
        )
