"""Load the explainer of a checkout, and explain flights month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flight_delay.core import files, months, paths
from flight_delay.core.runner import track_progress
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.feature_groups import load_topics
from flight_delay.explain.flights import read_scheduled_flights
from flight_delay.explain.local.reasons import Reasons, select_reasons
from flight_delay.explain.local.what_if import (
    WhatIf,
    departure_times,
    features_at_departures,
    predict_departures,
    require_same_features,
)
from flight_delay.explain.reference import load_reference
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Column, columns_from_table
from flight_delay.features.feature import KEYS
from flight_delay.model.bundle import load_bundle

_CHUNK_ROWS = 2_000  # that are explained at once, so that memory does not grow with the number of flights


class ExplainedFlight(NamedTuple):
    """A flight with reasons and outcome, which is None if it did not arrive."""

    reasons: Reasons
    destination: str
    late: bool | None


def load_explainer() -> Explainer:
    """Load the model of this checkout, the topics and the reference values.

    Raises:
        UserError: a file is missing or damaged, or model and reference are of different versions.
    """
    bundle = load_bundle(paths.BUNDLE)
    topics = load_topics()
    return Explainer(bundle, topics, load_reference(paths.report("interpret") / "reference.json", bundle))


def explain_flights(explainer: Explainer, positions: Mapping[str, Column]) -> Iterator[ExplainedFlight]:
    """Explain flights month by month.

    Args:
        explainer: of the model.
        positions: by month, positions of the flights in its processed table.
    """
    for month in track_progress(list(positions), "month") if len(positions) > 1 else positions:
        flights, outcomes = read_scheduled_flights(months.month_path(paths.PROCESSED, month), explainer.bundle)
        for start in range(0, len(positions[month]), _CHUNK_ROWS):
            chunk_positions = positions[month][start : start + _CHUNK_ROWS]
            chunk = flights.take(chunk_positions)
            explanation = explain(explainer.bundle, chunk)
            explanation = replace(explanation, features=explanation.features | chunk.features)
            reasons = select_reasons(explanation, explainer)
            for row in zip(reasons, chunk.features["destination"], outcomes[chunk_positions], strict=True):
                yield ExplainedFlight(*row)


def explain_departures(explainer: Explainer, month: str, position: int) -> WhatIf:
    """Predict a flight at other times of departure of its date.

    Args:
        explainer: of the model.
        month: of the flight.
        position: of the flight in its processed table.

    Raises:
        UserError: a file is missing, or data/processed was built with other code or parameters.
    """
    flights, _ = read_scheduled_flights(months.month_path(paths.PROCESSED, month), explainer.bundle)
    recorded = flights.take(np.array([position]))
    observations = columns_from_table(files.read_table(paths.WEATHER, OBSERVATIONS))
    parameters = explainer.bundle.manifest.feature_parameters
    builder = FeatureBuilder.from_dictionary(parameters, load_dictionary(), observations)
    needed = list(dict.fromkeys([*KEYS, "scheduled_arrival_minutes", "scheduled_arrival_utc", *builder.columns]))
    timetable = columns_from_table(files.read_table(months.month_path(paths.CANONICAL, month), columns=needed))
    day = np.flatnonzero(timetable["flight_date"] == recorded.date[0])
    schedule = {name: values[day] for name, values in timetable.items()}
    row = int(np.flatnonzero(schedule["flight_id"] == recorded.row_id[0])[0])
    own_minutes = int(schedule["scheduled_departure_minutes"][row])
    departures = departure_times(own_minutes)
    past = [earlier for earlier in months.list_months(paths.HISTORY) if earlier <= month]
    counts = pa.concat_tables(table for _, table in months.iterate_months(paths.HISTORY, past, history.COUNTS))
    prepared = builder.prepare(schedule, history.filter_since(counts, builder.first_day_needed(month)), observations)
    values = features_at_departures(prepared, schedule, row, departures)
    require_same_features(values, departures.index(own_minutes), recorded.features)
    return predict_departures(explainer.bundle, explainer.reference, str(recorded.row_id[0]), values)
