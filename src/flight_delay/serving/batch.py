"""Predict all scheduled flights of a range of dates, each from its own state."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from flight_delay.core.params import load_params
from flight_delay.core.runner import track_progress
from flight_delay.features.columns import columns_from_table
from flight_delay.features.rates import day_of_prediction
from flight_delay.serving.answers import predict_flights, require_answerable
from flight_delay.serving.builder import Serve, build_state
from flight_delay.serving.explanations import StateExplainer
from flight_delay.serving.inputs import Inputs, days_between, require_dates
from flight_delay.serving.model_package import ModelFiles
from flight_delay.serving.state import load_state

_DAY = datetime.timedelta(days=1)

FLIGHT = ("flight_id", "flight_date", "carrier", "flight_number", "origin", "destination", "scheduled_departure_utc")
PREDICTED = pa.schema(
    [
        pa.field("flight_id", pa.string()),
        pa.field("flight_date", pa.date32()),
        pa.field("carrier", pa.string()),
        pa.field("flight_number", pa.int32()),
        pa.field("origin", pa.string()),
        pa.field("destination", pa.string()),
        pa.field("scheduled_departure_utc", pa.timestamp("ms", tz="UTC")),
        pa.field("probability", pa.float32()),
        pa.field("predicted_late", pa.bool_()),
        pa.field("days_behind", pa.int16()),
        pa.field("reasons", pa.string()),  # topics, the largest contribution first
        pa.field("state", pa.string()),
        pa.field("model_version", pa.string()),
    ]
)


def predict_dates(inputs: Inputs, model: ModelFiles, first: datetime.date, last: datetime.date) -> Iterator[pa.Table]:
    """Predict the scheduled flights of a range of dates.

    A flight is predicted from the state of the UTC day of its prediction, or from the latest state before it.

    Args:
        inputs: timetable and outcomes.
        model: the model.
        first: first local date of departure.
        last: last one, included.

    Yields:
        A table of schema `PREDICTED` per date, in order of departure.

    Raises:
        UserError: a date has no timetable, or its history is missing or too far behind.
    """
    latest, limit = inputs.last_known_day() + _DAY, load_params("serve", Serve).max_days_behind
    explainers: dict[datetime.date, StateExplainer] = {}  # consecutive dates share some
    with TemporaryDirectory() as folder:
        for date in track_progress(days_between(first, last), "date"):
            timetable = inputs.timetable(date, date)
            require_dates(timetable, [date])
            flights = columns_from_table(timetable)
            predicted_on = day_of_prediction(flights, inputs.parameters.horizon_hours)
            require_answerable((predicted_on - np.datetime64(latest)).astype(int), limit, flights)
            days: list[datetime.date] = np.unique(predicted_on).tolist()
            for day in days:
                if day not in explainers:
                    state_id = build_state(Path(folder), min(day, latest), inputs, model, dates=(date,))
                    explainers[day] = StateExplainer.load(load_state(Path(folder), state_id))
            explainers = {day: explainers[day] for day in days}
            # Flights are in order of departure, and so are the days.
            parts = [timetable.filter(pa.array(predicted_on == np.datetime64(day))) for day in days]
            yield pa.concat_tables(map(_predict, explainers.values(), parts))


def _predict(explainer: StateExplainer, timetable: pa.Table) -> pa.Table:
    """Predict flights from a state."""
    state, flights = explainer.state, columns_from_table(timetable)
    answers = predict_flights(state.model, state.as_of, flights)
    columns = {name: timetable[name] for name in FLIGHT} | {
        "probability": answers.probability,
        "predicted_late": answers.predicted_late,
        "days_behind": answers.days_behind,
        "reasons": [";".join(reason.topic for reason in part.reasons) for part in explainer.explain(flights)],
        "state": [state.id] * len(timetable),
        "model_version": [state.model.version] * len(timetable),
    }
    return pa.Table.from_pydict(columns, schema=PREDICTED)
