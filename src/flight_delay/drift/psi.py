"""Population stability index of columns, in bins that are stored.

Counts in fixed bins are additive: those of a week are the sums of those of its days."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from flight_delay.core.params import Parameters
from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Kind
from flight_delay.model.encode import is_missing

Counts = np.ndarray[Any, np.dtype[Any]]

MODERATE, LARGE = 0.1, 0.25  # values of the index: Siddiqi 2006, Credit Risk Scorecards
PSEUDO_ROWS = 0.5  # added to every bin, so that the logarithm of an empty one is finite
DECILES = np.arange(1, 10) / 10
RARE_ROWS = 30  # categories with fewer rows share a bin


class Bins(Parameters):
    """Bins of a column; missing values are in the last one.

    A number is in the interval that ends with the first of `edges` that it does not exceed, or is above all edges; zero
    has the bin after these. A category of `frequent` has a bin of its own; one bin each for `rare` and for all others,
    which are unknown, follow.
    """

    kind: Kind
    edges: tuple[float, ...] = ()
    frequent: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of bins."""
        return len(self.edges) + 3 if self.kind == "quantitative" else len(self.frequent) + 3

    @cached_property
    def _bin_of_category(self) -> dict[str, int]:
        rare = dict.fromkeys(self.rare, len(self.frequent))
        return rare | {category: place for place, category in enumerate(self.frequent)}

    def count(self, values: Column) -> Counts:
        """Count values by bin, shape (size,)."""
        missing = is_missing(values)
        present, last_but_one = values[~missing], self.size - 2
        if self.kind == "quantitative":
            places = np.where(present == 0, last_but_one, np.searchsorted(self.edges, present))
        else:
            bin_of = self._bin_of_category
            places = np.array([bin_of.get(value, last_but_one) for value in present.tolist()], np.int64)
        counts = np.bincount(places, minlength=self.size)
        counts[-1] = np.count_nonzero(missing)
        return counts


def fit_bins(kind: Kind, values: Column, categories: tuple[str, ...] = ()) -> Bins:
    """Fit the bins of a column: deciles of numbers, or frequent categories.

    Args:
        kind: of the column.
        values: of shape (rows,).
        categories: that are known; all others are unknown.
    """
    present = values[~is_missing(values)]
    if kind == "categorical":
        rows = dict(zip(*np.unique(present.astype(str), return_counts=True), strict=True))
        frequent = tuple(category for category in categories if rows.get(category, 0) >= RARE_ROWS)
        return Bins(kind=kind, frequent=frequent, rare=tuple(c for c in categories if c not in set(frequent)))
    others = present[np.isfinite(present) & (present != 0)]
    edges = np.unique(np.quantile(others, DECILES, method="inverted_cdf")) if len(others) else others
    return Bins(kind=kind, edges=tuple(edges.tolist()))


def count_bins(columns: Columns, bins: Mapping[str, Bins]) -> dict[str, Counts]:
    """Count the values of every binned column; other columns are ignored."""
    return {name: column_bins.count(columns[name]) for name, column_bins in bins.items()}


def population_stability_index(reference_counts: Counts, current_counts: Counts) -> float:
    """Compute the symmetric divergence of two distributions from counts by bin.

    It is the sum over bins of (p - q) ln(p / q), where a share is (count + 0.5) / (rows + 0.5 bins). Bins that are
    empty on both sides are left out.
    """
    filled = (reference_counts + current_counts) > 0
    p, q = (
        (side[filled] + PSEUDO_ROWS) / (side.sum() + PSEUDO_ROWS * filled.sum())
        for side in (reference_counts, current_counts)
    )
    return float(((p - q) * np.log(p / q)).sum())
