"""Thresholds of drift, from weeks in which nothing was wrong.

Of a statistic, the smallest and the largest weekly value are kept with the number of weeks. If weeks are independent
and of the same distribution, a later one exceeds the largest of n with a probability that is, at 95 % confidence, at
most 1 - 0.05 ** (1 / n): Wilks 1941, Annals of Mathematical Statistics 12, 91. A threshold that none of n weeks reached
has the same bound, about 3 / n, the rule of three: Hanley and Lippman-Hand 1983,
https://doi.org/10.1001/jama.1983.03330370053031."""

from __future__ import annotations

import datetime
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_json
from flight_delay.core.params import Parameters, read_validated_json
from flight_delay.drift.psi import MODERATE, Bins, Counts
from flight_delay.drift.weeks import Scores, Week, list_weeks, weekly_psi, weekly_sums

THRESHOLDS_FILE = "drift.json"
# The largest index of the quiet weeks of a monitored column is below it: half the threshold, since the column is chosen
# by these same weeks.
MONITORED_BELOW = 0.05


class WeeklyRange(Parameters):
    """Range of a statistic over weeks; without weeks, values are None.

    `false_alarm_rate_bound` is that of each end, per week (see the module).
    """

    weeks: int
    smallest: float | None
    median: float | None
    largest: float | None
    false_alarm_rate_bound: float | None


class ColumnThresholds(Parameters):
    """Bins and thresholds of an input of the model.

    Attributes:
        bins: of its values.
        is_monitored: whether the index of every week is below `MONITORED_BELOW`; false without weeks.
        weeks_with_false_alarm: weeks whose index is at or above `psi_threshold`.
        psi: population stability index of a week, compared to the weeks before.
        missing_share: of the rows of a week.
        unknown_share: of the rows of a week; None for numbers.
    """

    bins: Bins
    is_monitored: bool
    weeks_with_false_alarm: int
    psi: WeeklyRange
    missing_share: WeeklyRange
    unknown_share: WeeklyRange | None


class ScoreThresholds(Parameters):
    """Bins and thresholds of the predicted probability."""

    bins: Bins
    psi: WeeklyRange
    mean_probability: WeeklyRange
    positive_share: WeeklyRange


class DriftThresholds(Parameters):
    """Thresholds of a model, by input, and of its predictions."""

    format: Literal[1]
    first_day: str
    last_day: str
    psi_threshold: float
    columns: dict[str, ColumnThresholds]
    scores: ScoreThresholds


def false_alarm_bound(weeks: int) -> float:
    """Bound the false-alarm rate per week after `weeks` without an alarm."""
    return round(1 - math.pow(0.05, 1 / weeks), 6)


def compute_thresholds(
    bins: Mapping[str, Bins],
    inputs: Mapping[datetime.date, Mapping[str, Counts]],
    score_bins: Bins,
    scores: Mapping[datetime.date, Scores],
) -> DriftThresholds:
    """Compute thresholds from days in which nothing was wrong.

    Args:
        bins: of every input.
        inputs: counts by day and input.
        score_bins: of probabilities.
        scores: by the same days.
    """
    weeks = list_weeks(inputs)
    return DriftThresholds(
        format=1,
        first_day=min(inputs).isoformat(),
        last_day=max(inputs).isoformat(),
        psi_threshold=MODERATE,
        columns={
            name: _column_thresholds(column, {day: counts[name] for day, counts in inputs.items()}, weeks)
            for name, column in bins.items()
        },
        scores=_score_thresholds(score_bins, scores, weeks),
    )


def save_thresholds(folder: Path, thresholds: DriftThresholds) -> None:
    """Write the thresholds into the folder of a bundle."""
    write_json(folder / THRESHOLDS_FILE, thresholds.model_dump(mode="json"))


def load_thresholds(folder: Path) -> DriftThresholds:
    """Load the thresholds of a bundle.

    The checksum of the bundle does not cover them, because they change no prediction and a state hashes every file.

    Raises:
        UserError: the bundle has none, or they are damaged.
    """
    path = folder / THRESHOLDS_FILE
    if not path.exists():
        raise UserError(
            f"{path}: the bundle has no thresholds of drift; `dvc repro drift_thresholds` makes those of this checkout "
            "and of later states and versions"
        )
    return read_validated_json(path, DriftThresholds, "thresholds of this format")


def _weekly_range(values: Sequence[float]) -> WeeklyRange:
    if not values:
        return WeeklyRange(weeks=0, smallest=None, median=None, largest=None, false_alarm_rate_bound=None)
    return WeeklyRange(
        weeks=len(values),
        smallest=round(min(values), 6),
        median=round(statistics.median(values), 6),
        largest=round(max(values), 6),
        false_alarm_rate_bound=false_alarm_bound(len(values)),
    )


def _column_thresholds(bins: Bins, counts: Mapping[datetime.date, Counts], weeks: Sequence[Week]) -> ColumnThresholds:
    indices = weekly_psi(counts, weeks)
    psi = _weekly_range(indices)
    shares = [total / total.sum() for total in weekly_sums(counts, weeks)]
    return ColumnThresholds(
        bins=bins,
        is_monitored=psi.largest is not None and psi.largest < MONITORED_BELOW,
        weeks_with_false_alarm=sum(index >= MODERATE for index in indices),
        psi=psi,
        missing_share=_weekly_range([share[-1] for share in shares]),
        unknown_share=_weekly_range([share[-2] for share in shares]) if bins.kind == "categorical" else None,
    )


def _score_thresholds(bins: Bins, scores: Mapping[datetime.date, Scores], weeks: Sequence[Week]) -> ScoreThresholds:
    counts = {day: day_scores.counts for day, day_scores in scores.items()}
    sums = {day: np.array([s.counts.sum(), s.probability, s.positives]) for day, s in scores.items()}
    totals = weekly_sums(sums, weeks)
    return ScoreThresholds(
        bins=bins,
        psi=_weekly_range(weekly_psi(counts, weeks)),
        mean_probability=_weekly_range([probability / rows for rows, probability, _ in totals]),
        positive_share=_weekly_range([positives / rows for rows, _, positives in totals]),
    )
