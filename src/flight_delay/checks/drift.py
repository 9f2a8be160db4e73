"""Drift: features that are distributed otherwise after training. Sizes of effects, no p-values: with so many rows every
difference is significant."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from flight_delay.checks.findings import Finding
from flight_delay.checks.labels import RARE_ROWS
from flight_delay.checks.table import WINDOWS, Coded, Inspected, Numbers

MODERATE, LARGE = 0.10, 0.25  # population stability index: Siddiqi 2006, Credit Risk Scorecards
PSEUDO_ROWS = 0.5  # added to every bin, so that an empty one has a logarithm
DECILES = np.arange(1, 10) / 10


def of_drift(table: Inspected, but: Collection[str] = ()) -> Iterator[Finding]:
    """Compare every column, but some, in the validation and test window with the training window."""
    for column in (of for name, of in table.coded.items() if name not in but):
        counts = table.by_window[column.name]
        if not counts[:, 0].any():
            continue
        bins = (_number_bins if column.kind == "quantitative" else _label_bins)(column, counts[:-1, 0])
        binned = np.stack([np.bincount(bins, weights=counts[:, window]) for window in range(3)])
        for window in (1, 2):
            if binned[window].any():
                yield from _drifted(column.name, WINDOWS[window], binned[0], binned[window])


def population_stability_index(one: Numbers, other: Numbers) -> float:
    """Divergence of two distributions from their counts by bin, 0 where they are the same; the same both ways round.

    The sum over bins of (p - q) ln(p / q), where a share is (count + 0.5) / (rows + 0.5 bins); bins that are empty on
    both sides do not count.
    """
    filled = (one + other) > 0
    shares = [(of[filled] + PSEUDO_ROWS) / (of.sum() + PSEUDO_ROWS * filled.sum()) for of in (one, other)]
    return float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())


def _drifted(name: str, window: str, training: Numbers, later: Numbers) -> Iterator[Finding]:
    index = population_stability_index(training, later)
    if index < max(MODERATE, _by_chance(training, later)):
        return
    large = index >= LARGE
    yield Finding(
        check="drift",
        severity="warning",
        columns=(name,),
        value=index,
        says=f"{name} is distributed otherwise in {window} than in training: the population stability index is {index:.2f} "
        f"({f'large: {LARGE} or more' if large else f'moderate: {MODERATE} to {LARGE}'}).",
        means=f"The model is {'mostly ' if large else ''}asked about flights that it has seen little of.",
        advice="Look where in the profile; train on months like these, or replace the column by one that does not drift.",
    )


def _by_chance(training: Numbers, later: Numbers) -> float:
    """An index that samples of one distribution hardly exceed: five standard deviations above its mean. It is distributed as
    (1 / rows + 1 / rows) chi-squared of (bins - 1): Yurdakul and Naranjo 2020, https://doi.org/10.21314/JRMV.2020.227"""
    freedom = np.count_nonzero(training + later) - 1
    return float((1 / training.sum() + 1 / later.sum()) * (freedom + 5 * np.sqrt(2 * freedom)))


def _number_bins(column: Coded, training: Numbers) -> Numbers:
    """Bins by position of value: tenths of the training rows, then one for zero, one for missing."""
    zero = column.values == 0
    weights = training * ~zero
    edges = (
        np.unique(np.quantile(column.values, DECILES, method="inverted_cdf", weights=weights))
        if weights.any()
        else np.empty(0)
    )
    bins = np.where(zero, len(edges) + 1, np.searchsorted(edges, column.values))
    return np.append(bins, len(edges) + 2)


def _label_bins(column: Coded, training: Numbers) -> Numbers:
    """Bins by position of label: its own, but one for all that are rare in training, one for new ones, one for missing."""
    labels = len(column.values)
    bins = np.where(training >= RARE_ROWS, np.arange(labels), np.where(training > 0, labels, labels + 1))
    return np.append(bins, labels + 2)
