"""Pictures of one flight: its steps from what is usual to its probability, and what the model says at other times of departure."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Literal

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from flight_delay.explain.local.reasons import Reasons
from flight_delay.explain.local.waterfall import SMALLEST_STEP, waterfall_of
from flight_delay.explain.local.what_if import MIN_FLIGHTS, WhatIf
from flight_delay.explain.reference import HALF_HOUR_MINUTES
from flight_delay.explain.words import clock, points
from flight_delay.report.plots.style import BLUE, GREY, LOOK, ORANGE, picture, png

Format = Literal["png", "svg"]
RAISES, LOWERS = ORANGE, BLUE
UNKNOWN = "#DDDDDD"


def waterfall(reasons: Reasons, smallest: float = SMALLEST_STEP, format_: Format = "png") -> bytes:
    """Draw the steps from the base to a flight's probability, the largest first; small ones are put together.

    Args:
        reasons: of the flight.
        smallest: contributions to the probability below this are among the others.
        format_: of the picture.
    """
    fall = waterfall_of(reasons, smallest)
    title = f"{_name(reasons.flight_id)}: {fall.probability / 10:.1f} % likely to be late"
    labels = [
        f"usual: {fall.base / 10:.1f} %",
        *(step.label for step in fall.steps),
        f"this flight: {fall.probability / 10:.1f} %",
    ]
    last = len(labels) - 1
    with picture("", "probability of being late (%)", "") as (figure, axes):
        _headed(figure, title)
        ends = [fall.base, *(step.start + step.change for step in fall.steps), fall.probability]
        for place, step in enumerate(fall.steps, start=1):
            colour = RAISES if step.change > 0 else LOWERS
            axes.barh(place, step.change / 10, left=step.start / 10, height=0.62, color=colour)
            _write(axes, place, step.start, step.change)
        for place in (0, last):
            axes.plot([ends[place] / 10] * 2, [place - 0.31, place + 0.31], color="black", linewidth=3)
        for place, (end, _) in enumerate(pairwise(ends)):
            axes.plot([end / 10] * 2, [place, place + 1], color=GREY, linewidth=1, zorder=0)
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        room = max(0.16 * (max(ends) - min(ends)), 10) / 10  # for the numbers beside the bars
        axes.set_xlim(min(ends) / 10 - room, max(ends) / 10 + room)
        colours = {"raises it": RAISES, "lowers it (in percentage points)": LOWERS}
        handles = [Patch(color=colour, label=label) for label, colour in colours.items()]
        figure.legend(handles=handles, loc="outside lower right", ncols=2, fontsize=9)
        return _bytes(figure, format_)


def what_if(answer: WhatIf, format_: Format = "png") -> bytes:
    """Draw what the model says of a flight over the times of departure of its date.

    Where there are too few training flights from the origin to go by, the ground is grey.
    """
    title = (
        f"{_name(answer.flight_id)}: {100 * answer.own.probability:.1f} % at its own time, {clock(answer.own.minutes)}"
    )
    with picture("", "scheduled departure (local time)", "probability of being late (%)") as (figure, axes):
        _headed(figure, title)
        for first, end in _unknown(answer):
            axes.axvspan(first / 60, end / 60, color=UNKNOWN, linewidth=0, zorder=0)
        hours = [point.minutes / 60 for point in answer.points]
        axes.plot(hours, [100 * point.probability for point in answer.points], color=BLUE, label="what the model says")
        axes.plot(
            answer.own.minutes / 60, 100 * answer.own.probability, "o", color=ORANGE, markersize=9, label="its own time"
        )
        axes.axhline(
            100 * answer.threshold, color=GREY, linestyle="--", linewidth=1.5, label="called late from here on"
        )
        handles, _ = axes.get_legend_handles_labels()
        if _unknown(answer):
            handles.append(
                Patch(color=UNKNOWN, label=f"fewer than {MIN_FLIGHTS} training flights from {answer.origin}")
            )
        axes.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
        top = max(answer.threshold, *(point.probability for point in answer.points))
        axes.set(xlim=(0, 24), ylim=(0, 100 * min(1.45 * top, 1.2)))
        axes.legend(handles=handles, loc="upper left", fontsize=9, ncols=2)
        return _bytes(figure, format_)


def _unknown(answer: WhatIf) -> list[tuple[int, int]]:
    """Half hours without support, joined where they touch: first and last minute."""
    spans: list[tuple[int, int]] = []
    for point in answer.points:
        first = point.minutes // HALF_HOUR_MINUTES * HALF_HOUR_MINUTES
        if point.supported or (spans and spans[-1][1] > first):
            continue
        joins = bool(spans) and spans[-1][1] == first
        spans[-1:] = (
            [(spans[-1][0], first + HALF_HOUR_MINUTES)] if joins else [*spans[-1:], (first, first + HALF_HOUR_MINUTES)]
        )
    return spans


def _write(axes: Axes, place: int, start: int, change: int) -> None:
    """Write a change beside the end of its bar."""
    side, shift = ("left", 4) if change >= 0 else ("right", -4)
    axes.annotate(
        points(change / 1000),
        ((start + change) / 10, place),
        (shift, 0),
        textcoords="offset points",
        ha=side,
        va="center",
    )


def _name(flight_id: str) -> str:
    """Short words for a flight: 'US 1895, 2013-11-01, EWR 05:00'."""
    carrier, number, origin, hhmm = flight_id[11:].split("-")
    return f"{carrier} {number}, {flight_id[:10]}, {origin} {hhmm[:2]}:{hhmm[2:]}"


def _headed(figure: Figure, title: str) -> None:
    """Put the title above the whole picture: names of topics leave little room above the axes."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=LOOK["axes.titlesize"], fontweight=LOOK["axes.titleweight"])


def _bytes(figure: Figure, format_: Format) -> bytes:
    if format_ == "png":
        return png(figure)
    buffer = io.BytesIO()
    with plt.rc_context({"svg.hashsalt": "flight-delay"}):  # else names of its parts are drawn by lot
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
