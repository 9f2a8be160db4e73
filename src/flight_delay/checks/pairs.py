"""Pitfalls of two columns together: the same twice, or nearly so."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np

from flight_delay.checks.findings import Finding
from flight_delay.checks.table import Coded, Numbers

CORRELATED = 0.95  # nine tenths of the variation of one is that of the other (0.95 squared)
MOST_LABELS = 200  # of a column whose association is computed: larger tables of counts are slow and mostly empty
FEWEST_ROWS = 30  # of which both values are known


def of_pairs(columns: Iterable[Coded]) -> Iterator[Finding]:
    """Look for duplicates among columns of the same rows, then for associations between those that differ. Times of a flight go
    together as a matter of course."""
    varied = [column for column in columns if np.count_nonzero(column.counts) > 1]
    same = _duplicates(varied)
    for group in same:
        labels = group[0].kind == "categorical"
        yield Finding(
            check="duplicated",
            severity="warning",
            columns=tuple(sorted(column.name for column in group)),
            value=1.0,
            says=f"{', '.join(sorted(column.name for column in group))} "
            f"{'say the same in every row, up to the names of labels' if labels else 'have the same value in every row'}.",
            means="They add nothing to one another; used together, importances and explanations are split between them by chance.",
            advice="Keep one of them.",
        )
    left_out = {column.name for group in same for column in sorted(group, key=lambda of: of.name)[1:]}
    for one, other in combinations(sorted(varied, key=lambda of: of.name), 2):
        if one.kind == other.kind and not (one.dates and other.dates) and not {one.name, other.name} & left_out:
            yield from _correlated(one, other)


def _duplicates(columns: Iterable[Coded]) -> list[list[Coded]]:
    """Groups of numbers with the same values, and of labels that divide the rows alike. Keys, which differ in every row, divide
    all rows alike and say nothing about one another."""
    groups = defaultdict(list)
    for column in columns:
        if column.kind == "categorical" and len(column.values) == len(column.codes):
            continue
        # Labels have their codes in order of appearance, whatever their names.
        values = column.values.tobytes() if column.kind == "quantitative" else b""
        groups[column.kind, hashlib.sha256(column.codes.tobytes() + values).digest()].append(column)
    return [group for group in groups.values() if len(group) > 1]


def _correlated(one: Coded, other: Coded) -> Iterator[Finding]:
    quantitative = one.kind == "quantitative"
    found = spearman(one, other) if quantitative else cramers_v(one, other)
    if found is None or abs(found) < CORRELATED:
        return
    measure = "Spearman's rank correlation" if quantitative else "Cramér's V (bias-corrected)"
    yield Finding(
        check="correlated",
        severity="warning",
        columns=(one.name, other.name),
        value=abs(found),
        says=f"{one.name} and {other.name} nearly say the same: {measure} is {found:.3f}.",
        means="Used together, importances and explanations are split between them, and coefficients of linear models become "
        "unstable.",
        advice="Keep the one that is known earlier or easier to explain, or their difference.",
    )


def spearman(one: Coded, other: Coded) -> float | None:
    """Rank correlation on the rows where both numbers are known, ties with their mean rank; None where these are too few
    or one of them does not vary: https://en.wikipedia.org/wiki/Spearman%27s_rank_correlation_coefficient"""
    both = (one.codes < len(one.values)) & (other.codes < len(other.values))
    if both.sum() < FEWEST_ROWS:
        return None
    every = bool(both.all())
    ranks, other_ranks = (_ranks(column.codes if every else column.codes[both]) for column in (one, other))
    return None if ranks is None or other_ranks is None else float(ranks @ other_ranks)


def _ranks(codes: Numbers) -> Numbers | None:
    """Ranks as a vector of length 1 and mean 0; None where all are the same."""
    counts = np.bincount(codes)
    of_code = np.cumsum(counts) - (counts + 1) / 2 - (len(codes) - 1) / 2
    length = np.sqrt((counts * of_code**2).sum())
    return (of_code / length)[codes] if length > 0 else None


def cramers_v(one: Coded, other: Coded) -> float | None:
    """Association of labels, from 0 to 1, on the rows where both are known, corrected for bias: Bergsma 2013,
    https://doi.org/10.1016/j.jkss.2012.10.002. None where one has too many labels or only one, or rows are too few."""
    if max(len(one.values), len(other.values)) > MOST_LABELS:
        return None
    counts = one.by(other.codes, len(other.values) + 1)[:-1, :-1]
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total = int(counts.sum())
    if total < FEWEST_ROWS or min(counts.shape) < 2:
        return None
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    phi_squared = float(((counts - expected) ** 2 / expected).sum() / total)
    rows, columns = counts.shape
    corrected = max(0.0, phi_squared - (rows - 1) * (columns - 1) / (total - 1))
    smaller = min(size - (size - 1) ** 2 / (total - 1) for size in (rows, columns))
    return float(np.sqrt(corrected / (smaller - 1))) if smaller > 1 else None
