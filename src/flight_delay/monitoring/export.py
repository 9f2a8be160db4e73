"""Metrics of a monitoring run, for Prometheus and for MLflow."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from flight_delay.monitoring.results import LEVELS, Monitored

PREFIX = "flight_delay_monitoring_"
LEVEL_NUMBERS = {"no_data": -1, "quiet": 0, "warning": 1, "alarm": 2}
ESTIMATES = ("roc_auc", "calibration_gap", "mean_profit", "shadow_log_loss_difference")
EXPERIMENT_SUFFIX = "-monitoring"
# Columns of the experiment's page in MLflow.
COLUMNS = ("findings/alarm", "findings/warning", "week/share_predicted_late", "month/roc_auc", "month/mean_profit")


def write_metrics(monitored: Monitored, path: Path) -> None:
    """Write a textfile for the node exporter of Prometheus, atomically.

    The worst level counts where a check has several findings about a subject.
    """
    registry = CollectorRegistry()
    finding = Gauge(
        PREFIX + "finding", "0 quiet, 1 warning, 2 alarm, -1 no data", ("check", "subject"), registry=registry
    )
    for row in sorted(monitored.findings, key=lambda row: LEVELS.index(row.level)):
        finding.labels(row.check, row.subject).set(LEVEL_NUMBERS[row.level])
    Gauge(PREFIX + "date_seconds", "Date of the run, Unix time", registry=registry).set(
        calendar.timegm(monitored.date.timetuple())
    )
    gauges: dict[str, Gauge] = {}
    for window, name, value in _windowed(monitored):
        if name not in gauges:
            gauges[name] = Gauge(PREFIX + name, "Of the last week or month", ("window",), registry=registry)
        gauges[name].labels(window).set(value)
    if monitored.weeks:
        psi = Gauge(PREFIX + "input_psi", "PSI of the last week", ("column",), registry=registry)
        for column, value in monitored.weeks[-1].input_psi.items():
            psi.labels(column).set(value)
        if monitored.weeks[-1].score_psi is not None:
            Gauge(PREFIX + "score_psi", "PSI of the last week", registry=registry).set(monitored.weeks[-1].score_psi)
    if monitored.days:
        behind = monitored.days[-1].days_behind
        Gauge(PREFIX + "days_behind", "Largest of the last day", registry=registry).set(behind)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)


def log_run(monitored: Monitored, page: Path, findings: Path, experiment: str) -> str:
    """Log the run of a date in MLflow; it replaces an earlier one of the date.

    Args:
        monitored: results.
        page: written HTML page.
        findings: written JSON file.
        experiment: of pipelines; that of monitoring has a suffix.

    Returns:
        The id of the run in MLflow.

    Raises:
        UserError: MLflow does not answer.
    """
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.dated_run import log_dated_run  # now: mlflow reads its settings

    metrics = {f"{window}/{name}": value for window, name, value in _windowed(monitored)}
    metrics |= {f"findings/{level}": sum(row.level == level for row in monitored.findings) for level in LEVELS}
    if monitored.days:
        last = monitored.days[-1]._asdict()
        metrics |= {f"day/{name}": value for name, value in last.items() if name != "date" and value is not None}
    if monitored.weeks:
        metrics |= {f"week/input_psi/{column}": value for column, value in monitored.weeks[-1].input_psi.items()}
    tags = {"model_version": monitored.model_version, "state": monitored.state, "level": monitored.level}
    return log_dated_run(monitored.date, metrics, tags, (page, findings), COLUMNS, experiment + EXPERIMENT_SUFFIX)


def _windowed(monitored: Monitored) -> Iterator[tuple[str, str, float]]:
    """Yield window, name and value of the last week and complete month."""
    for window, rows in (("week", monitored.weeks), ("month", monitored.months)):
        if not rows:
            continue
        row = rows[-1]._asdict()
        yield window, "labelled", row["labelled"]
        for name in ("mean_probability", "share_predicted_late"):
            if row.get(name) is not None:
                yield window, name, row[name]
        for name in ESTIMATES:
            if row[name] is not None:
                yield window, name, row[name].value
