"""Explaining flights that somebody has asked about: reading what it takes from a checkout, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.weather import OBSERVATIONS
from flight_delay.explain import reference as references
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.flight.departures import WhatIf, features_at, require_recorded, times, what_if
from flight_delay.explain.flight.reasons import Reasons, reasons_of
from flight_delay.explain.scheduled import Scheduled, read_month
from flight_delay.explain.topics import load_topics
from flight_delay.features import history
from flight_delay.features.columns import Column, from_table
from flight_delay.features.parameters import FeatureParameters
from flight_delay.features.registry import all_features, columns_read
from flight_delay.model.bundle import load_bundle

INTERIM = Path("data/interim")
PROCESSED = Path("data/processed")
HISTORY = Path("models/history")
BUNDLE = Path("models/bundle")
REFERENCE = Path("reports/interpret/reference.json")

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
    bundle = load_bundle(BUNDLE)
    topics = load_topics().covering(bundle.manifest.features)
    return Explainer(bundle, topics, references.load(REFERENCE, bundle))


def late_minutes() -> int:
    """From how many minutes on a flight is late.

    Raises:
        UserError: the parameters do not say so.
    """
    return params.load("build_features", FeatureParameters).late_minutes


def explained(explainer: Explainer, found: Mapping[str, Column]) -> Iterator[Explained]:
    """Explain flights, one month after the other.

    Args:
        explainer: the model and what explains it.
        found: by month, positions of the flights in its processed table.
    """
    several = list(found)
    for month in progress(several, "month") if len(several) > 1 else several:
        flights = read_month(PROCESSED, explainer.bundle, month)
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
    p = params.load("build_features", FeatureParameters)
    recorded = read_month(PROCESSED, explainer.bundle, month).take(np.array([position]))
    observations = from_table(files.read_table(INTERIM / "weather.parquet", OBSERVATIONS))
    with_weather = p.weather == "observed" and len(observations["airport"]) > 0
    features = all_features(load_dictionary().features, p.history_days, with_weather=with_weather)
    needed = list(
        dict.fromkeys(
            ["flight_id", "flight_date", "scheduled_arrival_minutes", "scheduled_arrival_utc", *columns_read(features)]
        )
    )
    flights = from_table(files.read_table(months.month_path(INTERIM / "flights", month), columns=needed))
    day = np.flatnonzero(flights["flight_date"] == recorded.flight_date[0])
    schedule = {name: values[day] for name, values in flights.items()}
    row = int(np.flatnonzero(schedule["flight_id"] == recorded.flight_id[0])[0])
    departures = times(int(schedule["scheduled_departure_minutes"][row]))
    values = features_at(
        schedule, row, departures, features, counts=_counts(month, p), observations=observations, parameters=p
    )
    own = departures.index(int(schedule["scheduled_departure_minutes"][row]))
    require_recorded(values, own, recorded.features, 0)
    return what_if(explainer.bundle, explainer.reference, str(recorded.flight_id[0]), values)


def _explained(explainer: Explainer, flights: Scheduled) -> Iterator[Explained]:
    explanation = explain(explainer.bundle, flights.examples())
    every = reasons_of(explanation, explainer.bundle, explainer.topics, explainer.reference, quotable=flights.features)
    for reasons, destination, late in zip(every, flights.features["destination"], flights.late, strict=True):
        yield Explained(reasons, str(destination), None if late is None else bool(late))


def _counts(month: str, p: FeatureParameters) -> pa.Table:
    """Counts of outcomes that features of a month may need: of that month and of those before it, as build_features has them."""
    since = history.first_day_needed(np.datetime64(month), max(p.history_days), p.horizon_hours)
    kept = [of for of in months.months_in(HISTORY) if of <= month]
    tables: list[Any] = [files.read_table(months.month_path(HISTORY, of), history.COUNTS) for of in kept]
    return history.known_since(pa.concat_tables(tables), since)
