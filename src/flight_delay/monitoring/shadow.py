"""Compare the champion with its shadow on the same flights."""

from __future__ import annotations

import numpy as np

from flight_delay.evaluation.costs import Payoffs
from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Predictions, Probability
from flight_delay.review.comparison.rows import CommonRows, PeriodComparison, compare_period


def compare_shadow(
    target: Outcome,
    probability: Probability,
    shadow_probability: Probability,
    date: Column,
    thresholds: tuple[float, float],
    payoffs: Payoffs,
) -> PeriodComparison:
    """Compare the champion (B) with the shadow (A) as `flight-delay compare`.

    Args:
        target: whether each flight was late, shape (rows,); cancelled and diverted flights are left out.
        probability: of the champion, shape (rows,).
        shadow_probability: shape (rows,).
        date: local date of departure, by which rows are paired, shape (rows,).
        thresholds: decision thresholds of champion and shadow.
        payoffs: per flight, for both.

    Returns:
        Differences are champion − shadow; `measures` is empty, for a `reason`, if the rows do not allow an interval.
    """
    shadow, champion = (
        # The database has float32 as doubles, which may be on the other side of a threshold.
        Predictions(None, date, np.asarray(target, bool), np.asarray(values, np.float32))
        for values in (shadow_probability, probability)
    )
    return compare_period(CommonRows(shadow, champion, 0, 0), (thresholds[1], thresholds[0]), payoffs)
