"""Check for drift: distributions that change after training.

Effect sizes instead of p-values: with many rows, every difference is significant."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from flight_delay.checks.findings import Finding
from flight_delay.checks.table import SPLITS, EncodedTable
from flight_delay.drift.psi import LARGE, MODERATE, Counts, fit_bins, population_stability_index


def check_drift(table: EncodedTable, seasonal: Collection[str] = ()) -> Iterator[Finding]:
    """Compare columns in validation and test with training."""
    for name, values in table.columns.items():
        training, *later = (values[table.splits == split] for split in range(3))
        if name in seasonal or not len(training):
            continue
        kind = table.kinds[name]
        labels = tuple(sorted(set(training) - {None})) if kind == "categorical" else ()
        bins = fit_bins(kind, training, labels)
        reference = bins.count(training)
        for split, part in zip(SPLITS[1:], later, strict=True):
            if not len(part):
                continue
            counts = bins.count(part)
            index = population_stability_index(reference, counts)
            if index >= max(MODERATE, _index_by_chance(reference, counts)):
                size = f"large: {LARGE} or more" if index >= LARGE else f"moderate: {MODERATE} to {LARGE}"
                message = (
                    f"{name} drifts from training to {split}: the population stability index is {index:.2f} ({size})."
                )
                yield Finding("drift", (name,), index, message)


def _index_by_chance(training: Counts, later: Counts) -> float:
    """Compute an index that samples of one distribution hardly exceed.

    It is the mean plus five standard deviations of the index, which is distributed as (1 / rows + 1 / rows)
    chi-squared of (bins - 1): Yurdakul and Naranjo 2020, https://doi.org/10.21314/JRMV.2020.227
    """
    freedom = np.count_nonzero(training + later) - 1
    return float((1 / training.sum() + 1 / later.sum()) * (freedom + 5 * np.sqrt(2 * freedom)))
