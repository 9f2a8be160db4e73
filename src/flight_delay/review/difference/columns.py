"""How two columns of the same length and type differ, value by value. Rows that belong together stand at the same place."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.review.difference.wording import changed, quoted

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Distance = np.ndarray[tuple[int], np.dtype[np.float64]]


class Within(NamedTuple):
    """How far two floats may be apart and not matter: by so much, or by this share of the larger one."""

    absolute: float
    relative: float


# What another order of a sum changes.
LAST_DIGITS = Within(absolute=1e-6, relative=1e-6)


class Compared(NamedTuple):
    """Where two columns differ, where that matters, and by how much; all of shape (rows,).

    `distance` is None where values are not numbers, and NaN where one of the two is missing.
    """

    name: str
    then: pa.ChunkedArray
    now: pa.ChunkedArray
    differs: Mask
    matters: Mask
    distance: Distance | None

    def distance_at(self, row: int) -> float:
        """Absolute difference in a row; infinite where one of the two is missing."""
        distance = np.nan if self.distance is None else self.distance[row]
        return float("inf") if np.isnan(distance) else float(distance)

    def largest(self) -> int:
        """The first row with the largest difference, which NaN is to numpy, too."""
        distance = np.zeros(len(self.differs)) if self.distance is None else self.distance
        return int(np.argmax(np.where(self.differs, distance, -1.0)))

    def values(self, row: int) -> str:
        """Both values in a row."""
        then, now = (column[row] for column in (self.then, self.now))
        if pa.types.is_string(then.type) and then.is_valid and now.is_valid:
            return changed(then.as_py(), now.as_py())
        return f"{value(self.then, row)} -> {value(self.now, row)}"


def compare_column(name: str, then: pa.ChunkedArray, now: pa.ChunkedArray, within: Within = LAST_DIGITS) -> Compared:
    """Compare by value. NaN is NaN, and nothing is nothing; nothing is not NaN.

    Args:
        name: of the column.
        then: values.
        now: values of the same type, as many.
        within: floats that differ by no more do not matter.
    """
    missing = then.is_null().to_numpy() != now.is_null().to_numpy()
    if not pa.types.is_floating(then.type):
        differs: Mask = missing | _unequal(then, now)
        return Compared(name, then, now, differs, differs, _distance(then, now) if _is_whole(then.type) else None)
    x, y = (column.to_numpy().astype(np.float64) for column in (then, now))
    differs = missing | ~((x == y) | (np.isnan(x) & np.isnan(y)))
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.abs(x - y)
        allowed = np.maximum(within.absolute, within.relative * np.maximum(np.abs(x), np.abs(y)))
        matters = differs & ~(np.isfinite(distance) & (distance <= allowed))
    return Compared(name, then, now, differs, matters, distance)


def value(column: pa.ChunkedArray, row: int) -> str:
    """A value in words: texts in quotes, 'nothing' for one that is missing."""
    scalar = column[row]
    if not scalar.is_valid:
        return "nothing"
    if pa.types.is_floating(scalar.type):
        return str(column.slice(row, 1).to_numpy()[0])  # as many digits as its type has
    try:
        held = scalar.as_py()
    except (ValueError, OverflowError):  # a time that Python does not know
        return quoted(repr(scalar))
    return quoted(held) if isinstance(held, str) else quoted(str(held))[1:-1]


def _unequal(then: pa.ChunkedArray, now: pa.ChunkedArray) -> Any:
    try:
        return pc.fill_null(pc.not_equal(then, now), fill_value=False).to_numpy()
    except pa.ArrowNotImplementedError:  # lists and other nested values
        texts = ([repr(held) for held in column.to_pylist()] for column in (then, now))
        return np.array([before != after for before, after in zip(*texts, strict=True)], dtype=bool)


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind))


def _distance(then: pa.ChunkedArray, now: pa.ChunkedArray) -> Distance:
    x, y = (column.cast(pa.float64(), safe=False).to_numpy() for column in (then, now))
    distance: Distance = np.abs(x - y)
    return distance
