"""Profile columns: distributions by split, and rates of the target by bin."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from flight_delay.checks.table import SPLITS, EncodedColumn, EncodedTable, Numbers
from flight_delay.features.feature import TARGET, Kind

MOST_BINS = 20  # of a column of numbers
MOST_LABELS = 12
OTHER, MISSING = "other", "missing"
ROUND = (1, 2, 2.5, 3, 4, 5, 6, 8, 10, 20)  # widths of ranges, times a power of ten
QUANTILES = {"min": 0.0, "p05": 0.05, "median": 0.5, "p95": 0.95, "max": 1.0}


@dataclass(frozen=True)
class ColumnProfile:
    """Distribution of a column; shares to six digits, splits with rows only.

    Numbers have up to 20 bins: one per value, or ranges of equal width between the 1st and the 99th percentile of
    training, the first and the last open. `edges` are the lower ends of ranges after the first; values and labels
    with bins of their own have none. Labels have 12 bins, for the most frequent ones in training, and one for the
    others. Missing values have the last bin. Dates and times are ISO dates.

    Attributes:
        rows: number by split.
        missing: share by split.
        distinct: number of values or labels.
        quantiles: quantiles of numbers, in all rows.
        top: share of the most frequent labels in the rows with a label, in descending order.
        bins: names of the bins.
        edges: lower ends of the ranges after the first.
        share: by split, the share of its rows in each bin.
        rate: by split, the share of positive rows in each bin, None without known targets.
        known: by split, the number of known targets in each bin.
    """

    name: str
    kind: Kind
    rows: dict[str, int]
    missing: dict[str, float]
    distinct: int
    quantiles: dict[str, float | str]
    top: dict[str, float]
    bins: tuple[str, ...]
    edges: tuple[float | str, ...]
    share: dict[str, tuple[float, ...]]
    rate: dict[str, tuple[float | None, ...]]
    known: dict[str, tuple[int, ...]]

    def as_json(self) -> dict[str, Any]:
        """Convert to the fields of profile.json."""
        return {TARGET if field == "rate" else field: value for field, value in asdict(self).items()}


def profile(table: EncodedTable) -> list[ColumnProfile]:
    """Profile every column of a table, in order."""
    return [_profile_column(table, column) for column in table.encoded.values()]


def _profile_column(table: EncodedTable, column: EncodedColumn) -> ColumnProfile:
    by_split = table.by_split[column.name]
    rows = by_split.sum(axis=0)
    splits = {name: place for place, name in enumerate(SPLITS) if rows[place]}
    numbers = column.kind == "quantitative"
    groups, bins, edges = (_value_bins if numbers else _frequent_label_bins)(column, table.training_counts(column.name))
    cells = (groups[column.codes] * 4 + table.splits) * 3 + table.classes
    counts = np.bincount(cells, minlength=len(bins) * 12).reshape(-1, 4, 3)
    known = counts[:, :, :2].sum(axis=2)
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        rows={name: int(rows[place]) for name, place in splits.items()},
        missing={name: _round_share(by_split[-1, place] / rows[place]) for name, place in splits.items()},
        distinct=len(column.values),
        quantiles=_quantiles(column) if numbers else {},
        top={} if numbers else _top(column),
        bins=tuple(bins),
        edges=tuple(edges),
        share={
            name: tuple(_round_share(part) for part in counts[:, place].sum(axis=1) / rows[place])
            for name, place in splits.items()
        },
        rate={
            name: tuple(
                _round_share(positive / total) if total else None
                for positive, total in zip(counts[:, place, 1], known[:, place], strict=True)
            )
            for name, place in splits.items()
        },
        known={name: tuple(int(count) for count in known[:, place]) for name, place in splits.items()},
    )


def _quantiles(column: EncodedColumn) -> dict[str, float | str]:
    if not len(column.values):
        return {}
    weights = column.counts[:-1]
    values = np.quantile(column.values, list(QUANTILES.values()), method="inverted_cdf", weights=weights)
    return dict(zip(QUANTILES, _plain(column, values, 9), strict=True))


def _top(column: EncodedColumn) -> dict[str, float]:
    present = column.counts[:-1]
    return {
        str(column.values[place]): _round_share(present[place] / present.sum()) for place in _frequent(column, present)
    }


def _frequent(column: EncodedColumn, counts: Numbers) -> list[int]:
    """Return positions of the most frequent labels, ties in order of names."""
    if not counts.any():
        return []
    least = np.sort(counts)[-MOST_LABELS:][0]
    candidates = np.flatnonzero((counts >= least) & (counts > 0))
    return sorted(map(int, candidates), key=lambda place: (-int(counts[place]), str(column.values[place])))[
        :MOST_LABELS
    ]


def _frequent_label_bins(column: EncodedColumn, training: Numbers) -> tuple[Numbers, list[str], list[float | str]]:
    frequent = _frequent(column, training[:-1])
    groups = np.full(len(column.values) + 1, len(frequent))
    groups[frequent] = np.arange(len(frequent))
    bins = [str(column.values[place]) for place in frequent]
    if len(column.values) > len(frequent):
        bins.append(OTHER)
    groups[-1] = len(bins)
    return groups, bins + [MISSING] * bool(column.counts[-1]), []


def _value_bins(column: EncodedColumn, training: Numbers) -> tuple[Numbers, list[str], list[float | str]]:
    values = column.values
    missing = [MISSING] * bool(column.counts[-1])
    if len(values) <= MOST_BINS:
        return np.arange(len(values) + 1), [column.text(value) for value in values] + missing, []
    # Dates of the other splits are not in training.
    edges = _edges(values, column.counts[:-1] if column.is_date or not training[:-1].any() else training[:-1])
    ends = [column.text(edge) for edge in edges]
    bins = [
        f"< {ends[0]}",
        *(f"{low} – {high}" for low, high in pairwise(ends)),
        f"≥ {ends[-1]}",
    ]
    groups = np.append(np.searchsorted(edges, values, side="right"), len(bins))
    return groups, bins + missing, _plain(column, edges, 15)


def _edges(values: Numbers, weights: Numbers) -> Numbers:
    """Compute round, equally spaced edges from the 1st to the 99th percentile."""
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


def _plain(column: EncodedColumn, values: Numbers, digits: int) -> list[float | str]:
    return [column.text(value) if column.is_date else _significant(value, digits) for value in values]


def _significant(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}") + 0.0


def _round_share(value: float) -> float:
    return round(float(value), 6) + 0.0
