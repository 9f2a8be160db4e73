"""Sample rows for explanations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome


def stratified_sample(outcomes: Mapping[str, Outcome], rows: int, seed: int) -> dict[str, Column]:
    """Sample rows, stratified by month and outcome.

    Args:
        outcomes: by month, of shape (rows of the month,).
        rows: size of the sample; all rows where there are fewer.
        seed: of the sample.

    Returns:
        By month, positions of the sampled rows in ascending order.
    """
    random = np.random.default_rng(seed)
    strata = [(month, np.flatnonzero(late == outcome)) for month, late in outcomes.items() for outcome in (False, True)]
    sizes = np.array([len(stratum) for _, stratum in strata])
    size = min(rows, int(sizes.sum()))
    # The largest remainders are rounded up (Hamilton's method), so that the sample has exactly this size.
    exact = size * sizes / sizes.sum()
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: size - counts.sum()]] += 1
    picks: dict[str, list[Column]] = {month: [] for month in outcomes}
    for (month, stratum), count in zip(strata, counts, strict=True):
        picks[month].append(random.choice(stratum, size=count, replace=False))
    return {month: np.sort(np.concatenate(positions)) for month, positions in picks.items()}
