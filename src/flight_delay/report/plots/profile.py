"""Pictures of columns: how they are distributed in each window, and how many flights are late in each part of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flight_delay.checks.findings import share
from flight_delay.checks.labels import KEY_SHARE
from flight_delay.checks.profile import MISSING, MOST_LABELS, OTHER, ColumnProfile
from flight_delay.checks.table import Numbers
from flight_delay.report.plots.style import BLUE, DOTS_PER_INCH, GREY, LOOK, ORANGE, in_few_colours, png

PANELS = 12  # of a picture
COLUMNS = 3
PANEL_INCHES = (4.3, 3.1)
LEGEND_INCHES = 0.55
MARGIN_INCHES = (0.75, 0.12, 0.38, 0.3)  # left, right, top, bottom of a panel
UPRIGHT_INCHES = 0.5  # more at the bottom for labels that stand upright
GAP_INCHES, PARTS_ABOVE = 0.1, 1.7  # between the axes of a panel; height of the upper one in parts of the lower one's
FEWEST_OUTCOMES = 30  # that a share of late flights is drawn for
MOST_TICKS, MOST_DATES = 6, 3  # of numbers and dates on an axis
LONGEST_LABEL, LONGEST_TITLE = 9, 25
MOST_LETTERS = 44  # that fit beside each other below an axis
GAP = 0.6  # bars, before what is no value of the column

TRAIN = "train"
FILL = "#D5D5D5"
COLOURS = {TRAIN: GREY, "validation": ORANGE, "test": BLUE}
OFFSETS = {TRAIN: -0.22, "validation": 0.0, "test": 0.22}


def draw(profiles: Sequence[ColumnProfile]) -> dict[str, bytes]:
    """Draw all columns, twelve to a picture: 'profile_1', 'profile_2' and so on.

    Above, grey bars are the training window and lines the later ones; below is the share of late flights, where at least 30 outcomes
    are known.
    """
    pages = [profiles[first : first + PANELS] for first in range(0, len(profiles), PANELS)]
    return {f"profile_{number}": _page(page) for number, page in enumerate(pages, 1)}


def _page(profiles: Sequence[ColumnProfile]) -> bytes:
    rows = ceil(len(profiles) / COLUMNS)
    size = (COLUMNS * PANEL_INCHES[0], rows * PANEL_INCHES[1] + LEGEND_INCHES)
    with plt.rc_context({**LOOK, "font.size": 10.5}):
        figure = plt.figure(figsize=size, dpi=DOTS_PER_INCH)
        try:
            _legend(figure)
            for place, profile in enumerate(profiles):
                above = figure.add_axes((0, 0, 1, 1), label=f"{place} above")
                below = figure.add_axes((0, 0, 1, 1), label=f"{place} below", sharex=above)
                above.xaxis.set_visible(False)
                _draw_column(above, below, profile)
                _put(figure, above, below, place)
            return in_few_colours(png(figure))
        finally:
            plt.close(figure)


def _put(figure: Figure, above: Axes, below: Axes, place: int) -> None:
    """Put the two axes of a column in their place, with room for what stands around them. Matplotlib would find the room by drawing
    everything twice, which took longer than the rest of the stage."""
    width, height = figure.get_size_inches()
    row, column = divmod(place, COLUMNS)
    left, right, top, bottom = MARGIN_INCHES
    if any(label.get_rotation() for label in below.get_xticklabels()):
        bottom += UPRIGHT_INCHES
    x, end = column * PANEL_INCHES[0] + left, (column + 1) * PANEL_INCHES[0] - right
    high = height - LEGEND_INCHES - row * PANEL_INCHES[1] - top
    low = height - LEGEND_INCHES - (row + 1) * PANEL_INCHES[1] + bottom
    part = (high - low - GAP_INCHES) / (1 + PARTS_ABOVE)
    for axes, y, of in ((below, low, part), (above, low + part + GAP_INCHES, part * PARTS_ABOVE)):
        axes.set_position((x / width, y / height, (end - x) / width, of / height))


def _legend(figure: Figure) -> None:
    lines = [Line2D([], [], color=COLOURS[window], label=window) for window in ("validation", "test")]
    figure.legend(
        handles=[Patch(color=FILL, label=TRAIN), *lines],
        title="above: share of flights    below: share of them that is late",
        loc="upper center",
        ncols=3,
    )


def _draw_column(above: Axes, below: Axes, profile: ColumnProfile) -> None:
    above.set_title(_words(profile.name), fontsize=11.5 if len(profile.name) <= LONGEST_TITLE else 9.5)
    above.set_title(_missing(profile), loc="right", fontsize=9, fontweight="normal", color=GREY)
    if not profile.distinct or (profile.kind == "categorical" and _is_key(profile)):
        said = f"{profile.distinct:,} labels,\nas good as a key" if profile.distinct else "no value"
        above.text(0.5, 0.5, said, ha="center", va="center", transform=above.transAxes, color=GREY)
        for axes in (above, below):
            axes.grid(visible=False)
            axes.set(xticks=[], yticks=[])
        return
    above.set_ylabel("flights")
    below.set_ylabel("late")
    places = _places(profile)
    for window, shares in profile.share.items():
        late = np.array([np.nan if part is None else part for part in profile.rate[window]])
        late[np.array(profile.known[window]) < FEWEST_OUTCOMES] = np.nan
        _draw_shares(above, profile, places, window, np.array(shares))
        _draw_late(below, profile, places, window, late)
    _limit(above, profile)
    below.set_ylim(0, max(below.get_ylim()[1], 0.01) * 1.05)
    _ticks(below, profile, places)
    for axes in (above, below):
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda part, _: f"{100 * part:.3g}%"))
        axes.grid(visible=False, axis="x")


def _values(profile: ColumnProfile) -> int:
    """Number of bins that are neither of other labels nor of missing values; those come last."""
    return sum(1 for name in profile.bins if name not in _apart(profile))


def _apart(profile: ColumnProfile) -> set[str]:
    return {MISSING} if profile.kind == "quantitative" else {OTHER, MISSING}


def _places(profile: ColumnProfile) -> Numbers:
    places = np.arange(len(profile.bins), dtype=np.float64)
    first = _values(profile)
    places[first:] += GAP * np.arange(1, len(places) - first + 1)
    return places


def _draw_shares(axes: Axes, profile: ColumnProfile, places: Numbers, window: str, shares: Numbers) -> None:
    width = 1.0 if profile.edges else 0.8
    if window == TRAIN:
        axes.bar(places, shares, width=width, color=FILL)
        return
    first = _values(profile) if profile.edges else 0
    if first:
        axes.stairs(shares[:first], np.arange(first + 1) - 0.5, color=COLOURS[window], linewidth=1.5)
    axes.hlines(shares[first:], places[first:] - width / 2, places[first:] + width / 2, color=COLOURS[window])


def _draw_late(axes: Axes, profile: ColumnProfile, places: Numbers, window: str, late: Numbers) -> None:
    ordered = profile.kind == "quantitative"
    first = _values(profile) if ordered else 0
    shift = 0.0 if ordered else OFFSETS[window]
    style: dict[str, Any] = {"color": COLOURS[window], "marker": "o", "markersize": 3.5, "linewidth": 1.2}
    axes.plot(places[:first], late[:first], **style)
    axes.plot(places[first:] + shift, late[first:], linestyle="none", **style)


def _limit(axes: Axes, profile: ColumnProfile) -> None:
    """Cut off bars of other labels and missing values where they would flatten those of the values."""
    first = _values(profile)
    highest = max((max(shares[:first], default=0.0) for shares in profile.share.values()), default=0.0)
    axes.set_ylim(bottom=0)
    for place, position in list(enumerate(_places(profile)))[first:]:
        most = max(shares[place] for shares in profile.share.values())
        if most > 2 * highest > 0:
            axes.set_ylim(top=1.3 * highest)
            axes.text(position, 1.27 * highest, share(most), ha="center", va="top", fontsize=8)


def _ticks(axes: Axes, profile: ColumnProfile, places: Numbers) -> None:
    first = _values(profile)
    apart = list(zip(places[first:], profile.bins[first:], strict=True))
    if profile.edges:
        dates = isinstance(profile.edges[0], str)
        every = ceil(len(profile.edges) / (MOST_DATES if dates else MOST_TICKS))
        ticks = [(place + 0.5, _number(edge)) for place, edge in enumerate(profile.edges)][every // 2 :: every]
        room = (4.5 if dates else 2.2) if apart else 0.0
        ticks = [tick for tick in ticks if tick[0] <= first - room]
    else:
        every = ceil(first / MOST_TICKS) if profile.kind == "quantitative" and first > MOST_LABELS else 1
        ticks = [(float(place), _short(label)) for place, label in enumerate(profile.bins[:first])][::every]
    ticks = [*ticks, *apart]
    crowded = sum(len(label) + 1 for _, label in ticks) > MOST_LETTERS
    axes.set_xticks(
        [place for place, _ in ticks], [label for _, label in ticks], rotation=90 if crowded else 0, fontsize=9
    )
    axes.tick_params(axis="x", length=3 if profile.edges else 0)


def _missing(profile: ColumnProfile) -> str:
    rows = sum(profile.rows.values())
    missing = sum(profile.missing[window] * of for window, of in profile.rows.items()) / max(rows, 1)
    return f"{share(round(missing, 6))} missing" if missing else "none missing"


def _is_key(profile: ColumnProfile) -> bool:
    return profile.distinct > KEY_SHARE * sum(profile.rows.values()) and profile.distinct > len(profile.bins)


def _number(edge: float | str) -> str:
    return edge if isinstance(edge, str) else f"{edge:,.6g}"


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _words(name: str) -> str:
    return name.replace("_", " ")
