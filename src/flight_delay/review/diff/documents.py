"""Differences of JSON documents, texts and plots."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from flight_delay.review.diff.content_difference import ContentDifference, format_change, join_differences, join_paths

VISIBLE = 8  # of 255: larger differences of a colour channel can be seen
VISIBLE_SHARE = 0.01  # of the pixels: fewer visible differences are the edges of letters and lines

_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}  # of Pillow, at most 8 bits a channel
_EMBEDDED_PLOT = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]*)")


def compare_json(
    before: Any, after: Any, tolerance: float, checksums: Collection[tuple[str, str]] = ()
) -> ContentDifference:
    """Compare two documents, and name the largest numeric difference.

    Differences of numbers up to one are absolute, of larger ones relative to the larger one, so that one changed
    decision matters as little in a count or a profit as in a rate.

    Args:
        before: a document.
        after: another.
        tolerance: numeric differences up to this do not matter; all other changes do, except checksums.
        checksums: of files that differ, before and after. They do not matter, since the files are
            compared themselves.
    """
    values, values_after = dict(_flatten(before)), dict(_flatten(after))
    both = [path for path in values if path in values_after and not _is_same(values[path], values_after[path])]
    changed = {path: (values[path], values_after[path]) for path in both}
    distances = {path: _distance(*pair) for path, pair in changed.items() if all(map(_is_number, pair))}
    followed = [path for path, pair in changed.items() if isinstance(pair[0], str) and pair in checksums]
    others = [path for path in changed if path not in {*distances, *followed}]
    differences = []
    if distances:
        largest = max(distances, key=distances.__getitem__)
        within = distances[largest] <= tolerance
        count = (
            f"largest of {len(distances):,} numeric differences" if len(distances) > 1 else "no other number differs"
        )
        limit = f"{'within' if within else 'beyond'} {tolerance:g}"
        summary = f"{_dotted(largest)} {format_change(*changed[largest])}; {count}, {limit}"
        differences.append(ContentDifference(summary, not within))
    if others:
        count = f"; first of {len(others):,} changed values" if len(others) > 1 else ""
        differences.append(
            ContentDifference(f"{_dotted(others[0])} {format_change(*changed[others[0]])}{count}", matters=True)
        )
    for name, paths in (("removed", values.keys() - values_after), ("added", values_after.keys() - values)):
        if paths:
            differences.append(ContentDifference(f"{name}: {join_paths(sorted(map(_dotted, paths)))}", matters=True))
    if followed:
        differences.append(
            ContentDifference(f"checksums of other files: {join_paths([*map(_dotted, followed)])}", matters=False)
        )
    return join_differences(differences, "the same values, written differently")


def compare_text(before: str, after: str) -> ContentDifference:
    """Compare two texts line by line, and plots embedded in them.

    Raises:
        ValueError, OSError: an embedded plot is damaged.
    """
    lines, lines_after = (_EMBEDDED_PLOT.sub("(plot)", text).split("\n") for text in (before, after))
    plots, plots_after = (_EMBEDDED_PLOT.findall(text) for text in (before, after))
    changes = [step for step in SequenceMatcher(None, lines, lines_after).get_opcodes() if step[0] != "equal"]
    differences = []
    if changes:
        _, start, stop, start_after, stop_after = changes[0]
        first = format_change("".join(lines[start:stop][:1]), "".join(lines_after[start_after:stop_after][:1]))
        removed = sum(stop - start for _, start, stop, _, _ in changes)
        added = sum(stop - start for _, _, _, start, stop in changes)
        differences.append(
            ContentDifference(f"line {start + 1:,}: {first}; lines: {removed:,} removed, {added:,} added", matters=True)
        )
    if len(plots) != len(plots_after):
        differences.append(ContentDifference(f"{len(plots)} -> {len(plots_after)} plots", matters=True))
    for number, pair in enumerate(zip(plots, plots_after, strict=False), 1):
        if pair[0] != pair[1]:
            difference = compare_plots(*(base64.b64decode(plot, validate=True) for plot in pair))
            differences.append(ContentDifference(f"plot {number}: {difference.summary}", difference.matters))
    return join_differences(differences, "the same text, written differently")


def compare_plots(before: bytes, after: bytes) -> ContentDifference:
    """Compare two PNG plots by size and share of differing pixels.

    Raises:
        ValueError, OSError: one is damaged, or has more than 8 bits a channel.
    """
    plot, plot_after = (_read_plot(content) for content in (before, after))
    if plot.size != plot_after.size:
        sizes = " -> ".join(f"{width} x {height}" for width, height in (plot.size, plot_after.size))
        return ContentDifference(f"{sizes} pixels", matters=True)
    distance = np.asarray(ImageChops.difference(plot, plot_after)).max(axis=2)
    if not distance.any():
        return ContentDifference("the same pixels, written differently", matters=False)
    visible = float((distance > VISIBLE).mean())
    return ContentDifference(
        f"{float((distance > 0).mean()):.2%} of pixels differ by up to {distance.max()} of 255, {visible:.2%} visibly",
        matters=visible > VISIBLE_SHARE,
    )


def _flatten(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flatten(inner, (*path, key))
    else:
        yield path, value


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)) or "the document"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_same(before: Any, after: Any) -> bool:
    if _is_number(before) and _is_number(after):
        return bool(before == after or (math.isnan(before) and math.isnan(after)))
    return type(before) is type(after) and bool(before == after)  # true is not 1


def _distance(before: float, after: float) -> float:
    distance = abs(before - after) / max(1, abs(before), abs(after))
    return math.inf if math.isnan(distance) else distance


def _read_plot(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=["PNG"]) as plot:
        if plot.mode not in _MODES:
            raise ValueError(f"unsupported mode {plot.mode}")
        return plot.convert("RGBA")
