"""Predict scheduled flights from a state."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import DATE, ROW_ID
from flight_delay.features.rates import day_of_prediction
from flight_delay.serving.served_model import ServedModel

_DAY = np.timedelta64(1, "D")


class Answers(NamedTuple):
    """Predictions for flights, each of shape (flights,).

    An answer is final if `days_behind` is 0: every later state gives the same. Otherwise it is provisional, because
    that many days of outcomes were not known to the state.
    """

    flight_id: Column
    probability: Column  # float32
    predicted_late: Column
    days_behind: Column


def predict_flights(model: ServedModel, as_of: datetime.date, flights: Columns) -> Answers:
    """Predict flights, in the timetable or not.

    Args:
        model: with the prepared features of a state.
        as_of: cut-off of the state.
        flights: canonical schedule columns, each of shape (flights,), of dates in the timetable.
    """
    return decide(model, as_of, flights, model.bundle.predict_probability(model.inputs.compute(flights)))


def decide(model: ServedModel, as_of: datetime.date, flights: Columns, probability: Column) -> Answers:
    """Compare probabilities, float32 of shape (flights,), with the threshold."""
    is_late = probability >= np.float32(model.bundle.decision.threshold)
    return Answers(flights[ROW_ID], probability, is_late, days_behind(model, as_of, flights))


def days_behind(model: ServedModel, as_of: datetime.date, flights: Columns) -> Column:
    """Count the days between the cut-off and each prediction, 0 if none."""
    predicted_on = day_of_prediction(flights, model.bundle.manifest.feature_parameters.horizon_hours)
    return np.maximum((predicted_on - np.datetime64(as_of)) // _DAY, 0)


def scheduled_dates(timetable: Columns) -> list[datetime.date]:
    """List the dates of a timetable, in order."""
    dates: list[datetime.date] = np.unique(timetable[DATE].astype("datetime64[D]")).tolist()
    return dates


def require_answerable(behind: Column, max_days_behind: int, flights: Columns) -> None:
    """Check that history is not too far behind the predictions.

    Raises:
        UserError: it is for a flight; the message names it.
    """
    if len(behind) and behind.max() > max_days_behind:
        row = int(behind.argmax())
        raise UserError(
            f"flight {flights[ROW_ID][row]}: {int(behind[row])} days of outcomes are missing, at most "
            f"{max_days_behind} may be; choose an earlier date, or give `--outcomes FILE`"
        )
