"""How two texts differ, line by line. Pictures that stand in a page are compared as pictures."""

from __future__ import annotations

import base64
import re
from collections import Counter
from itertools import zip_longest
from typing import NamedTuple

from flight_delay.review.difference.pictures import compare_pixels, read_pixels
from flight_delay.review.difference.wording import Said, changed, counted, quoted, together

_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]*)")
_INSTEAD = "(a picture)"


class Text(NamedTuple):
    """A text without its pictures, and these: the line, from 1, and the base64 of each."""

    lines: list[str]
    pictures: list[tuple[int, str]]


def read_text(content: bytes) -> Text:
    """Take a text apart.

    Raises:
        ValueError: it is not UTF-8, or holds a NUL, which no text does.
    """
    text = content.decode("utf-8")
    if "\0" in text:
        raise ValueError("holds a NUL")
    lines = text.split("\n")
    pictures = [(number, found[1]) for number, line in enumerate(lines, 1) for found in _PICTURE.finditer(line)]
    return Text([_PICTURE.sub(_INSTEAD, line) for line in lines], pictures)


def compare_text(then: Text, now: Text) -> Said:
    """Say the first line that differs and how many do. Words that differ matter; pictures as `compare_pixels` says."""
    parts = []
    for number, (before, after) in enumerate(zip_longest(then.lines, now.lines), 1):
        if before != after:
            gone, new = Counter(then.lines) - Counter(now.lines), Counter(now.lines) - Counter(then.lines)
            words = (
                f"line {number} is {'gone' if after is None else 'new'}: {quoted(before or after or '')}"
                if before is None or after is None
                else f"line {number}: {changed(before, after)}"
            )
            parts.append(Said(f"{words}; {counted(gone.total(), 'line')} gone, {new.total():,} new", matters=True))
            break
    pairs = list(zip(then.pictures, now.pictures, strict=False))
    if len(then.pictures) != len(now.pictures):
        parts.append(Said(f"{len(then.pictures)} -> {counted(len(now.pictures), 'picture')}", matters=True))
    compared = [(line, _compare_pictures(a, b)) for (line, a), (_, b) in pairs if a != b]
    if compared:
        line, said = next((pair for pair in compared if pair[1].matters), compared[0])
        words = f"{len(compared)} of {counted(len(pairs), 'picture')} {'differs' if len(compared) == 1 else 'differ'}"
        parts.append(Said(f"{words}, one in line {line}: {said.words}", said.matters))
    return together(parts, otherwise="the same text, written differently")


def _compare_pictures(then: str, now: str) -> Said:
    try:
        return compare_pixels(*(read_pixels(base64.b64decode(of, validate=True)) for of in (then, now)))
    except Exception:  # noqa: BLE001 (a damaged picture fails in as many ways as there are decoders)
        return Said("not readable as a picture", matters=True)
