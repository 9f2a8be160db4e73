"""The difference between two versions of a file in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

WIDTH = 60  # characters shown of a text
MAX_NAMES = 5  # names or differences listed before the rest is counted


class ContentDifference(NamedTuple):
    """A difference; `matters` is False within a tolerance or in encoding alone."""

    summary: str
    matters: bool


def join_differences(differences: Sequence[ContentDifference], default: str) -> ContentDifference:
    """Join differences, those that matter first; `default` if there are none."""
    if not differences:
        return ContentDifference(default, matters=False)
    ordered = sorted(differences, key=lambda difference: not difference.matters)
    shown = [difference.summary for difference in ordered[:MAX_NAMES]]
    more = [f"{len(ordered) - MAX_NAMES:,} more differences"] if len(ordered) > MAX_NAMES else []
    return ContentDifference("; ".join([*shown, *more]), ordered[0].matters)


def format_change(before: Any, after: Any) -> str:
    """Format two values; of long texts, WIDTH characters around the change."""
    start = 0
    if isinstance(before, str) and isinstance(after, str):
        differs = (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
        start = max(0, next(differs, min(len(before), len(after))) - WIDTH // 2)
    return f"{_format(before, start)} -> {_format(after, start)}"


def join_paths(names: Sequence[str]) -> str:
    """Join the first MAX_NAMES names, and count the others."""
    more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def _format(value: Any, start: int) -> str:
    if not isinstance(value, str):
        return f"{value:.10g}" if isinstance(value, float) else str(value)[:WIDTH]
    end = start + WIDTH
    return f"{'…' if start else ''}{value[start:end]!r}{'…' if end < len(value) else ''}"
