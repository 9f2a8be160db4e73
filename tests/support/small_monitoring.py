"""Answers of a small service, a state per day, and thresholds of its model."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from answers_database import request
from small_service import DAY, MODEL, REPOSITORY, all_dates, inputs

from flight_delay.drift.psi import Bins
from flight_delay.drift.thresholds import (
    ColumnThresholds,
    DriftThresholds,
    ScoreThresholds,
    WeeklyRange,
    save_thresholds,
)
from flight_delay.evaluation.costs import Payoffs
from flight_delay.monitoring.monitor import Monitor
from flight_delay.serving.answers import predict_flights
from flight_delay.serving.builder import build_state
from flight_delay.serving.database import insert_answers, open_database
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.state import load_state
from flight_delay.serving.table import list_answers

SERVICE = Path("service")
STATES = SERVICE / "states"
PAYOFFS = Payoffs(true_positive=100, false_negative=-500, false_positive=-100, true_negative=100)


def weekly(smallest: float, largest: float) -> WeeklyRange:
    """A range over four weeks."""
    return WeeklyRange(weeks=4, smallest=smallest, median=smallest, largest=largest, false_alarm_rate_bound=0.527129)


def column(bins: Bins, *, monitored: bool = True) -> ColumnThresholds:
    """Thresholds of a column that had no missing or unknown values."""
    unknown = weekly(0, 0) if bins.kind == "categorical" else None
    return ColumnThresholds(
        bins=bins, is_monitored=monitored, weeks_with_false_alarm=0, psi=weekly(0.0, 0.02), missing_share=weekly(0, 0),
        unknown_share=unknown,
    )  # fmt: skip


THRESHOLDS = DriftThresholds(
    format=1,
    first_day="2013-02-01",
    last_day="2013-02-28",
    psi_threshold=0.1,
    columns={
        "carrier": column(Bins(kind="categorical", frequent=("AA", "UA"))),
        "distance_miles": column(Bins(kind="quantitative", edges=(2500.0, 3900.0))),
        "late_rate_all_3d": column(Bins(kind="quantitative", edges=(0.3, 0.6)), monitored=False),
    },
    scores=ScoreThresholds(
        bins=Bins(kind="quantitative", edges=(0.2, 0.4, 0.6)), psi=weekly(0.01, 0.2),
        mean_probability=weekly(0.2, 0.3), positive_share=weekly(0.3, 0.5),
    ),
)  # fmt: skip


FIRST, TODAY = dt.date(2013, 3, 4), dt.date(2013, 3, 8)
DAYS = all_dates(FIRST, TODAY - DAY)


def make_answered(small_service: Path, root: Path) -> None:
    """Copy a small service, and answer the flights of `DAYS`."""
    shutil.copytree(small_service, root)
    shutil.copy(REPOSITORY / "references/alarms.yaml", root / "references")
    with contextlib.chdir(root):
        engine = open_service()
        answer_days(engine, DAYS)
        engine.dispose()


def open_service() -> sa.Engine:
    """Give the model of the working folder its thresholds, and open the database."""
    save_thresholds(MODEL.bundle, THRESHOLDS)
    return open_database(f"sqlite:///{(SERVICE / 'predictions.db').resolve()}")


def answer_days(engine: sa.Engine, dates: Iterable[dt.date], built_from: Inputs | None = None) -> list[str]:
    """Build a state as of each date, make it the current one, and answer the flights of the next UTC day."""
    built = []
    for as_of in dates:
        state = load_state(STATES, build_state(STATES, as_of, built_from or inputs(), MODEL))
        day = state.timetable["scheduled_departure_utc"].astype("datetime64[D]")
        flights = {name: values[day == np.datetime64(as_of + DAY)] for name, values in state.timetable.items()}
        answers = list_answers(state, flights, predict_flights(state.model, as_of, flights))
        name = f"{as_of}-{state.id}"
        rows: list[dict[str, Any]] = [{**a.row, "request_id": name, "row": row} for row, a in enumerate(answers)]
        with engine.begin() as connection:
            insert_answers(connection, [request(name, state=state.id)], rows)
        (STATES / "current").write_text(f"{state.id}\n")
        built.append(state.id)
    return built


def monitor(engine: sa.Engine, now: Inputs | None = None) -> Monitor:
    """A monitor of the working folder."""
    return Monitor(engine, STATES, now or inputs(), PAYOFFS)
