"""Compare answers with the outcomes that are known, over days."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from flight_delay.core.months import months_between
from flight_delay.evaluation.bootstrap import N_BOOTSTRAP, SEED, Draws, bootstrap_mean, day_weights, interval
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.threshold import profit_per_row
from flight_delay.features.columns import Column
from flight_delay.model.predictions import log_loss_per_row
from flight_delay.monitoring.day_answers import DateAnswers
from flight_delay.monitoring.labels import LabelReader
from flight_delay.monitoring.results import Estimate
from flight_delay.monitoring.states import DAY

MONTHS = 2
# Days after the local date of departure, after which outcomes are known; earlier, late flights are missing.
LABEL_DAYS = 2


class Truth(NamedTuple):
    """Labelled answers, each of shape (rows,)."""

    target: Column
    probability: Column
    predicted_late: Column
    shadow_probability: Column
    date: Column


class TruthSummary(NamedTuple):
    """Number of labelled answers, and estimates from them."""

    labelled: int
    calibration_gap: Estimate | None = None
    roc_auc: Estimate | None = None
    mean_profit: Estimate | None = None
    shadow_log_loss_difference: Estimate | None = None


class LabelJoin:
    """Labelled answers by local date.

    A date is joined again when one of its labels changes.
    """

    def __init__(self, labels: LabelReader) -> None:
        self._labels = labels
        self._kept: dict[datetime.date, tuple[int, Truth]] = {}

    def join(self, answers: Mapping[datetime.date, DateAnswers], first: datetime.date, last: datetime.date) -> Truth:
        """Join the answers to flights of local dates with their labels.

        Cancelled and diverted flights, and those without a known outcome, are left out.
        """
        parts = [self._join_date(date, answers[date]) for date in answers if first <= date <= last]
        if not parts:
            empty = np.array([], np.float32)
            return Truth(empty.astype(bool), empty, empty.astype(bool), empty, empty.astype("datetime64[D]"))
        return Truth(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _join_date(self, date: datetime.date, answers: DateAnswers) -> Truth:
        version = self._labels.version([date])
        kept = self._kept.get(date)
        if kept and kept[0] == version:
            return kept[1]
        labels = self._labels.labels(answers.flight_id)
        has_label = np.array([label is not None for label in labels], bool)
        target = np.array([label for label in labels if label is not None], bool)
        truth = Truth(
            target,
            answers.probability[has_label],
            answers.predicted_late[has_label],
            answers.shadow[has_label],
            np.full(len(target), np.datetime64(date)),
        )
        self._kept[date] = version, truth
        return truth


class TruthSummaries:
    """Summaries of labelled answers; those of the same rows are kept."""

    def __init__(self, payoffs: Payoffs) -> None:
        self._payoffs = payoffs
        self._kept: dict[tuple[bytes, ...], TruthSummary] = {}

    def summarize(self, truth: Truth) -> TruthSummary:
        """Estimate what labelled answers show, with intervals over days.

        Estimates are None with fewer than two days, or with one class only.
        """
        key = tuple(column.tobytes() for column in truth)
        if key not in self._kept:
            self._kept[key] = self._estimate(truth)
            if len(self._kept) > 100:
                del self._kept[next(iter(self._kept))]
        return self._kept[key]

    def _estimate(self, truth: Truth) -> TruthSummary:
        target, probability = truth.target, truth.probability
        rows = len(target)
        if len(np.unique(truth.date)) < 2 or not 0 < target.sum() < rows:
            return TruthSummary(rows)
        means = {
            "gap": probability.astype(np.float64) - target,
            "profit": profit_per_row(target, truth.predicted_late, self._payoffs),
        }
        drawn = bootstrap_mean(means, truth.date)
        return TruthSummary(
            rows,
            _estimate(means["gap"].mean(), drawn["gap"]),
            _estimate_roc_auc(truth),
            _estimate(means["profit"].mean(), drawn["profit"]),
            _compare_shadow(truth),
        )


def _estimate_roc_auc(truth: Truth) -> Estimate:
    """Estimate the ROC AUC with the draws of `evaluation.bootstrap`.

    Pairs of days are counted once, which is faster than ranking the rows of each draw.
    """
    weights, day = day_weights(truth.date, N_BOOTSTRAP, SEED)
    days = range(weights.shape[1])
    positives, negatives = (
        [np.sort(truth.probability[(truth.target == label) & (day == number)]) for number in days]
        for label in (True, False)
    )
    # Twice the pairs of a positive and a negative in the right order, by day of each; equal probabilities count half.
    doubled = np.array(
        [
            [np.searchsorted(n, p, "left").sum() + np.searchsorted(n, p, "right").sum() for n in negatives]
            for p in positives
        ]
    )
    pairs = (weights @ [len(p) for p in positives]) * (weights @ [len(n) for n in negatives])
    with np.errstate(invalid="ignore"):
        drawn = ((weights @ doubled) * weights).sum(axis=1) / (2 * pairs)
    total = int(truth.target.sum()) * int((~truth.target).sum())
    return _estimate(doubled.sum() / (2 * total), drawn)


def _compare_shadow(truth: Truth) -> Estimate | None:
    both = ~np.isnan(truth.shadow_probability)
    if len(np.unique(truth.date[both])) < 2:
        return None
    champion, shadow = (
        log_loss_per_row(truth.target[both], values[both]) for values in (truth.probability, truth.shadow_probability)
    )
    drawn = bootstrap_mean({"difference": champion - shadow}, truth.date[both])
    return _estimate((champion - shadow).mean(), drawn["difference"])


def complete_months(date: datetime.date) -> list[str]:
    """List the last two months whose outcomes are known before a date."""
    last = date - (LABEL_DAYS - 1) * DAY
    months = months_between(f"{last - 100 * DAY:%Y-%m}", f"{last:%Y-%m}")
    return months[-MONTHS - 1 : -1]


def _estimate(value: float, draws: Draws) -> Estimate:
    return Estimate(float(value), *interval(draws))
