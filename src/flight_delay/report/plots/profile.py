"""Plots of the stage check_data: distribution and late rate of columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flight_delay.checks.findings import share
from flight_delay.checks.labels import KEY_SHARE
from flight_delay.checks.profile import MISSING, MOST_LABELS, OTHER, ColumnProfile
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, GREY, LIGHT_GREY, ORANGE, new_figure, plot_of

PANELS = 12  # of a plot
COLUMNS = 3
PANEL_INCHES = (4.3, 3.1)
HEADER_INCHES = 0.6
MARGIN_INCHES = (0.75, 0.12, 0.38, 0.3)  # left, right, top, bottom of a panel
ROTATED_INCHES = 0.5  # more at the bottom for rotated labels
GAP_INCHES, RATIO = 0.1, 1.7  # gap between the axes of a panel; height of the upper axes over that of the lower
MIN_OUTCOMES = 30  # that a late rate is drawn for
MAX_TICKS, MAX_DATE_TICKS = 6, 3
MAX_LABEL, MAX_TITLE, MAX_LETTERS = 9, 25, 44  # letters of a tick, of a title, of all ticks of an axis
SPECIAL_GAP = 0.6  # bars, before the bins of other labels and missing values

TRAIN = "train"
COLOURS = {TRAIN: GREY, "validation": ORANGE, "test": BLUE}
OFFSETS = {TRAIN: -0.22, "validation": 0.0, "test": 0.22}


def draw_profiles(profiles: Sequence[ColumnProfile]) -> list[Plot]:
    """Draw all columns, twelve to a plot.

    In the upper axes, grey bars are the training split and lines the later splits; the lower axes show the late rate
    of bins with at least 30 outcomes.
    """
    pages = [profiles[first : first + PANELS] for first in range(0, len(profiles), PANELS)]
    return [_draw_page(page, number) for number, page in enumerate(pages, 1)]


def _draw_page(profiles: Sequence[ColumnProfile], number: int) -> Plot:
    size = COLUMNS * PANEL_INCHES[0], ceil(len(profiles) / COLUMNS) * PANEL_INCHES[1] + HEADER_INCHES
    title = f"Columns {profiles[0].name} to {profiles[-1].name}"
    with new_figure(title, size=size, layout=None) as (figure, placeholder):
        placeholder.remove()
        lines = [Line2D([], [], color=COLOURS[split], label=split) for split in ("validation", "test")]
        figure.legend(
            handles=[Patch(color=LIGHT_GREY, label=TRAIN), *lines],
            title="above: share of flights    below: late rate",
            loc="upper right",
            ncols=3,
        )
        for place, profile in enumerate(profiles):
            above = figure.add_axes((0, 0, 1, 1), label=f"{place} above")
            below = figure.add_axes((0, 0, 1, 1), label=f"{place} below", sharex=above)
            above.xaxis.set_visible(False)
            _draw_column(above, below, profile)
            _set_position(figure, above, below, place)
        text = "Distribution and late rate by split of " + ", ".join(profile.name for profile in profiles)
        return plot_of(figure, f"profile_{number}", "data", text, few_colours=True)


def _set_position(figure: Figure, above: Axes, below: Axes, place: int) -> None:
    """Set the place of a panel.

    To find it, Matplotlib's layout engines draw everything twice.
    """
    width, height = figure.get_size_inches()
    row, column = divmod(place, COLUMNS)
    left, right, top, bottom = MARGIN_INCHES
    bottom += ROTATED_INCHES * any(label.get_rotation() for label in below.get_xticklabels())
    x, end = column * PANEL_INCHES[0] + left, (column + 1) * PANEL_INCHES[0] - right
    high = height - HEADER_INCHES - row * PANEL_INCHES[1] - top
    low = height - HEADER_INCHES - (row + 1) * PANEL_INCHES[1] + bottom
    part = (high - low - GAP_INCHES) / (1 + RATIO)
    for axes, y, size in ((below, low, part), (above, low + part + GAP_INCHES, part * RATIO)):
        axes.set_position((x / width, y / height, (end - x) / width, size / height))


def _draw_column(above: Axes, below: Axes, profile: ColumnProfile) -> None:
    name = profile.name.replace("_", " ")
    above.set_title(name, fontsize=11.5 if len(name) <= MAX_TITLE else 9.5)
    above.set_title(_missing_share(profile), loc="right", fontsize=9, fontweight="normal", color=GREY)
    if not profile.distinct or (profile.kind == "categorical" and _is_key(profile)):
        text = f"{profile.distinct:,} labels,\nalmost one per row" if profile.distinct else "no value"
        above.text(0.5, 0.5, text, ha="center", va="center", transform=above.transAxes, color=GREY)
        for axes in (above, below):
            axes.grid(visible=False)
            axes.set(xticks=[], yticks=[])
        return
    n_values = _n_values(profile)
    places = np.arange(len(profile.bins), dtype=np.float64)
    places[n_values:] += SPECIAL_GAP * np.arange(1, len(places) - n_values + 1)
    for split, shares in profile.share.items():
        rates = np.array([np.nan if rate is None else rate for rate in profile.rate[split]])
        rates[np.array(profile.known[split]) < MIN_OUTCOMES] = np.nan
        _draw_shares(above, profile, places, split, np.array(shares))
        _draw_rates(below, profile, places, split, rates)
    _clip_special_bins(above, profile, places)
    below.set_ylim(0, max(below.get_ylim()[1], 0.01) * 1.05)
    _set_ticks(below, profile, places)
    for axes, label in ((above, "flights"), (below, "late")):
        axes.set_ylabel(label)
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda part, _: f"{100 * part:.3g}%"))
        axes.grid(visible=False, axis="x")


def _n_values(profile: ColumnProfile) -> int:
    """Count the bins before those of other labels and of missing values."""
    special = {MISSING} if profile.kind == "quantitative" else {OTHER, MISSING}
    return sum(name not in special for name in profile.bins)


def _draw_shares(axes: Axes, profile: ColumnProfile, places: Any, split: str, shares: Any) -> None:
    half = 0.5 if profile.edges else 0.4
    if split == TRAIN:
        # All bars are one polygon along the axis, which is drawn faster than a patch for each.
        xs = places[:, np.newaxis] + [-half, -half, half, half]
        axes.fill(xs.ravel(), np.outer(shares, [0, 1, 1, 0]).ravel(), color=LIGHT_GREY, linewidth=0)
        return
    n_values = _n_values(profile) if profile.edges else 0
    if n_values:
        axes.stairs(shares[:n_values], np.arange(n_values + 1) - 0.5, color=COLOURS[split], linewidth=1.5)
    rest = places[n_values:]
    axes.hlines(shares[n_values:], rest - half, rest + half, color=COLOURS[split])


def _draw_rates(axes: Axes, profile: ColumnProfile, places: Any, split: str, rates: Any) -> None:
    is_ordered = profile.kind == "quantitative"
    n_values = _n_values(profile) if is_ordered else 0
    offset = 0.0 if is_ordered else OFFSETS[split]
    style: dict[str, Any] = {"color": COLOURS[split], "marker": "o", "markersize": 3.5, "linewidth": 1.2}
    axes.plot(places[:n_values], rates[:n_values], **style)
    axes.plot(places[n_values:] + offset, rates[n_values:], linestyle="none", **style)


def _clip_special_bins(axes: Axes, profile: ColumnProfile, places: Any) -> None:
    """Cut off the bars of other labels and missing values that flatten others."""
    n_values, highest = _n_values(profile), np.max(list(profile.share.values()), axis=0)
    limit = highest[:n_values].max(initial=0)
    axes.set_ylim(bottom=0)
    for place, value in zip(places[n_values:], highest[n_values:], strict=True):
        if value > 2 * limit > 0:
            axes.set_ylim(top=1.3 * limit)
            axes.text(place, 1.27 * limit, share(value), ha="center", va="top", fontsize=8)


def _set_ticks(axes: Axes, profile: ColumnProfile, places: Any) -> None:
    n_values = _n_values(profile)
    special = list(zip(places[n_values:], profile.bins[n_values:], strict=True))
    if profile.edges:
        is_date = isinstance(profile.edges[0], str)
        step = ceil(len(profile.edges) / (MAX_DATE_TICKS if is_date else MAX_TICKS))
        names = [edge if isinstance(edge, str) else f"{edge:,.6g}" for edge in profile.edges]
        ticks = [(place + 0.5, name) for place, name in enumerate(names)][step // 2 :: step]
        room = (4.5 if is_date else 2.2) if special else 0.0
        ticks = [tick for tick in ticks if tick[0] <= n_values - room]
    else:
        step = ceil(n_values / MAX_TICKS) if profile.kind == "quantitative" and n_values > MOST_LABELS else 1
        ticks = [(float(place), _shorten(label)) for place, label in enumerate(profile.bins[:n_values])][::step]
    positions, labels = zip(*ticks, *special, strict=True)
    is_crowded = sum(len(label) + 1 for label in labels) > MAX_LETTERS
    axes.set_xticks(positions, labels, rotation=90 if is_crowded else 0, fontsize=9)
    axes.tick_params(axis="x", length=3 if profile.edges else 0)


def _missing_share(profile: ColumnProfile) -> str:
    missing = sum(profile.missing[split] * rows for split, rows in profile.rows.items())
    missing /= max(sum(profile.rows.values()), 1)
    return f"{share(round(missing, 6))} missing" if missing else "none missing"


def _is_key(profile: ColumnProfile) -> bool:
    return profile.distinct > KEY_SHARE * sum(profile.rows.values()) and profile.distinct > len(profile.bins)


def _shorten(label: str) -> str:
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"
