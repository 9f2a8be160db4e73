"""The state that was the newest before a date."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from flight_delay.core.errors import UserError
from flight_delay.core.params import read_validated_json
from flight_delay.features.parameters import FeatureParameters
from flight_delay.model.bundle import MANIFEST_FILE, Manifest
from flight_delay.monitoring.states import States
from flight_delay.serving.state import MODEL, StateManifest, read_manifest
from flight_delay.serving.states import read_current
from flight_delay.serving.tables import REQUESTS


class Current(NamedTuple):
    """The newest state before a date, without its contents, which may be damaged."""

    id: str
    as_of: datetime.date
    manifest: StateManifest


def read_current_parameters(states: Path) -> FeatureParameters:
    """Read the feature parameters of the model of the current state.

    Raises:
        UserError: there is no current state, or the description of its model is damaged.
    """
    state_id, _ = _require_current(states)
    path = states / state_id / MODEL / MANIFEST_FILE
    return read_validated_json(path, Manifest, "a manifest of this format").feature_parameters


def _require_current(states: Path) -> tuple[str, StateManifest]:
    state_id = read_current(states)
    if state_id is None:
        raise UserError(f"{states}: no current state; `flight-delay state --as-of DATE` builds one")
    if (manifest := read_manifest(states, state_id)) is None:
        raise UserError(f"{states / state_id}: no such state; `flight-delay state --as-of DATE` builds one")
    return state_id, manifest


def find_current(engine: sa.Engine, states: States, date: datetime.date) -> Current:
    """Return the current state, or that which was current on a past date."""
    state_id, manifest = _require_current(states.folder)
    as_of = datetime.date.fromisoformat(manifest.as_of)
    if as_of < date:
        return Current(state_id, as_of, manifest)
    query = sa.select(REQUESTS.c.state, sa.func.max(REQUESTS.c.request_id)).group_by(REQUESTS.c.state)
    with engine.connect() as connection:
        answered = [(states.as_of(name), last, name) for name, last in connection.execute(query)]
    earlier = [(as_of, last, name) for as_of, last, name in answered if as_of is not None and as_of < date]
    if not earlier:
        raise UserError(f"no answers from a state before {date}; choose another date")
    as_of, _, state_id = max(earlier)
    return Current(state_id, as_of, states.manifest(state_id) or manifest)
