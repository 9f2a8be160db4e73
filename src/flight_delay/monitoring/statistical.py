"""Checks of a week's answers against the weeks before and the backtest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from flight_delay.drift.psi import Counts, population_stability_index
from flight_delay.drift.thresholds import DriftThresholds, WeeklyRange
from flight_delay.monitoring.day_answers import DayAnswers
from flight_delay.monitoring.request_log import RequestLogs
from flight_delay.monitoring.results import Finding, Level
from flight_delay.monitoring.states import checked_bins

MAX_UNKNOWN_SHARE = 0.001
MAX_REFUSED_SHARE = 0.01
# Shortest reference of a population stability index: with fewer days, it has noise and weekdays of its own.
MIN_REFERENCE_DAYS = 28


class WeekStatistics(NamedTuple):
    """Statistics of answers of some days; without answers, shares are None.

    `input_psi` and `score_psi` compare with the days before; they are empty or None if these are too few.
    """

    rows: int
    inputs: Mapping[str, Counts]
    scores: Counts
    reference_scores: Counts
    mean_probability: float | None
    positive_share: float | None
    input_psi: Mapping[str, float]
    score_psi: float | None


def summarize_week(
    days: Sequence[DayAnswers], before: Sequence[DayAnswers], thresholds: DriftThresholds
) -> WeekStatistics:
    """Sum the answers of days, and compare them with the days before."""
    rows = sum(len(day.flight_id) for day in days)
    scores, reference = (_sum([day.scores.counts for day in part], thresholds) for part in (days, before))
    inputs, input_psi = {}, {}
    # A day without answers, such as one before the service began, is no reference.
    is_comparable = rows > 0 and sum(len(day.flight_id) > 0 for day in before) >= MIN_REFERENCE_DAYS
    for name in checked_bins(thresholds):
        inputs[name] = np.sum([day.inputs[name] for day in days], axis=0)
        if is_comparable:
            counted = np.sum([day.inputs[name] for day in before], axis=0)
            input_psi[name] = population_stability_index(counted, inputs[name])
    return WeekStatistics(
        rows=rows,
        inputs=inputs,
        scores=scores,
        reference_scores=reference,
        mean_probability=sum(day.scores.probability for day in days) / rows if rows else None,
        positive_share=sum(day.scores.positives for day in days) / rows if rows else None,
        input_psi=input_psi,
        score_psi=population_stability_index(reference, scores) if is_comparable else None,
    )


def check_contract(week: WeekStatistics, thresholds: DriftThresholds, log: RequestLogs) -> list[Finding]:
    """Check shares of unknown categories, missing values and refused rows."""
    if not week.rows:
        return [Finding("contract", "no_data", None, MAX_UNKNOWN_SHARE, "no answers in 7 days", "")]
    findings, largest = [], 0.0
    for name, counts in week.inputs.items():
        column = thresholds.columns[name]
        if column.unknown_share is not None:
            unknown = float(counts[-2] / week.rows)
            largest = max(largest, unknown)
            if unknown > MAX_UNKNOWN_SHARE:
                message = f"{unknown:.2%} of the values of {name} are unknown to the model, in 7 days"
                basis = f"fixed; {_describe(column.unknown_share)}"
                findings.append(Finding("contract", "alarm", unknown, MAX_UNKNOWN_SHARE, message, basis, name))
        missing = float(counts[-1] / week.rows)
        limit = max(2 * (column.missing_share.largest or 0.0), MAX_UNKNOWN_SHARE)
        if missing > limit:
            message = f"{missing:.2%} of the values of {name} are missing, in 7 days"
            basis = f"twice the largest week, at least {MAX_UNKNOWN_SHARE:.1%}; {_describe(column.missing_share)}"
            findings.append(Finding("contract", "alarm", missing, limit, message, basis, name))
    refused = log.refused / log.rows if log.rows else 0.0
    if refused > MAX_REFUSED_SHARE:
        message = f"{log.refused:,} of {log.rows:,} rows were refused yesterday"
        findings.append(Finding("contract", "warning", refused, MAX_REFUSED_SHARE, message, "fixed", "requests"))
    if findings:
        return findings
    message = f"at most {largest:.2%} of the values of an input are unknown to the model, in 7 days"
    return [Finding("contract", "quiet", largest, MAX_UNKNOWN_SHARE, message, "fixed")]


def check_inputs(week: WeekStatistics, thresholds: DriftThresholds) -> list[Finding]:
    """Compare the monitored inputs of a week with the weeks before."""
    limit = thresholds.psi_threshold
    monitored = [name for name, column in thresholds.columns.items() if column.is_monitored]
    psi = {name: week.input_psi[name] for name in monitored if name in week.input_psi}
    if not psi:
        message = f"fewer than {MIN_REFERENCE_DAYS} days with answers before the last 7, or no monitored input"
        return [Finding("inputs", "no_data", None, limit, message, "")]

    def finding(level: Level, name: str, subject: str) -> Finding:
        message = f"PSI of {name} is {psi[name]:.3f}, 7 days against those before"
        basis = f"of {len(psi)} inputs; {name}: {_describe(thresholds.columns[name].psi)}"
        return Finding("inputs", level, psi[name], limit, message, basis, subject)

    if high := [name for name in psi if psi[name] >= limit]:
        return [finding("alarm", name, name) for name in high]
    return [finding("quiet", max(psi, key=lambda name: psi[name]), "")]


def check_scores(week: WeekStatistics, thresholds: DriftThresholds) -> list[Finding]:
    """Compare the probabilities of a week with all weeks of the backtest."""
    scores = thresholds.scores
    statistics = (
        ("mean_probability", "mean probability", week.mean_probability, scores.mean_probability),
        ("share_predicted_late", "share predicted late", week.positive_share, scores.positive_share),
        ("psi", "PSI of probabilities", week.score_psi, scores.psi),
    )
    return [_check_range(subject, label, value, bounds) for subject, label, value, bounds in statistics]


def _check_range(subject: str, label: str, value: float | None, bounds: WeeklyRange) -> Finding:
    if value is None or bounds.smallest is None or bounds.largest is None:
        return Finding("scores", "no_data", value, None, f"{label}: too few answers", "", subject)
    low = -np.inf if subject == "psi" else bounds.smallest
    is_outside = not low <= value <= bounds.largest
    threshold = bounds.smallest if value < low else bounds.largest
    message = f"{label} of 7 days is {value:.3f}; the weeks of the backtest have {bounds.smallest:.3f} … "
    message += f"{bounds.largest:.3f}"
    return Finding(
        "scores", "warning" if is_outside else "quiet", value, threshold, message, _describe(bounds), subject
    )


def _describe(bounds: WeeklyRange) -> str:
    if bounds.largest is None or bounds.false_alarm_rate_bound is None:
        return "no week of the backtest"
    return (
        f"the largest of {bounds.weeks} weeks is {bounds.largest:.3g}, so that false alarms are below "
        f"{bounds.false_alarm_rate_bound:.0%} a week"
    )


def _sum(counts: Sequence[Counts], thresholds: DriftThresholds) -> Counts:
    total: Counts = np.sum([np.zeros(thresholds.scores.bins.size, np.int64), *counts], axis=0)
    return total
