"""Pictures of dependence: the effect of a feature over its values, flight by flight, coloured by the feature that it works
together with most. The shape that the eye shall see is computed in `explain.overall.dependence`; words for it stand in `dependence_words`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.dependence import MOST_PARTNERS, Part, frequent, parts
from flight_delay.features.columns import Column
from flight_delay.model.encode import is_missing
from flight_delay.plots.naming import CLOCK, Naming
from flight_delay.plots.style import BLUE, DOTS_PER_INCH, GREEN, GREY, LOOK, ORANGE, SIZE_INCHES, png

MOST_POINTS = 1500
INK, FILL = "#111111", "#C8C8C8"
CATEGORIES = (BLUE, ORANGE, GREEN, "#CC79A7")
# Without the palest end, which would be lost on white.
SEQUENTIAL = LinearSegmentedColormap.from_list("sequential", plt.get_cmap("viridis")(np.linspace(0, 0.92, 256)))
SPREAD = 0.34  # of the points of a category to either side
TITLE_LETTERS, LABEL_LETTERS = 62, 44  # of a line


def dependence(
    explanation: Explanation, name: str, partner: str | None, naming: Naming, points_per_tenth: float
) -> bytes:
    """Draw a feature: points are flights, the line is the median effect, the band (or bar) holds the middle half of them.

    Below, or in the labels of categories, stands how many flights have such a value; flights without a value stand aside.

    Args:
        explanation: of a sample of flights; at most 1,500 are drawn as points, all of them count.
        name: the feature.
        partner: whose values colour the points; None where the feature works alone.
        naming: words and units.
        points_per_tenth: percentage points that 0.1 log-odds are worth, see `explain.overall.dependence`.
    """
    values, effects = explanation.features[name], explanation.shap[name]
    found = parts(values, effects)
    spread = float(np.quantile(effects, 0.95) - np.quantile(effects, 0.05))
    title = f"{naming.label(name)[:1].upper()}{naming.label(name)[1:]}: effects span {spread:.2f} log-odds"
    with _figure(title) as figure:
        # In an order that has nothing to do with that of the flights, so that no colour lies on top because of its month.
        random = np.random.default_rng(0)
        drawn = random.permutation(len(values))[:MOST_POINTS]
        colours = _colours(explanation, partner)
        scale = f"0.1 is about {points_per_tenth:.1f} percentage points"
        if values.dtype == object:
            every = _categories(figure, found, values, effects, drawn, colours, random)
            every[0].set_xlabel(f"effect on the log-odds of being late\n{scale}")
            every[0].xaxis.set_major_locator(MaxNLocator(6))
            every[0].set_ylabel(naming.axis(name))
        else:
            every = _numbers(figure, found, values, effects, drawn, colours, random)
            every[0].set_ylabel(f"effect on the log-odds\n{scale}", fontsize=10)
            _ticks(every[-1], name, naming)
        _key(figure, every, explanation, partner, naming)
        return png(figure)


@contextmanager
def _figure(title: str) -> Iterator[Figure]:
    with plt.rc_context(LOOK):
        figure = plt.figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        size, weight = LOOK["axes.titlesize"], LOOK["axes.titleweight"]
        figure.suptitle(textwrap.fill(title, TITLE_LETTERS), x=0.01, ha="left", fontsize=size, fontweight=weight)
        try:
            yield figure
        finally:
            plt.close(figure)


def _numbers(
    figure: Figure, found: Sequence[Part], values: Column, effects: Column, drawn: Column, colours: Any, random: Any
) -> list[Axes]:
    """Effects above, how many flights have such values below, and those without a value at the right."""
    missing = is_missing(values)
    aside = bool(missing.any())
    grid = figure.add_gridspec(2, 1 + aside, height_ratios=(6, 1), width_ratios=(10, 1) if aside else None)
    axes = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0], sharex=axes)
    axes.axhline(0, color=GREY, linewidth=1)
    here = drawn[~missing[drawn]]
    axes.scatter(values[here], effects[here], c=colours[here], s=9, alpha=0.55, linewidths=0)
    middle = [part.value for part in found]
    axes.fill_between(
        middle, [part.lower for part in found], [part.upper for part in found], color=INK, alpha=0.18, linewidth=0
    )
    axes.plot(middle, [part.median for part in found], color="white", linewidth=4)
    axes.plot(middle, [part.median for part in found], color=INK, linewidth=2)
    axes.tick_params(labelbottom=False)
    below.hist(values[~missing], bins=40, color=FILL)
    below.set_ylabel("flights", rotation=0, ha="right", va="center")
    below.set_yticks([])
    below.grid(visible=False)
    every = [axes, below]
    if aside:
        beside = figure.add_subplot(grid[0, 1], sharey=axes)
        gone = drawn[missing[drawn]]
        beside.scatter(
            random.uniform(-SPREAD, SPREAD, len(gone)), effects[gone], c=colours[gone], s=9, alpha=0.55, linewidths=0
        )
        _bar(beside, 0, effects[missing], upright=True)
        beside.axhline(0, color=GREY, linewidth=1)
        beside.set(xlim=(-0.6, 0.6), xticks=[])
        beside.set_title(f"no value\n{missing.mean():.1%}", fontsize=9, fontweight="normal", loc="right")
        beside.tick_params(labelleft=False)
        every.insert(1, beside)
    return every


def _categories(
    figure: Figure, found: Sequence[Part], values: Column, effects: Column, drawn: Column, colours: Any, random: Any
) -> list[Axes]:
    """A row of points per category, the most effect on top; flights without one below all."""
    missing = np.flatnonzero(is_missing(values))
    rows = [("no value", missing)] if missing.size else []
    rows += [(str(part.value), part.rows) for part in found]
    axes = figure.add_subplot()
    axes.axvline(0, color=GREY, linewidth=1)
    for place, (_, flights) in enumerate(rows):
        here = drawn[np.isin(drawn, flights)]
        places = place + random.uniform(-SPREAD, SPREAD, len(here))
        axes.scatter(effects[here], places, c=colours[here], s=9, alpha=0.55, linewidths=0)
        _bar(axes, place, effects[flights], upright=False)
    axes.set_yticks(range(len(rows)), [f"{label}  ({len(flights):,})" for label, flights in rows], fontsize=9.5)
    axes.grid(visible=False, axis="y")
    left_out = len(values) - sum(len(flights) for _, flights in rows)
    note = "in brackets: flights" + (f"; {left_out:,} in other categories" if left_out else "")
    axes.set_title(note, fontsize=9, fontweight="normal", loc="right")
    return [axes]


def _bar(axes: Axes, place: float, effects: Column, *, upright: bool) -> None:
    """The middle half of the effects, and a mark at their median."""
    lower, median, upper = np.quantile(effects.astype(np.float64), [0.25, 0.5, 0.75])
    ends, middle = ([place, place], [lower, upper]), ([place], [median])
    if not upright:
        ends, middle = (ends[1], ends[0]), (middle[1], middle[0])
    axes.plot(*ends, color="white", linewidth=5)
    axes.plot(*ends, color=INK, linewidth=2.5)
    axes.plot(*middle, color=INK, marker="o", markersize=7, markeredgecolor="white")


def _colours(explanation: Explanation, partner: str | None) -> Any:
    """A colour for every flight, shape (rows, 4); grey where the partner has no value, or one of its rarer ones."""
    rows = len(explanation.flight_id)
    if partner is None:
        return np.tile(to_rgba(BLUE), (rows, 1))
    values = explanation.features[partner]
    colours = np.tile(to_rgba(FILL), (rows, 1))
    if values.dtype == object:
        for category, colour in zip(frequent(values, MOST_PARTNERS), CATEGORIES, strict=False):
            colours[values == category] = to_rgba(colour)
    else:
        known = ~is_missing(values)
        colours[known] = SEQUENTIAL(_scale(values)(values[known]))
    return colours


def _scale(values: Column) -> Normalize:
    """From the 5 % quantile of the known values to the 95 % quantile: a few far ones would take all the colours."""
    known = values[~is_missing(values)]
    low, high = np.quantile(known, [0.05, 0.95]) if known.size else (0.0, 1.0)
    return Normalize(float(low), float(high), clip=True)


def _key(figure: Figure, every: Sequence[Axes], explanation: Explanation, partner: str | None, naming: Naming) -> None:
    """What the colours say: a colour bar of numbers, or a legend of categories."""
    if partner is None:
        return
    values = explanation.features[partner]
    if values.dtype == object:
        shown = frequent(values, MOST_PARTNERS)
        named = list(zip(shown, CATEGORIES, strict=False))
        if is_missing(values).any() or len(set(values.tolist())) > len(shown):
            named.append(("other", FILL))
        marks = [Line2D([], [], linestyle="", marker="o", color=colour, label=label) for label, colour in named]
        title = f"colour: {naming.axis(partner)}"
        figure.legend(
            handles=marks, title=title, loc="outside lower center", ncols=len(marks), handletextpad=0.1, fontsize=10
        )
        return
    bar = figure.colorbar(ScalarMappable(_scale(values), SEQUENTIAL), ax=list(every), aspect=30, extend="both")
    bar.set_label(textwrap.fill(naming.axis(partner), LABEL_LETTERS))
    bar.outline.set_visible(False)
    _ticks(bar.ax, partner, naming, upright=True)


def _ticks(axes: Axes, name: str, naming: Naming, *, upright: bool = False) -> None:
    """Ticks of values, as people write them: the time of day at whole hours."""
    axis = axes.yaxis if upright else axes.xaxis
    if not upright:
        axis.set_label_text(naming.axis(name))
    if naming.units.get(name) == CLOCK:
        axis.set_major_locator(MultipleLocator(240))
    axis.set_major_formatter(FuncFormatter(lambda value, _: naming.number(name, value)))
