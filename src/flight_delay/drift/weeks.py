"""Counts by day and by week, with the weeks that a week is compared to."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from flight_delay.drift.psi import Bins, Counts, count_bins, population_stability_index
from flight_delay.features.columns import Column, Columns

WEEK_DAYS = 7
REFERENCE_WEEKS = 8

Days = tuple[datetime.date, ...]


class Week(NamedTuple):
    """Days of a week, and of the weeks before, if all of these are there."""

    days: Days
    reference: Days


class Scores(NamedTuple):
    """Sums over predictions of a day; they are additive."""

    counts: Counts
    probability: float
    positives: int


def days_until(last: datetime.date, number: int) -> Days:
    """List the days that end with `last`, in order."""
    return tuple(last - datetime.timedelta(days) for days in range(number - 1, -1, -1))


def days_of_month(month: str) -> Days:
    """List the days of a month such as '2013-01', in order."""
    first = np.datetime64(month, "M")
    return tuple(np.arange(first, first + 1, dtype="datetime64[D]").tolist())


def list_weeks(days: Collection[datetime.date]) -> list[Week]:
    """List the weeks that are whole, in order; the last ends with the last day."""
    known, weeks = set(days), []
    end = max(known, default=datetime.date.min)
    while known and end >= min(known):
        week = days_until(end, WEEK_DAYS)
        before = days_until(week[0] - datetime.timedelta(1), WEEK_DAYS * REFERENCE_WEEKS)
        if known.issuperset(week):
            weeks.append(Week(week, before if known.issuperset(before) else ()))
        end -= datetime.timedelta(WEEK_DAYS)
    return weeks[::-1]


def count_days(
    columns: Columns, bins: Mapping[str, Bins], date: Column, days: Iterable[datetime.date]
) -> dict[datetime.date, dict[str, Counts]]:
    """Count the values of every binned column by day.

    Args:
        columns: each of shape (rows,).
        bins: by column.
        date: of shape (rows,).
        days: to count; a day without rows has counts of zero.
    """
    by_day = {}
    for day in days:
        of_day = date == np.datetime64(day, "D")
        by_day[day] = count_bins({name: columns[name][of_day] for name in bins}, bins)
    return by_day


def sum_scores(
    probability: Column, date: Column, bins: Bins, threshold: float, days: Iterable[datetime.date]
) -> dict[datetime.date, Scores]:
    """Sum predictions by day; the order of rows does not matter.

    Args:
        probability: of shape (rows,).
        date: of shape (rows,).
        bins: of probabilities.
        threshold: from which a prediction is positive.
        days: to sum; a day without rows has sums of zero.
    """
    by_day = {}
    for day in days:
        scores = probability[date == np.datetime64(day, "D")]
        positives = int(np.count_nonzero(scores >= np.float32(threshold)))
        by_day[day] = Scores(bins.count(scores), math.fsum(scores.tolist()), positives)
    return by_day


def sum_days(counts: Mapping[datetime.date, Counts], days: Sequence[datetime.date]) -> Counts:
    """Add the counts of days."""
    total: Counts = np.array([counts[day] for day in days]).sum(axis=0)
    return total


def weekly_sums(counts: Mapping[datetime.date, Counts], weeks: Iterable[Week]) -> list[Counts]:
    """Add the days of each week; weeks without rows are left out."""
    sums = (sum_days(counts, week.days) for week in weeks)
    return [total for total in sums if total.any()]


def weekly_psi(counts: Mapping[datetime.date, Counts], weeks: Iterable[Week]) -> list[float]:
    """Compare each week to the weeks before; those without rows are left out."""
    pairs = ((sum_days(counts, week.reference), sum_days(counts, week.days)) for week in weeks if week.reference)
    return [population_stability_index(before, current) for before, current in pairs if before.any() and current.any()]
