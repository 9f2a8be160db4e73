"""Result of a monitoring run."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from flight_delay.core.files import write_json

Level: TypeAlias = Literal["quiet", "warning", "alarm", "no_data"]

LEVELS: tuple[Level, ...] = ("no_data", "quiet", "warning", "alarm")  # in order of severity


class Finding(NamedTuple):
    """Result of a check."""

    check: str  # key of references/alarms.yaml
    level: Level
    value: float | None  # compared with the threshold
    threshold: float | None
    message: str  # one sentence with numbers
    basis: str  # where the threshold comes from: number of weeks and bound of the false-alarm rate, if it has them
    subject: str = ""  # column or date, if the finding is about one


class Estimate(NamedTuple):
    """Point estimate with a 95 % interval over days."""

    value: float
    low: float
    high: float


class DaySummary(NamedTuple):
    """Answers to the flights of a day."""

    date: datetime.date  # UTC day of departure
    scheduled: int  # flights in the timetable of the state that answered
    answered: int
    provisional: int
    days_behind: int  # the largest
    mean_probability: float | None
    share_predicted_late: float | None
    labelled: int


class WeekSummary(NamedTuple):
    """Answers to the flights of seven days."""

    first: datetime.date
    last: datetime.date
    answered: int
    labelled: int
    mean_probability: float | None
    share_predicted_late: float | None
    score_psi: float | None
    input_psi: Mapping[str, float]  # by column
    calibration_gap: Estimate | None  # mean predicted minus observed
    roc_auc: Estimate | None
    mean_profit: Estimate | None  # per flight
    shadow_log_loss_difference: Estimate | None  # champion minus shadow, on the same flights


class MonthSummary(NamedTuple):
    """Answers to the flights of a month, compared with their outcomes."""

    month: str
    labelled: int
    calibration_gap: Estimate | None
    roc_auc: Estimate | None
    mean_profit: Estimate | None
    shadow_log_loss_difference: Estimate | None


class CalibrationBin(NamedTuple):
    """Labelled answers with similar probabilities."""

    mean_predicted: float
    observed: float
    rows: int


class ScoreCounts(NamedTuple):
    """Answers per bin of probability."""

    current: tuple[int, ...]  # of the last 7 days
    reference: tuple[int, ...]  # of the 56 days before


class Monitored(NamedTuple):
    """All that a monitoring run found, of what was known before its date."""

    date: datetime.date
    model_version: str
    shadow_version: str | None
    state: str
    as_of: datetime.date
    findings: tuple[Finding, ...]
    days: tuple[DaySummary, ...]  # the last 63, oldest first
    weeks: tuple[WeekSummary, ...]  # oldest first
    months: tuple[MonthSummary, ...]  # oldest first
    calibration: tuple[CalibrationBin, ...]  # of the last 8 weeks
    score_counts: ScoreCounts
    latency_ms: Mapping[str, float]  # p50, p95 and p99 of the last day; empty without request log

    @property
    def level(self) -> Level:
        """The worst level of the findings."""
        return max((finding.level for finding in self.findings), key=LEVELS.index, default="no_data")


def write_findings(path: Path, monitored: Monitored) -> None:
    """Write everything that a run found as JSON."""
    write_json(path, {"level": monitored.level, **_as_json(monitored)})


def _as_json(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _as_json(field) for name, field in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: _as_json(field) for name, field in value.items()}
    if isinstance(value, tuple | list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
