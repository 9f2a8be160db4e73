"""Check for drift: distributions that change after training.

Effect sizes instead of p-values: with many rows, every difference is significant."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from flight_delay.checks.findings import Finding
from flight_delay.checks.labels import RARE_ROWS
from flight_delay.checks.table import SPLITS, EncodedColumn, EncodedTable, Numbers
from flight_delay.drift.psi import DECILES, LARGE, MODERATE, population_stability_index


def check_drift(table: EncodedTable, seasonal: Collection[str] = ()) -> Iterator[Finding]:
    """Compare columns in validation and test with training."""
    for name, column in table.encoded.items():
        counts = table.by_split[name]
        if name in seasonal or not counts[:, 0].any():
            continue
        bins = (_bin_numbers if column.kind == "quantitative" else _bin_labels)(column, counts[:-1, 0])
        training, *later = (np.bincount(bins, weights=counts[:, split]) for split in range(3))
        for split, binned in zip(SPLITS[1:], later, strict=True):
            if not binned.any():
                continue
            index = population_stability_index(training, binned)
            if index >= max(MODERATE, _index_by_chance(training, binned)):
                size = f"large: {LARGE} or more" if index >= LARGE else f"moderate: {MODERATE} to {LARGE}"
                message = (
                    f"{name} drifts from training to {split}: the population stability index is {index:.2f} ({size})."
                )
                yield Finding("drift", (name,), index, message)


def _index_by_chance(training: Numbers, later: Numbers) -> float:
    """Compute an index that samples of one distribution hardly exceed.

    It is the mean plus five standard deviations of the index, which is distributed as (1 / rows + 1 / rows)
    chi-squared of (bins - 1): Yurdakul and Naranjo 2020, https://doi.org/10.21314/JRMV.2020.227
    """
    freedom = np.count_nonzero(training + later) - 1
    return float((1 / training.sum() + 1 / later.sum()) * (freedom + 5 * np.sqrt(2 * freedom)))


def _bin_numbers(column: EncodedColumn, training: Numbers) -> Numbers:
    """Bin values: deciles of the training rows, one for zero, one for missing."""
    is_zero = column.values == 0
    weights = training * ~is_zero
    edges = (
        np.unique(np.quantile(column.values, DECILES, method="inverted_cdf", weights=weights))
        if weights.any()
        else np.empty(0)
    )
    bins = np.where(is_zero, len(edges) + 1, np.searchsorted(edges, column.values))
    return np.append(bins, len(edges) + 2)


def _bin_labels(column: EncodedColumn, training: Numbers) -> Numbers:
    """Bin labels: one bin each, and one each for rare, new and missing ones."""
    labels = len(column.values)
    bins = np.where(training >= RARE_ROWS, np.arange(labels), np.where(training > 0, labels, labels + 1))
    return np.append(bins, labels + 2)
