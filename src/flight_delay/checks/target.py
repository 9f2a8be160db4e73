"""Check the target: imbalance, and a base rate that shifts after training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.findings import Finding, join_names, share
from flight_delay.checks.table import EncodedTable
from flight_delay.features.feature import CLASS_NAMES, TARGET
from flight_delay.model.encode import cohens_h

# https://developers.google.com/machine-learning/crash-course/overfitting/imbalanced-datasets: extreme below 1 %.
EXTREME_IMBALANCE = 0.01
SHIFT = 0.2  # Cohen's h of a small effect: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences
MIN_ROWS = 100  # per month; shares of fewer rows vary by as much through chance


def check_target(table: EncodedTable) -> Iterator[Finding]:
    """Check the target."""
    yield from _check_imbalance(table)
    yield from _check_shift(table)


def _check_imbalance(table: EncodedTable) -> Iterator[Finding]:
    counts = np.bincount(table.classes, minlength=3)[:2]
    rare = int(np.argmin(counts))
    if counts.any() and (part := counts[rare] / counts.sum()) < EXTREME_IMBALANCE:
        message = f"{TARGET}: {share(part)} of {counts.sum():,} known rows are {CLASS_NAMES[rare]}."
        yield Finding("imbalance", (TARGET,), 1 - part, message, severity="error")


def _check_shift(table: EncodedTable) -> Iterator[Finding]:
    codes, months = table.months
    cells = (codes * 4 + table.splits) * 3 + table.classes
    counts = np.bincount(cells, minlength=len(months) * 12).reshape(-1, 4, 3)[:, :, :2]
    if not counts[:, 0].sum():
        return
    training = counts[:, 0, 1].sum() / counts[:, 0].sum()
    known, after_training = counts.sum(axis=(1, 2)), counts[:, 1:3].sum(axis=(1, 2)) > 0
    rates = {
        month: counts[place, :, 1].sum() / known[place]
        for place, month in enumerate(months)
        if known[place] >= MIN_ROWS and after_training[place]
    }
    effects = {month: cohens_h(rate, training) for month, rate in rates.items()}
    shifted = [month for month, effect in effects.items() if effect >= SHIFT]
    if shifted:
        worst = max(effects, key=lambda month: effects[month])
        message = (
            f"{TARGET}: the rate is {share(training)} in training, but {share(rates[worst])} in {worst} (Cohen's h "
            f"{effects[worst]:.2f}; {SHIFT} or more in {join_names(shifted)})."
        )
        yield Finding("target_shift", (TARGET,), effects[worst], message)
