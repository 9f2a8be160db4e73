"""Invented monitoring runs whose numbers differ in their digits: quiet, with alarms, and without some data."""

from __future__ import annotations

import datetime
import math

from small_monitoring import THRESHOLDS

from flight_delay.monitoring.alarms import load_alarms
from flight_delay.monitoring.page import render_page
from flight_delay.monitoring.results import (
    CalibrationBin,
    DaySummary,
    Estimate,
    Finding,
    Monitored,
    MonthSummary,
    ScoreCounts,
    WeekSummary,
)

DATE = datetime.date(2013, 12, 3)
DAY = datetime.timedelta(days=1)
BASIS = "the largest of 26 weeks is 0.03, so that false alarms are below 10.9 % of weeks"
QUIET = (
    Finding("replay", "quiet", 0.0, 0.0, "all 901 answers are repeated bit for bit", "exact"),
    Finding("skew", "quiet", 0.0012, 0.01, "0.12 % of 902 answers differ", "fixed"),
    Finding("freshness", "quiet", 1.0, 2.0, "the state is 1 day old", "fixed"),
    Finding("inputs", "quiet", 0.0312, 0.1, "PSI of carrier is 0.031", BASIS),
    Finding("scores", "quiet", 0.2468, 0.312, "mean probability of 7 days is 0.247", BASIS, "mean probability"),
    Finding("truth", "no_data", None, 0.0, "fewer than two months have labels", ""),
)
ALARMS = (
    Finding("skew", "alarm", 0.9432, 0.01, "94.32 % of 902 answers differ from those of <present> inputs", "fixed"),
    Finding("inputs", "alarm", 3.517, 0.1, "PSI of distance_miles is 3.517", BASIS, "distance_miles"),
    Finding("inputs", "alarm", 0.214, 0.1, "PSI of carrier is 0.214", BASIS, "carrier"),
    Finding("scores", "warning", 0.3337, 0.312, "mean probability of 7 days is 0.334", BASIS, "mean probability"),
)


def estimate(value: float, half: float) -> Estimate:
    return Estimate(value, value - half, value + half)


def days() -> tuple[DaySummary, ...]:
    rows = []
    for number in range(63):
        scheduled, wave = 905 - 140 * (number % 7 == 5) + number % 5, math.sin(number / 3)
        date, answered, late = DATE - (63 - number) * DAY, scheduled - number % 3, number % 11 == 3
        labelled = scheduled - 21 if number < 62 else 0
        rows.append(
            DaySummary(date, scheduled, answered, 40 * late, 2 * late, 0.24 + 0.05 * wave, 0.4 + 0.13 * wave, labelled)
        )
    return tuple(rows)


def weeks() -> tuple[WeekSummary, ...]:
    rows = []
    for number in range(9):
        wave, last = math.sin(number), DATE - DAY - 7 * (8 - number) * DAY
        psi = {
            name: 0.04 * (place + 1) * (1.2 + wave) + 0.15 * (not column.is_monitored)
            for place, (name, column) in enumerate(THRESHOLDS.columns.items())
        }
        rows.append(
            WeekSummary(
                last - 6 * DAY, last, 6201 + number, 6001 + number, mean_probability=0.241 + 0.03 * wave,
                share_predicted_late=0.402 + 0.08 * wave, score_psi=0.0531 + 0.04 * wave, input_psi=psi,
                calibration_gap=estimate(-0.0123 + 0.04 * wave, 0.051),
                roc_auc=estimate(0.6513 + 0.02 * wave, 0.031), mean_profit=estimate(-21.7 + 12 * wave, 24.3),
                shadow_log_loss_difference=estimate(-0.0017 + 0.001 * wave, 0.0023),
            )
        )  # fmt: skip
    return tuple(rows)


def quiet() -> Monitored:
    month = MonthSummary(
        "2013-11", 26_971, estimate(0.0191, 0.0217), estimate(0.6491, 0.0131), estimate(-19.3, 11.9),
        estimate(-0.0013, 0.0011),
    )  # fmt: skip
    return Monitored(
        date=DATE,
        model_version="4",
        shadow_version="5",
        state="2013-12-02-0123456789ab",
        as_of=DATE - DAY,
        findings=QUIET,
        days=days(),
        weeks=weeks(),
        months=(month._replace(month="2013-10", labelled=27_811), month),
        calibration=tuple(CalibrationBin(0.05 * n + 0.03, 0.045 * n + 0.05, 5000) for n in range(10)),
        score_counts=ScoreCounts((2100, 2300, 1200, 601, 0, 0), (18_500, 17_900, 8600, 4777, 0, 0)),
        latency_ms={"p50": 2.13, "p95": 8.71, "p99": 31.9},
    )


def alarming() -> Monitored:
    run = quiet()
    psi = {**run.weeks[-1].input_psi, "distance_miles": 3.517, "carrier": 0.214}
    last = run.weeks[-1]._replace(input_psi=psi, mean_probability=0.3337)
    replaced = {"skew", "inputs", "scores"}
    kept = tuple(finding for finding in QUIET if finding.check not in replaced)
    return run._replace(findings=(*kept, *ALARMS), weeks=(*run.weeks[:-1], last))


def unlabelled() -> Monitored:
    run = quiet()
    none = dict.fromkeys(("calibration_gap", "roc_auc", "mean_profit", "shadow_log_loss_difference"))
    return run._replace(
        days=tuple(day._replace(labelled=0) for day in run.days),
        weeks=tuple(week._replace(labelled=0, **none) for week in run.weeks),
        months=(),
        calibration=(),
    )


def one_day() -> Monitored:
    run = unlabelled()
    week = run.weeks[-1]._replace(answered=901, score_psi=None, input_psi={})
    counts = ScoreCounts(run.score_counts.current, (0,) * 6)
    return run._replace(days=run.days[-1:], weeks=(week,), score_counts=counts, latency_ms={})


def empty() -> Monitored:
    none = ScoreCounts((), ())
    run = quiet()._replace(findings=(), days=(), weeks=(), months=(), calibration=(), score_counts=none, latency_ms={})
    return run._replace(shadow_version=None)


EXAMPLES = {"quiet": quiet, "alarming": alarming, "unlabelled": unlabelled, "one_day": one_day, "empty": empty}


def render(run: Monitored) -> str:
    """Render the page of a run with the alarms of this project."""
    return render_page(run, load_alarms(), THRESHOLDS)
