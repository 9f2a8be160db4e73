"""The timetable of whole dates, prepared to count flights."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from math import isnan
from typing import Any, NamedTuple

import numpy as np

from flight_delay.features.columns import Column, Columns


class Shared(NamedTuple):
    """Values that counted flights share with a flight, each of shape (rows,).

    With `before`, float64 of shape (rows,), only flights with a lower value are counted.
    """

    values: tuple[Column, ...]
    before: Column | None = None


class Timetable:
    """All scheduled flights of some dates.

    The own flight is counted once, also if the timetable has it at another time or not at all.
    """

    def __init__(self, ids: Column, shared: Mapping[str, Shared]) -> None:
        """Index the flights.

        Args:
            ids: of the flights, shape (flights,).
            shared: by feature, what the flights have in common with others.
        """
        self._position = {row_id: position for position, row_id in enumerate(ids.tolist())}
        self._counts = {name: _Counts(values) for name, values in shared.items()}

    def count(self, ids: Column, shared: Mapping[str, Shared]) -> Columns:
        """Count the flights of the timetable that share something with each flight.

        Args:
            ids: of any flights, shape (rows,).
            shared: by feature, what these have in common with others.

        Returns:
            By name, float64 of shape (rows,), the flight itself included unless the feature has `before`; NaN for a
            flight whose place in the order is not known.
        """
        positions = [self._position.get(row_id) for row_id in ids.tolist()]
        return {name: np.array(self._counts[name].count(values, positions), float) for name, values in shared.items()}


class _Counts:
    """Number of flights by key, or their sorted values of `before`."""

    def __init__(self, shared: Shared) -> None:
        self._keys, self._order = _keys(shared), _order(shared)
        self._sizes = Counter(self._keys)
        self._sorted: defaultdict[Hashable, list[float]] = defaultdict(list)
        for key, value in zip(self._keys, self._order, strict=False):
            if not isnan(value):
                self._sorted[key].append(value)
        for values in self._sorted.values():
            values.sort()

    def count(self, shared: Shared, positions: list[int | None]) -> list[float]:
        keys = _keys(shared)
        if shared.before is None:
            sizes, own = self._sizes, self._keys
            return [
                sizes.get(key, 0) + (position is None or own[position] != key)
                for key, position in zip(keys, positions, strict=True)
            ]
        return [self._count_before(*row) for row in zip(keys, _order(shared), positions, strict=True)]

    def _count_before(self, key: tuple[Any, ...], value: float, position: int | None) -> float:
        if isnan(value) or None in key:
            return np.nan
        is_own = position is not None and self._keys[position] == key and self._order[position] < value
        return bisect_left(self._sorted.get(key, ()), value) - is_own


def _keys(shared: Shared) -> list[tuple[Any, ...]]:
    """Return the shared values of each row as Python objects that can be keys."""
    return list(zip(*map(_as_keys, shared.values), strict=True))


def _order(shared: Shared) -> list[float]:
    return [] if shared.before is None else shared.before.tolist()


def _as_keys(column: Column) -> list[Any]:
    if column.dtype.kind == "M":
        return column.astype(np.int64).tolist()
    if column.dtype.kind == "f":  # NaN differs from itself
        return [None if isnan(value) else value for value in column.tolist()]
    return column.tolist()
