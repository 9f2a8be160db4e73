"""Picture of the strongest interactions between topics, and its alternative text."""

from __future__ import annotations

from collections.abc import Mapping

from flight_delay.explain.global_.interactions import Interactions
from flight_delay.report.plots.style import BLUE, png, titled

MOST_PAIRS = 12


def interactions(result: Interactions, labels: Mapping[str, str]) -> bytes:
    """Draw the strength of the first pairs of topics as bars, with 95 % intervals for the sampling of flights."""
    pairs = result.of_level("topic")[:MOST_PAIRS]
    with titled(f"Interactions of topics: {result.share['topic']:.0%} of all effects") as (figure, axes):
        names = [f"{labels[pair.first]} × {labels[pair.second]}" for pair in pairs]
        margins = [[pair.strength - pair.low for pair in pairs], [pair.high - pair.strength for pair in pairs]]
        axes.barh(range(len(pairs)), [pair.strength for pair in pairs], xerr=margins, color=BLUE, capsize=3)
        axes.set_yticks(range(len(pairs)), names, fontsize=9)
        axes.invert_yaxis()
        figure.supxlabel(
            f"mean absolute interaction (log-odds), with 95 % interval; {result.flights:,} flights", fontsize=11
        )
        axes.set_xlim(left=0)
        axes.grid(visible=False, axis="y")
        return png(figure)


def interactions_text(result: Interactions, labels: Mapping[str, str]) -> str:
    """Alternative text of `interactions`."""
    pairs = "; ".join(
        f"{labels[pair.first]} and {labels[pair.second]} {pair.strength:.3f} ({pair.low:.3f} to {pair.high:.3f})"
        for pair in result.of_level("topic")[:3]
    )
    return (
        f"Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of {result.flights:,} flights: "
        f"{pairs or 'there are none'}. They are {result.share['topic']:.0%} of all effects."
    )
