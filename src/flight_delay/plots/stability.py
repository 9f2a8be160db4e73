"""Picture of how stable importances are: ranks by month and by seed, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from flight_delay.explain.overall.interactions import Level
from flight_delay.explain.overall.stability import Source, Standing, agreement, movers
from flight_delay.plots.naming import Naming
from flight_delay.plots.style import BLUE, DOTS_PER_INCH, GREEN, LOOK, ORANGE, in_few_colours, png

MOST_NAMES = 12
GAP = 1.0  # columns, between months and seeds
# Okabe and Ito's without yellow, which is too pale for a line; names that share a colour differ in mark and dash.
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#000000")
LOOKS: tuple[dict[str, Any], ...] = ({"marker": "o", "linestyle": "-"}, {"marker": "s", "linestyle": "--"})
SOURCES: Mapping[Source, str] = {"month": "months", "seed": "seeds"}


def stability(rows: Sequence[Standing], naming: Naming, level: Level = "topic") -> bytes:
    """Draw ranks of the twelve names that matter most on average, month by month and beside that seed by seed.

    A rank counts among these twelve only, so that lines do not leave the picture.

    Args:
        rows: from `explain.overall.stability.standings`, of months, seeds or both.
        naming: words.
        level: whose ranks.
    """
    shown = [row for row in rows if row.level == level]
    labels = {source: list(dict.fromkeys(row.label for row in shown if row.source == source)) for source in SOURCES}
    names = _first(shown)
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(figsize=(8.4, 4.6), dpi=DOTS_PER_INCH, layout="constrained")
        try:
            figure.suptitle(_title(rows, level), x=0.01, ha="left", fontsize=12, fontweight="bold")
            places, ticks, start = {}, [], 0.0
            for source in SOURCES:
                places[source] = [start + place for place in range(len(labels[source]))]
                ticks += [f"seed {label}" if source == "seed" else label for label in labels[source]]
                start += len(labels[source]) + GAP * bool(labels[source])
            _lines(axes, shown, names, labels, places, naming)
            every = [place for source in SOURCES for place in places[source]]
            axes.set_xticks(every, ticks, rotation=45, ha="right")
            axes.set_yticks(range(1, len(names) + 1))
            axes.set(ylabel=f"rank among these {len(names)}", xlim=(-0.4, max(every, default=0) + 0.2))
            axes.invert_yaxis()
            axes.grid(visible=False)
            return in_few_colours(png(figure))
        finally:
            plt.close(figure)


def stability_words(rows: Sequence[Standing], naming: Naming, level: Level = "topic") -> str:
    """Say how much months, and seeds, agree on the order, and whose rank moves most; empty where there is nothing to compare."""
    said = []
    for source, columns in SOURCES.items():
        tau = agreement(rows, level, source)
        if tau is None:
            continue
        names = {row.name for row in rows if (row.level, row.source) == (level, source)}
        first = min(MOST_NAMES, len(names))
        same = f"two {level}s stand in the same order in {(1 + tau) / 2:.0%} of all pairs of {columns} (Kendall's tau {tau:.2f})"
        moved = movers(rows, level, source, MOST_NAMES)[:2]
        if moved:
            farthest = " and ".join(
                f"{naming.label(of.name)} (rank {of.best} in {_in(source, of.best_label)}, {of.worst} in {_in(source, of.worst_label)})"
                for of in moved
            )
            said.append(f"Between {columns}, {same}; of the first {first} of {len(names)}, most moves {farthest}.")
        else:
            said.append(f"Between {columns}, {same}; none of the first {first} of {len(names)} moves.")
    return " ".join(said)


def _in(source: Source, label: str) -> str:
    return f"seed {label}" if source == "seed" else label


def _title(rows: Sequence[Standing], level: Level) -> str:
    taus = {columns: agreement(rows, level, source) for source, columns in SOURCES.items()}
    said = [f"{tau:.2f} between {columns}" for columns, tau in taus.items() if tau is not None]
    return f"Ranks of {level}s" + (f" agree: Kendall's tau {', '.join(said)}" if said else "")


def _first(rows: Sequence[Standing]) -> list[str]:
    """The names that matter most on average over all columns, the first of them first."""
    seen: dict[str, list[float]] = {}
    for row in rows:
        seen.setdefault(row.name, []).append(row.mean_abs_shap)
    return sorted(seen, key=lambda name: (-float(np.mean(seen[name])), name))[:MOST_NAMES]


def _lines(
    axes: Axes,
    rows: Sequence[Standing],
    names: Sequence[str],
    labels: Mapping[Source, Sequence[str]],
    places: Mapping[Source, Sequence[float]],
    naming: Naming,
) -> None:
    size = {(row.source, row.label, row.name): (-row.mean_abs_shap, row.name) for row in rows}
    last: dict[str, tuple[float, int]] = {}
    for source in SOURCES:
        ordered = [sorted(names, key=lambda name: size[source, label, name]) for label in labels[source]]
        for number, name in enumerate(names):
            ranks = [column.index(name) + 1 for column in ordered]
            look = LOOKS[number // len(COLOURS) % len(LOOKS)]
            axes.plot(places[source], ranks, color=COLOURS[number % len(COLOURS)], markersize=6, **look)
            if ranks:
                last[name] = places[source][-1], ranks[-1]
    for number, (name, (place, rank)) in enumerate(last.items()):
        colour = COLOURS[number % len(COLOURS)]
        axes.annotate(
            naming.label(name), (place, rank), xytext=(9, 0), textcoords="offset points", va="center", fontsize=9.5,
            color=colour, annotation_clip=False,
        )  # fmt: skip
