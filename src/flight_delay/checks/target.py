"""Pitfalls of the target: unknown outcomes, one class hardly there, another share of late flights after training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flight_delay.checks.columns import MISSING_SHARE
from flight_delay.checks.findings import Finding, listed, share
from flight_delay.checks.table import Inspected
from flight_delay.features.feature import TARGET

# Mild, moderate and extreme imbalance of Google's machine learning course begin at 40 %, 20 % and 1 %:
# https://developers.google.com/machine-learning/crash-course/overfitting/imbalanced-datasets
MODERATE_IMBALANCE = 0.20
EXTREME_IMBALANCE = 0.01
SHIFT = 0.2  # Cohen's h of a small effect: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences
FEWEST_ROWS = 100  # of a month: of fewer, a share differs by so much through chance


def of_target(table: Inspected) -> Iterator[Finding]:
    """Look at the target."""
    yield from _unknown(table)
    yield from _imbalance(table)
    yield from _shift(table)


def cohens_h(one: float, other: float) -> float:
    """Distance of two shares, from 0 to pi: https://en.wikipedia.org/wiki/Cohen%27s_h"""
    return float(abs(2 * np.arcsin(np.sqrt(one)) - 2 * np.arcsin(np.sqrt(other))))


def _unknown(table: Inspected) -> Iterator[Finding]:
    unknown = int((table.outcomes == 2).sum())
    if unknown and unknown >= MISSING_SHARE * len(table):
        yield Finding(
            check="missing",
            severity="warning",
            columns=(TARGET,),
            value=unknown / len(table),
            says=f"{TARGET} is unknown in {share(unknown / len(table))} of rows: {unknown:,} flights were cancelled, diverted or "
            "not recorded.",
            means="The model knows only flights that arrived, and these are fewer on the worst days.",
            advice="Read its probabilities as those of flights that take place; predict cancellations separately.",
        )


def _imbalance(table: Inspected) -> Iterator[Finding]:
    on_time, late, _ = np.bincount(table.outcomes, minlength=3)
    known = int(on_time + late)
    if not known:
        return
    part = min(late, on_time) / known
    if part >= MODERATE_IMBALANCE:
        return
    yield Finding(
        check="imbalance",
        severity="error" if part < EXTREME_IMBALANCE else "warning",
        columns=(TARGET,),
        value=1 - part,
        says=f"{share(part)} of {known:,} known outcomes are {'late' if late <= on_time else 'on time'}.",
        means="Accuracy is high for a model that never says so."
        if part
        else "There is one class only, and nothing to tell apart.",
        advice="Judge by average precision and log loss and choose the threshold by cost; do not resample, which spoils "
        "probabilities."
        if part
        else "Widen the months or mend the target.",
    )


def _shift(table: Inspected) -> Iterator[Finding]:
    codes, months = table.months
    cells = (codes * 4 + table.windows) * 3 + table.outcomes
    counts = np.bincount(cells, minlength=len(months) * 12).reshape(-1, 4, 3)[:, :, :2]
    if not counts[:, 0].sum():
        return
    training = counts[:, 0, 1].sum() / counts[:, 0].sum()
    per_month = counts.sum(axis=1)
    shares = {
        place: per_month[place, 1] / per_month[place].sum()
        for place in range(len(months))
        if per_month[place].sum() >= FEWEST_ROWS
    }
    later = counts[:, 1:3].sum(axis=(1, 2)) > 0
    effects = {place: cohens_h(part, training) for place, part in shares.items() if later[place]}
    shifted = [place for place, effect in effects.items() if effect >= SHIFT]
    if not shifted:
        return
    worst = max(effects, key=lambda place: effects[place])
    lowest, highest = (pick(shares, key=lambda place: shares[place]) for pick in (min, max))
    yield Finding(
        check="target_shift",
        severity="warning",
        columns=(TARGET,),
        value=effects[worst],
        says=f"{share(training)} of training flights are late, but {share(shares[worst])} in {months[worst]} (Cohen's h "
        f"{effects[worst]:.2f}; {SHIFT} or more in {listed(months[place] for place in shifted)}). Months run from "
        f"{share(shares[lowest])} in {months[lowest]} to {share(shares[highest])} in {months[highest]}.",
        means="Probabilities learnt in training are too high or too low there, and a fixed threshold calls too many or too few "
        "flights late.",
        advice="Watch calibration by month; give the model lagged delay rates, or recalibrate on recent months.",
    )
