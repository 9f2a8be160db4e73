"""Explaining flights that somebody has asked about: reading what it takes from a checkout, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flight_delay.core import files, months, paths
from flight_delay.core.runner import track_progress
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.explain import reference as references
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.feature_groups import load_topics
from flight_delay.explain.flights import Scheduled, read_month
from flight_delay.explain.local.reasons import Reasons, reasons_of
from flight_delay.explain.local.what_if import WhatIf, features_at, require_recorded, times, what_if
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Column, columns_from_table
from flight_delay.model.bundle import load_bundle

# Sentences are made for so many flights at a time, so that memory does not grow with the number asked for.
_AT_ONCE = 2_000


class Explained(NamedTuple):
    """A flight, why it has its probability, and what became of it: None where it did not arrive."""

    reasons: Reasons
    destination: str
    late: bool | None


def load_explainer() -> Explainer:
    """Load the model of this checkout and what explains it.

    Raises:
        UserError: something is missing or damaged, or model and reference are of different versions.
    """
    bundle = load_bundle(paths.BUNDLE)
    topics = load_topics()
    return Explainer(bundle, topics, references.load(paths.report("interpret") / "reference.json", bundle))


def explained(explainer: Explainer, found: Mapping[str, Column]) -> Iterator[Explained]:
    """Explain flights, one month after the other.

    Args:
        explainer: the model and what explains it.
        found: by month, positions of the flights in its processed table.
    """
    several = list(found)
    for month in track_progress(several, "month") if len(several) > 1 else several:
        flights = read_month(paths.PROCESSED, explainer.bundle, month)
        for start in range(0, len(found[month]), _AT_ONCE):
            yield from _explained(explainer, flights.take(found[month][start : start + _AT_ONCE]))


def other_departures(explainer: Explainer, month: str, position: int) -> WhatIf:
    """What the model says of a flight over the times of departure of its date.

    Args:
        explainer: the model and what explains it.
        month: of the flight.
        position: of the flight in its processed table.

    Raises:
        UserError: a file is missing, or data/processed is not what code and parameters make of the schedule.
    """
    recorded = read_month(paths.PROCESSED, explainer.bundle, month).take(np.array([position]))
    observations = columns_from_table(files.read_table(paths.WEATHER, OBSERVATIONS))
    parameters = explainer.bundle.manifest.feature_parameters
    builder = FeatureBuilder.from_dictionary(parameters, load_dictionary(), observations)
    moved = ("flight_id", "flight_date", "scheduled_arrival_minutes", "scheduled_arrival_utc")
    needed = list(dict.fromkeys([*moved, *builder.columns]))
    flights = columns_from_table(files.read_table(months.month_path(paths.CANONICAL, month), columns=needed))
    day = np.flatnonzero(flights["flight_date"] == recorded.flight_date[0])
    schedule = {name: values[day] for name, values in flights.items()}
    row = int(np.flatnonzero(schedule["flight_id"] == recorded.flight_id[0])[0])
    departures = times(int(schedule["scheduled_departure_minutes"][row]))
    kept = [earlier for earlier in months.list_months(paths.HISTORY) if earlier <= month]
    counts = [table for _, table in months.iterate_months(paths.HISTORY, kept, history.COUNTS)]
    values = features_at(
        builder,
        schedule,
        row,
        departures,
        counts=history.filter_since(pa.concat_tables(counts), builder.first_day_needed(month)),
        observations=observations,
    )
    own = departures.index(int(schedule["scheduled_departure_minutes"][row]))
    require_recorded(values, own, recorded.features, 0)
    return what_if(explainer.bundle, explainer.reference, str(recorded.flight_id[0]), values)


def _explained(explainer: Explainer, flights: Scheduled) -> Iterator[Explained]:
    explanation = explain(explainer.bundle, flights.examples())
    every = reasons_of(explanation, explainer.bundle, explainer.topics, explainer.reference, quotable=flights.features)
    for reasons, destination, late in zip(every, flights.features["destination"], flights.late, strict=True):
        yield Explained(reasons, str(destination), None if late is None else bool(late))
