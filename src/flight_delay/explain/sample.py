"""Choosing the flights that are explained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from flight_delay.features.columns import Column
from flight_delay.model.examples import Outcome


def stratified(outcomes: Mapping[str, Outcome], rows: int, seed: int) -> dict[str, Column]:
    """Choose flights so that every month and both outcomes have the share in the sample that they have in the data.

    Args:
        outcomes: by month, whether its flights were late, each of shape (rows of the month,).
        rows: size of the sample; all flights where there are not more.
        seed: of the choice.

    Returns:
        By month, positions of the chosen flights in ascending order.
    """
    random = np.random.default_rng(seed)
    strata = [(month, np.flatnonzero(late == outcome)) for month, late in outcomes.items() for outcome in (False, True)]
    sizes = np.array([len(stratum) for _, stratum in strata])
    wanted = min(rows, int(sizes.sum()))
    # The largest remainders are rounded up (Hamilton's method), so that the sample has exactly the size asked for.
    exact = wanted * sizes / sizes.sum()
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: wanted - counts.sum()]] += 1
    picks: dict[str, list[Column]] = {month: [] for month in outcomes}
    for (month, stratum), count in zip(strata, counts, strict=True):
        picks[month].append(random.choice(stratum, size=count, replace=False))
    return {month: np.sort(np.concatenate(of)) for month, of in picks.items()}
