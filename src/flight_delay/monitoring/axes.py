"""Parts of the plots of a monitoring run."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import pairwise
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
    """Label at most `MAX_TICKS` dates, at equal distances from the last one."""
    present = sorted(set(dates))
    first, last = present[0], present[-1]
    gap = min(((after - before).days for before, after in pairwise(present)), default=1)  # 7 for weeks
    step = gap * max(1, -(-(last - first).days // (gap * (MAX_TICKS - 1))))
    # matplotlib converts dates, but its types have numbers only.
    shown: list[Any] = [last - datetime.timedelta(days=days) for days in range(0, (last - first).days + 1, step)]
    axes.set_xticks(shown, [f"{date:%d %b}" for date in shown])
    ends: list[Any] = [first - datetime.timedelta(days=4), last + datetime.timedelta(days=4)]
    axes.set_xlim(*ends)
