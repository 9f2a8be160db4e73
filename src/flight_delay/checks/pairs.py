"""Check pairs of columns: duplicates and strong associations."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from flight_delay.checks.findings import Finding
from flight_delay.checks.table import EncodedColumn

CORRELATED = 0.95  # one column explains nine tenths of the variance of the other (0.95 squared)
MAX_LABELS = 200  # per column; larger contingency tables are slow and mostly empty
MIN_ROWS = 30  # rows with both values
SCREENING_MARGIN = 0.1


def check_pairs(columns: Iterable[EncodedColumn]) -> Iterator[Finding]:
    """Check columns for duplicates, then the others for strong associations."""
    varied = sorted(
        (column for column in columns if np.count_nonzero(column.counts) > 1), key=lambda column: column.name
    )
    redundant: set[str] = set()
    for group in _duplicates(varied):
        names = tuple(column.name for column in group)
        redundant.update(names[1:])
        what = "the same labels up to their names" if group[0].kind == "categorical" else "the same value"
        yield Finding("duplicated", names, 1.0, f"{', '.join(names)} have {what} in every row.")
    kept = [column for column in varied if column.name not in redundant]
    numbers = [column for column in kept if column.kind == "quantitative"]
    for one, other, coefficient in rank_correlated(numbers, CORRELATED):
        yield _associated(one, other, "Spearman's rank correlation", coefficient)
    for one, other in combinations([column for column in kept if column.kind == "categorical"], 2):
        coefficient = cramers_v(one, other)
        if coefficient >= CORRELATED:
            yield _associated(one, other, "Cramér's V (bias-corrected)", coefficient)


def _associated(one: EncodedColumn, other: EncodedColumn, measure: str, coefficient: float) -> Finding:
    message = f"{one.name} and {other.name} are nearly equivalent: {measure} is {coefficient:.3f}."
    return Finding("correlated", (one.name, other.name), abs(coefficient), message)


def _duplicates(columns: Iterable[EncodedColumn]) -> list[list[EncodedColumn]]:
    """Group equal numbers, and labels (not keys) with the same partition of rows."""
    groups = defaultdict(list)
    for column in columns:
        if column.kind == "categorical" and len(column.values) == len(column.codes):
            continue
        # Codes of labels are in order of appearance, so that they do not depend on the names.
        values = column.values.tobytes() if column.kind == "quantitative" else b""
        groups[column.kind, hashlib.sha256(column.codes.tobytes() + values).digest()].append(column)
    return [group for group in groups.values() if len(group) > 1]


def rank_correlated(
    columns: Sequence[EncodedColumn], threshold: float
) -> Iterator[tuple[EncodedColumn, EncodedColumn, float]]:
    """Find pairs of numbers with a rank correlation of at least `threshold`.

    The correlation is the absolute value of Spearman's coefficient on the rows with both values. Pairs with fewer than
    `MIN_ROWS` such rows are left out.
    """
    table = pd.DataFrame(
        {column.name: np.where(column.codes < len(column.values), column.codes, np.nan) for column in columns}
    )
    # The exact coefficient ranks the rows of each pair, which is slow: it is computed where ranks of columns correlate.
    screened = table.rank().corr(min_periods=MIN_ROWS).abs().to_numpy() >= threshold - SCREENING_MARGIN
    for first, second in np.argwhere(np.triu(screened, 1)):
        coefficient = table.iloc[:, [first, second]].corr(method="spearman").to_numpy()[0, 1]
        if abs(coefficient) >= threshold:
            yield columns[first], columns[second], float(coefficient)


def cramers_v(one: EncodedColumn, other: EncodedColumn) -> float:
    """Compute the association of labels, from 0 to 1, on the rows with both.

    Corrected for bias: Bergsma 2013, https://doi.org/10.1016/j.jkss.2012.10.002. NaN with too many labels, only one,
    or fewer than `MIN_ROWS` rows.
    """
    if max(len(one.values), len(other.values)) > MAX_LABELS:
        return np.nan
    counts = one.count_by(other.codes, len(other.values) + 1)[:-1, :-1]
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total = int(counts.sum())
    if total < MIN_ROWS or min(counts.shape) < 2:
        return np.nan
    rows, columns = counts.shape
    phi_squared = chi2_contingency(counts, correction=False).statistic / total
    corrected = max(0.0, phi_squared - (rows - 1) * (columns - 1) / (total - 1))
    smaller = min(size - (size - 1) ** 2 / (total - 1) for size in (rows, columns))
    return float(np.sqrt(corrected / (smaller - 1))) if smaller > 1 else np.nan
