"""Read flights of data/processed with all features, arrived or not."""

from __future__ import annotations

import numpy as np

from flight_delay.core.content import Source
from flight_delay.core.files import read_parquet_metadata, read_table
from flight_delay.features.columns import Column, columns_from_table
from flight_delay.features.feature import KEYS, TARGET, processed_schema
from flight_delay.model.bundle import Bundle
from flight_delay.model.examples import Examples


def read_scheduled_flights(source: Source, bundle: Bundle) -> tuple[Examples, Column]:
    """Read all flights of a processed month with all features.

    Features that the model does not use are included.

    Returns:
        Flights, where those without an outcome count as on time; outcomes of shape (rows,): True, False, or None for
        flights that did not arrive.

    Raises:
        UserError: the file is missing or damaged, or lacks an input of the model.
    """
    required = read_table(source, processed_schema(bundle.manifest.inputs))
    rest = [name for name in read_parquet_metadata(source).schema.names if name not in required.column_names]
    columns = columns_from_table(required) | columns_from_table(read_table(source, columns=rest))
    outcomes = columns[TARGET].astype(object)
    features = {name: values for name, values in columns.items() if name not in (*KEYS, TARGET)}
    is_late = (outcomes == True).astype(bool)  # noqa: E712 (of every element)
    return Examples(columns["flight_id"], columns["flight_date"], features, is_late), outcomes


def read_arrived(source: Source, bundle: Bundle) -> Examples:
    """Read the flights of a processed month that arrived, with all features."""
    flights, outcomes = read_scheduled_flights(source, bundle)
    return flights.take(np.flatnonzero(outcomes != None))  # noqa: E711 (of every element)
