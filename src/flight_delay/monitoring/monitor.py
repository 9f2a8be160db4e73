"""Check what a service answered, as far as it is known before a date."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from flight_delay.core.errors import UserError
from flight_delay.drift.thresholds import DriftThresholds, load_thresholds
from flight_delay.drift.weeks import days_of_month
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.curves import calibration_curve
from flight_delay.monitoring.answers import AnswerReader
from flight_delay.monitoring.current import Current, find_current
from flight_delay.monitoring.day_answers import DayAnswers
from flight_delay.monitoring.exact import check_freshness, check_replay, check_skew, check_timetable
from flight_delay.monitoring.labels import LabelReader
from flight_delay.monitoring.request_log import RequestLogs, read_request_logs
from flight_delay.monitoring.results import (
    CalibrationBin,
    DaySummary,
    Monitored,
    MonthSummary,
    ScoreCounts,
    WeekSummary,
)
from flight_delay.monitoring.states import DAY, States, utc_day
from flight_delay.monitoring.statistical import (
    WeekStatistics,
    check_contract,
    check_inputs,
    check_scores,
    summarize_week,
)
from flight_delay.monitoring.truth import (
    LABEL_DAYS,
    LabelJoin,
    Truth,
    TruthSummaries,
    TruthSummary,
    complete_months,
)
from flight_delay.monitoring.truth_check import check_truth
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.state import MODEL

DAYS, WEEK = 63, 7
CALIBRATION_BINS = 10


class Monitor:
    """Runs of one database; days are kept, so that many runs are cheap."""

    def __init__(
        self, engine: sa.Engine, states: Path, inputs: Inputs, payoffs: Payoffs, requests: Path | None = None
    ) -> None:
        """Create a monitor.

        Args:
            engine: of the predictions database.
            states: folder of states.
            inputs: timetable and outcomes as they are now.
            payoffs: per flight.
            requests: folder of the request log.
        """
        self._engine, self._states, self._requests = engine, States(states), requests
        self._inputs = inputs
        self._labels = LabelReader(engine, inputs.parameters.late_threshold_minutes)
        self._joined = LabelJoin(self._labels)
        self._labelled: dict[datetime.date, tuple[int, int]] = {}
        self._summaries = TruthSummaries(payoffs)
        self._reader: AnswerReader | None = None

    def run(self, date: datetime.date) -> Monitored:
        """Check what was answered, as far as it is known before a date began in UTC.

        Raises:
            UserError: there is no current state, no answer before the date, or no thresholds.
        """
        current = find_current(self._engine, self._states, date)
        thresholds = load_thresholds(self._states.folder / current.id / MODEL)
        if self._reader is None or self._reader.thresholds != thresholds:
            self._reader = AnswerReader(self._engine, self._states, thresholds, self._inputs.parameters)
        reader = self._reader
        months = {month: days_of_month(month) for month in complete_months(date)}
        first = min(*(dates[0] for dates in months.values()), date - DAYS * DAY)
        by_date = reader.dates(date, first)
        days = reader.days(date, DAYS)
        has_answers = any(len(day.flight_id) + day.unreadable for day in days.values())
        if not has_answers and not reader.final_answers(date - DAY, date):
            raise UserError(f"no answers in the {DAYS} days before {date}; choose another date")
        self._labels.read(datetime.datetime.combine(date, datetime.time()), first)

        def truth(begin: datetime.date, end: datetime.date) -> Truth:
            return self._joined.join(by_date, begin, min(end, date - LABEL_DAYS * DAY))

        summaries = [
            MonthSummary(month, *self._summaries.summarize(truth(dates[0], dates[-1])))
            for month, dates in months.items()
        ]
        weeks, listed = [], list(days)
        for end in range(WEEK, DAYS + 1, WEEK):
            of_week, before = listed[end - WEEK : end], listed[: end - WEEK]
            week = summarize_week([days[day] for day in of_week], [days[day] for day in before], thresholds)
            summary = self._summaries.summarize(truth(of_week[0], of_week[-1]))
            weeks.append(_week(of_week[0], of_week[-1], week, summary))
        logs = read_request_logs(self._requests, date - DAY) if self._requests else RequestLogs(0, 0, {})
        scheduled = {day: answers.scheduled for day, answers in days.items()}
        scheduled[date] = self._scheduled(reader, current, date)
        findings = [
            check_replay(reader, self._states, date),
            check_skew(reader, self._states, self._inputs, date),
            check_freshness(current.as_of, date, days[date - DAY]),
            check_timetable(scheduled, date),
            *check_contract(week, thresholds, logs),
            *check_inputs(week, thresholds),
            *check_scores(week, thresholds),
            *check_truth(summaries),
        ]
        recent = truth(date - (DAYS - WEEK) * DAY, date)
        reader.forget(date)
        return Monitored(
            date=date,
            model_version=current.manifest.model_version,
            shadow_version=current.manifest.shadow_version,
            state=current.id,
            as_of=current.as_of,
            findings=tuple(findings),
            days=tuple(_day(day, answers, self._count_labelled(day, answers)) for day, answers in days.items()),
            weeks=tuple(weeks),
            months=tuple(summaries),
            calibration=_calibration(recent),
            score_counts=ScoreCounts(tuple(week.scores.tolist()), tuple(week.reference_scores.tolist())),
            latency_ms=logs.latency_ms,
        )

    @property
    def thresholds(self) -> DriftThresholds:
        """Thresholds of the model of the last run."""
        if self._reader is None:
            raise ValueError("nothing was run")
        return self._reader.thresholds

    def _count_labelled(self, day: datetime.date, answers: DayAnswers) -> int:
        version = self._labels.version([day - DAY, day, day + DAY])
        if self._labelled.get(day, (-1, 0))[0] != version:
            labels = self._labels.labels(answers.flight_id)
            self._labelled[day] = version, sum(label is not None for label in labels)
        return self._labelled[day][1]

    def _scheduled(self, reader: AnswerReader, current: Current, date: datetime.date) -> int:
        """Count the flights of a date in the state that answers them."""
        groups = reader.final_answers(date - DAY, date)
        state_id = max(groups, key=lambda name: len(groups[name]), default=current.id)
        try:
            timetable = self._states.timetable(state_id, last_date=date)
        except UserError:
            return 0
        return int(np.count_nonzero(utc_day(timetable) == np.datetime64(date)))


def _day(day: datetime.date, answers: DayAnswers, labelled: int) -> DaySummary:
    rows = len(answers.flight_id)
    return DaySummary(
        date=day,
        scheduled=answers.scheduled,
        answered=rows,
        provisional=int(np.count_nonzero(answers.days_behind)),
        days_behind=int(answers.days_behind.max(initial=0)),
        mean_probability=answers.scores.probability / rows if rows else None,
        share_predicted_late=answers.scores.positives / rows if rows else None,
        labelled=labelled,
    )


def _week(first: datetime.date, last: datetime.date, week: WeekStatistics, truth: TruthSummary) -> WeekSummary:
    return WeekSummary(
        first=first,
        last=last,
        answered=week.rows,
        mean_probability=week.mean_probability,
        share_predicted_late=week.positive_share,
        score_psi=week.score_psi,
        input_psi=week.input_psi,
        **truth._asdict(),
    )


def _calibration(truth: Truth) -> tuple[CalibrationBin, ...]:
    if not len(truth.target):
        return ()
    curve = calibration_curve(truth.target, truth.probability, CALIBRATION_BINS)
    return tuple(CalibrationBin(*row) for row in curve.rows)
