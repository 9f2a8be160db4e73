"""Repeat a stored answer from the state that it names, and compare bits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import load_dictionary
from flight_delay.explain.local.reasons import Reasons
from flight_delay.features.columns import Columns
from flight_delay.features.feature import ROW_ID
from flight_delay.serving.answers import predict_flights
from flight_delay.serving.database import StoredRequest, read_request
from flight_delay.serving.explanations import StateExplainer
from flight_delay.serving.requested import check_schedules
from flight_delay.serving.state import State, code_digest, load_state, read_manifest


class ReplayedFlight(NamedTuple):
    """A stored probability, and the repeated one.

    A fallback is the base rate, which is repeated as such.
    """

    flight_id: str
    recorded: float
    repeated: float
    fallback: bool
    reasons: Reasons

    @property
    def is_same(self) -> bool:
        """Whether both have the same bits."""
        return np.float32(self.recorded).tobytes() == np.float32(self.repeated).tobytes()


def replay_request(engine: sa.Engine, states: Path, request_id: str) -> tuple[StoredRequest, list[ReplayedFlight]]:
    """Repeat the answers to a request, in its order.

    Args:
        engine: of the predictions database.
        states: folder of states.
        request_id: of the request.

    Raises:
        UserError: the request or its state is missing, or its state was built by different code.
    """
    stored = read_request(engine, request_id)
    state_id, commit = stored.request["state"], stored.request["git_commit"]
    if (manifest := read_manifest(states, state_id)) and manifest.code != code_digest():
        raise UserError(
            f"request {request_id}: answered by the code of commit {commit[:10]}, which differs; repeat it there: "
            f"`git worktree add ../answered {commit[:10]}`"
        )
    state = load_state(states, state_id)
    if not stored.predictions:  # all rows of the request were invalid
        return stored, []
    flights = flights_of(state, stored.predictions)
    answers = predict_flights(state.model, state.as_of, flights)
    reasons = StateExplainer.load(state).explain(flights)
    base_rate = float(np.float32(state.model.bundle.manifest.trained_base_rate))
    return stored, [
        ReplayedFlight(
            row["flight_id"],
            row["probability"],
            base_rate if row["fallback"] else float(answers.probability[at]),
            row["fallback"],
            reasons[at],
        )
        for at, row in enumerate(stored.predictions)
    ]


def flights_of(state: State, predictions: Sequence[dict[str, Any]]) -> Columns:
    """Return the flights of stored predictions as canonical schedule columns.

    Args:
        state: that answered.
        predictions: rows of `tables.PREDICTIONS`.

    Returns:
        Each of shape (predictions,), in their order.
    """
    position = {flight_id: at for at, flight_id in enumerate(state.timetable[ROW_ID].tolist())}
    scheduled = [position[row["flight_id"]] for row in predictions if not row["schedule"]]
    parts = [{name: column[scheduled] for name, column in state.timetable.items()}]
    if given := [json.loads(row["schedule"]) for row in predictions if row["schedule"]]:
        parts.append(check_schedules(state, load_dictionary().schedule_only(), given).flights)
    flights = {name: np.concatenate([part[name] for part in parts]) for name in state.timetable}
    place = {flight_id: at for at, flight_id in enumerate(flights[ROW_ID].tolist())}
    rows = [place[row["flight_id"]] for row in predictions]
    return {name: column[rows] for name, column in flights.items()}
