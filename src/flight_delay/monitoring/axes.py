"""Parts of the plots of a monitoring run."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

MAX_TICKS = 7


class NoPlot(NamedTuple):
    """A plot without data."""

    section: str
    title: str
    reason: str


def add_legend(axes: Axes) -> None:
    """Add a legend above the data."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.22 * (high - low))
    axes.legend(loc="upper left", ncols=3, fontsize=9, handlelength=1.2, columnspacing=1)


def set_dates(axes: Axes, dates: Sequence[datetime.date]) -> None:
    """Label dates counted from the last one, at most `MAX_TICKS`."""
    present: list[Any] = sorted(set(dates))  # matplotlib converts dates, but its types have numbers only
    shown = present[:: -max(1, -(-len(present) // MAX_TICKS))]
    axes.set_xticks(shown, [f"{date:%d %b}" for date in shown])
    axes.set_xlim(present[0] - datetime.timedelta(days=4), present[-1] + datetime.timedelta(days=4))
