"""Profiles of columns: how they are distributed in each window, and how many flights are late in each part of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from flight_delay.checks.table import WINDOWS, Coded, Inspected, Numbers
from flight_delay.features.feature import Kind

MOST_BINS = 20  # of numbers
MOST_LABELS = 12
OTHER, MISSING = "other", "missing"
ROUND = (1, 2, 2.5, 3, 4, 5, 6, 8, 10, 20)  # widths of ranges, times a power of ten
QUANTILES = {"min": 0.0, "p05": 0.05, "median": 0.5, "p95": 0.95, "max": 1.0}


@dataclass(frozen=True)
class ColumnProfile:
    """A column in words and numbers; shares to six digits. What is by window leaves out windows without rows.

    Numbers have up to 20 bins: each value its own, or ranges of one width between the 1st and the 99th percentile of training, the
    first and the last open. `edges` are the inner ends of ranges, from where on a number is in the next bin; there are none where values
    or labels have bins of their own. Labels have 12 bins, those that are most frequent in training, and one for the others. Missing
    values have the last bin, where there are any. Dates and times are ISO dates.
    """

    name: str
    kind: Kind
    rows: dict[str, int]  # by window
    missing: dict[str, float]  # share by window
    distinct: int  # values or labels
    quantiles: dict[str, float | str]  # of numbers, in all rows
    top: dict[str, float]  # share by label of the rows where there is one, the most frequent first
    bins: tuple[str, ...]
    edges: tuple[float | str, ...]
    share: dict[str, tuple[float, ...]]  # by window: of its rows in each bin
    late: dict[str, tuple[float | None, ...]]  # by window: share of late flights in each bin, None without outcomes
    known: dict[str, tuple[int, ...]]  # by window: outcomes that this is a share of

    def as_json(self) -> dict[str, Any]:
        """The profile as JSON has it."""
        return asdict(self)


def profile(table: Inspected) -> list[ColumnProfile]:
    """Profile every column of a table, in its order."""
    return [_of_column(table, column) for column in table.coded.values()]


def _of_column(table: Inspected, column: Coded) -> ColumnProfile:
    by_window = table.by_window[column.name]
    rows = by_window.sum(axis=0)
    windows = {name: place for place, name in enumerate(WINDOWS) if rows[place]}
    numbers = column.kind == "quantitative"
    groups, bins, edges = (_number_bins if numbers else _label_bins)(column, table.learnt_from(column.name))
    cells = (groups[column.codes] * 4 + table.windows) * 3 + table.outcomes
    counts = np.bincount(cells, minlength=len(bins) * 12).reshape(-1, 4, 3)
    known = counts[:, :, :2].sum(axis=2)
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        rows={name: int(rows[place]) for name, place in windows.items()},
        missing={name: _rounded(by_window[-1, place] / rows[place]) for name, place in windows.items()},
        distinct=len(column.values),
        quantiles=_quantiles(column) if numbers else {},
        top={} if numbers else _top(column),
        bins=tuple(bins),
        edges=tuple(edges),
        share={
            name: tuple(_rounded(part) for part in counts[:, place].sum(axis=1) / rows[place])
            for name, place in windows.items()
        },
        late={
            name: tuple(
                _rounded(late / outcomes) if outcomes else None
                for late, outcomes in zip(counts[:, place, 1], known[:, place], strict=True)
            )
            for name, place in windows.items()
        },
        known={name: tuple(int(count) for count in known[:, place]) for name, place in windows.items()},
    )


def _quantiles(column: Coded) -> dict[str, float | str]:
    if not len(column.values):
        return {}
    weights = column.counts[:-1]
    found = np.quantile(column.values, list(QUANTILES.values()), method="inverted_cdf", weights=weights)
    return dict(zip(QUANTILES, _plain(column, found, 9), strict=True))


def _top(column: Coded) -> dict[str, float]:
    present = column.counts[:-1]
    return {str(column.values[place]): _rounded(present[place] / present.sum()) for place in _frequent(column, present)}


def _frequent(column: Coded, counts: Numbers) -> list[int]:
    """Positions of the most frequent labels, by name where they are as frequent."""
    if not counts.any():
        return []
    least = np.sort(counts)[-MOST_LABELS:][0]
    candidates = np.flatnonzero((counts >= least) & (counts > 0))
    return sorted(map(int, candidates), key=lambda place: (-int(counts[place]), str(column.values[place])))[
        :MOST_LABELS
    ]


def _label_bins(column: Coded, learnt: Numbers) -> tuple[Numbers, list[str], list[float | str]]:
    frequent = _frequent(column, learnt[:-1])
    groups = np.full(len(column.values) + 1, len(frequent))
    groups[frequent] = np.arange(len(frequent))
    bins = [str(column.values[place]) for place in frequent]
    if len(column.values) > len(frequent):
        bins.append(OTHER)
    groups[-1] = len(bins)
    return groups, bins + [MISSING] * bool(column.counts[-1]), []


def _number_bins(column: Coded, learnt: Numbers) -> tuple[Numbers, list[str], list[float | str]]:
    values = column.values
    missing = [MISSING] * bool(column.counts[-1])
    if len(values) <= MOST_BINS:
        return np.arange(len(values) + 1), [column.text(value) for value in values] + missing, []
    # Training has hardly a date of the other windows.
    edges = _edges(values, column.counts[:-1] if column.dates or not learnt[:-1].any() else learnt[:-1])
    ends = [column.text(edge) for edge in edges]
    bins = [
        f"< {ends[0]}",
        *(f"{low} – {high}" for low, high in pairwise(ends)),
        f"≥ {ends[-1]}",
    ]
    groups = np.append(np.searchsorted(edges, values, side="right"), len(bins))
    return groups, bins + missing, _plain(column, edges, 15)


def _edges(values: Numbers, weights: Numbers) -> Numbers:
    """Round numbers at equal distances, from the 1st to the 99th percentile, with values on both sides of each."""
    low, high = np.quantile(values, [0.01, 0.99], method="inverted_cdf", weights=weights)
    if low == high:
        low, high = values[0], values[-1]
    whole = bool((values == np.floor(values)).all())
    narrowest = (high - low) / (MOST_BINS - 2)
    power = 10.0 ** np.floor(np.log10(narrowest))
    for step in (power * factor for factor in ROUND):
        first, last = np.floor(low / step), np.ceil(high / step)
        if step >= narrowest and last - first <= MOST_BINS - 2 and not (whole and step % 1):
            break
    edges: Numbers = np.unique(
        [_significant(place * step, 15) for place in np.arange(first, last + 1)]
    )  # 0.3, not 3 * 0.1
    between: Numbers = edges[(edges > values[0]) & (edges <= values[-1])]
    return between


def _plain(column: Coded, values: Numbers, digits: int) -> list[float | str]:
    return [column.text(value) if column.dates else _significant(value, digits) for value in values]


def _significant(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}") + 0.0


def _rounded(value: float) -> float:
    return round(float(value), 6) + 0.0
