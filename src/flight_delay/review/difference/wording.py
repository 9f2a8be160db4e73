"""How a difference is said in one line, whatever kind of file it is in. What is different is found in the modules beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 60  # characters of a text that are shown
NAMED = 5  # things that are named before the rest is counted


class Said(NamedTuple):
    """A difference in one line. `matters` is False only where it was shown to be small, or only written differently."""

    words: str
    matters: bool


def together(parts: Sequence[Said], otherwise: str) -> Said:
    """Join what was found in a file, what matters first; `otherwise` is said where nothing was, and does not matter."""
    if not parts:
        return Said(otherwise, matters=False)
    ordered = sorted(parts, key=lambda said: not said.matters)
    return Said("; ".join(said.words for said in ordered), matters=ordered[0].matters)


def changed(then: str, now: str) -> str:
    """Two texts, quoted, without line breaks and control characters, cut to WIDTH characters around where they part."""
    at = first_difference(then, now)
    return f"{_cut(then, at)} -> {_cut(now, at)}"


def quoted(text: str) -> str:
    """The beginning of a text, as in `changed`."""
    return _cut(text, 0)


def plain(text: str) -> str:
    """A name as it is, or quoted and cut where it is long or could not be printed in a line."""
    return text if text.isprintable() and len(text) <= 2 * WIDTH else quoted(text)


def listed(names: Sequence[str]) -> str:
    """Names with commas; of more than NAMED, the first ones and how many there are besides."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(plain(name) for name in names[:NAMED]) + more


def counted(count: int, thing: str) -> str:
    """A number of things, in the plural where it is not one."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def first_difference(then: str, now: str) -> int:
    """Position, from 0, at which two texts part; the length of the shorter one where it begins the other."""
    return next((at for at, (a, b) in enumerate(zip(then, now, strict=False)) if a != b), min(len(then), len(now)))


def _cut(text: str, at: int) -> str:
    start = max(0, min(at - WIDTH // 2, len(text) - WIDTH))
    end = start + WIDTH
    return f"{'…' if start else ''}{text[start:end]!r}{'…' if end < len(text) else ''}"
