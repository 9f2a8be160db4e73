"""How outputs of a pipeline differ from those of a commit, in words, and whether it matters: from bytes, whatever made them.

How a kind of file is read and compared stands in the modules beside this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from flight_delay.review.difference.cells import by_value, read_cells
from flight_delay.review.difference.columns import Within
from flight_delay.review.difference.leaves import Follows, compare_leaves, read_leaves
from flight_delay.review.difference.models import compare_models, read_model
from flight_delay.review.difference.pictures import compare_pixels, read_pixels
from flight_delay.review.difference.tables import compare_tables, read_parquet
from flight_delay.review.difference.texts import compare_text, read_text
from flight_delay.review.difference.wording import Said


class Tolerance(NamedTuple):
    """Differences that do not matter."""

    metric: float = (
        0.001  # of metrics and other numbers in JSON: absolute up to one, above it a share of the larger number
    )
    probability: float = 0.001  # of predictions


class Difference(NamedTuple):
    """How a file differs, in one line. `matters` is False only where it was shown to be small, or only written differently."""

    file: str
    says: str
    matters: bool


class _Kind(NamedTuple):
    """How a kind of file is read (a damaged one raises anything) and compared."""

    name: str
    read: Callable[[bytes], Any]
    compare: Callable[[Any, Any, Tolerance, Follows], Said]


_TEXT = _Kind("text", read_text, lambda then, now, *_: compare_text(then, now))
_KINDS = {
    ".json": _Kind(
        "JSON", read_leaves, lambda then, now, within, follows: compare_leaves(then, now, within.metric, follows)
    ),
    ".parquet": _Kind(
        "Parquet", read_parquet, lambda then, now, within, _: compare_tables(then, now, within.probability)
    ),
    ".csv": _Kind(
        "CSV",
        read_cells,
        # Written with six digits, the last of which may change.
        lambda then, now, of, _: compare_tables(
            *by_value(then, now), of.probability, Within(of.metric, max(of.metric, 1e-5))
        ),
    ),
    ".ubj": _Kind("a model of XGBoost", read_model, lambda then, now, *_: compare_models(then, now)),
    ".png": _Kind("PNG", read_pixels, lambda then, now, *_: compare_pixels(then, now)),
}


def differences(then: Mapping[str, bytes], now: Mapping[str, bytes], tolerance: Tolerance) -> list[Difference]:
    """Say how files differ, sorted by path; those whose bytes are the same are left out.

    A file that only one side has matters, and so does one that cannot be read as what its name says. A checksum in a JSON
    file does not, where a file given here had the one then and has the other now.

    Args:
        then: content of the commit's files by path.
        now: content of the files that were made again, by path.
        tolerance: what does not matter.
    """
    both = sorted(path for path in then.keys() & now.keys() if then[path] != now[path])
    follows = {pair: path for path in both for pair in zip(_checksums(then[path]), _checksums(now[path]), strict=True)}
    found = [Difference(path, *_compare(path, then[path], now[path], tolerance, follows)) for path in both]
    found += [Difference(path, "was not made again", matters=True) for path in then.keys() - now.keys()]
    found += [
        Difference(path, "is new: the commit does not have it", matters=True) for path in now.keys() - then.keys()
    ]
    return sorted(found)


def _compare(path: str, then: bytes, now: bytes, tolerance: Tolerance, follows: Follows) -> Said:
    kind = _KINDS.get(PurePosixPath(path).suffix.lower(), _TEXT)
    sides = {}
    for name, content in (("then", then), ("now", now)):
        try:
            sides[name] = kind.read(content)
        except Exception:  # noqa: BLE001, S112 (a damaged file fails in as many ways as there are readers)
            continue
    if len(sides) == 2:
        return kind.compare(sides["then"], sides["now"], tolerance, follows)
    unreadable = " and ".join(name for name in ("then", "now") if name not in sides)
    return Said(f"not readable as {kind.name} {unreadable}; {_compare_bytes(then, now)}", matters=True)


def _compare_bytes(then: bytes, now: bytes) -> str:
    size = min(len(then), len(now))
    before, after = (np.frombuffer(content, np.uint8, count=size) for content in (then, now))
    apart = np.flatnonzero(before != after)
    return (
        f"{len(then):,} -> {len(now):,} bytes, the first that differs at {apart[0] if len(apart) else size:,} (from 0)"
    )


def _checksums(content: bytes) -> tuple[str, ...]:
    return hashlib.sha256(content).hexdigest(), hashlib.md5(content, usedforsecurity=False).hexdigest()
