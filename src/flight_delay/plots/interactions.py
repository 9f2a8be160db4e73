"""Picture of the pairs of features or topics that work together most, and the same in words."""

from __future__ import annotations

from flight_delay.explain.overall.interactions import Interactions, Level
from flight_delay.plots.naming import Naming
from flight_delay.plots.style import BLUE, picture, png

MOST_PAIRS = 12
INK = "#222222"


def interactions(found: Interactions, level: Level, naming: Naming) -> bytes:
    """Draw the strength of the first pairs of a level as bars, with 95 % intervals for the sampling of flights.

    Args:
        found: from `explain.overall.interactions`.
        level: 'feature' or 'topic'.
        naming: words.
    """
    pairs = list(reversed(found.of(level)[:MOST_PAIRS]))
    title = f"{found.share[level]:.0%} of what the model does is done by {level}s together"
    note = f"lines: 95 % intervals for the choice of {found.flights:,} flights"
    with picture("", "mean effect together, in log-odds", "") as (
        figure,
        axes,
    ):
        # Above the whole picture: the names of pairs leave little room above the axes.
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        strengths = [pair.strength for pair in pairs]
        errors = [[of.strength - of.low for of in pairs], [of.high - of.strength for of in pairs]]
        axes.barh(range(len(pairs)), strengths, color=BLUE, xerr=errors, ecolor=INK, capsize=3)
        labels = [f"{naming.label(of.first)} × {naming.label(of.second)}" for of in pairs]
        axes.set_yticks(range(len(pairs)), labels, fontsize=9)
        axes.set_title(note, fontsize=9, fontweight="normal", loc="right")
        axes.set_xlim(left=0)
        axes.grid(visible=False, axis="y")
        if not pairs:
            axes.text(0.5, 0.5, f"no two {level}s work together", ha="center", transform=axes.transAxes)
        return png(figure)


def interactions_words(found: Interactions, level: Level, naming: Naming) -> str:
    """Say which two work together most, how strongly, and how much of all is done together."""
    pairs = found.of(level)
    if not pairs:
        return f"No two {level}s work together: the effect of each is the same whatever the others are."
    first = pairs[0]
    said = (
        f"Of {level}s, {naming.label(first.first)} and {naming.label(first.second)} work together most: "
        f"{first.strength:.3f} log-odds on average (95 % interval {first.low:.3f} to {first.high:.3f}, for the choice of "
        f"{found.flights:,} flights)."
    )
    if len(pairs) > 1:
        second = pairs[1]
        said += f" Next are {naming.label(second.first)} and {naming.label(second.second)} with {second.strength:.3f}."
    return (
        f"{said} {found.share[level]:.0%} of what the model does is done by {level}s together, the rest by each alone."
    )
