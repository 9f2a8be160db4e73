"""Plots of one flight: waterfall, and predictions at other times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.patches import Patch

from flight_delay.explain.format import format_clock, format_points
from flight_delay.explain.global_.result import GlobalExplanation
from flight_delay.explain.local.reasons import Reasons
from flight_delay.explain.local.text import describe_waterfall
from flight_delay.explain.local.waterfall import MIN_STEP, waterfall_of
from flight_delay.explain.local.what_if import MIN_FLIGHTS, Departure, WhatIf
from flight_delay.explain.reference import HALF_HOUR_MINUTES
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, GREY, LIGHT_GREY, ORANGE, new_figure, render_figure

RAISES, LOWERS = ORANGE, BLUE


def draw_waterfalls(result: GlobalExplanation) -> list[Plot]:
    """Draw the worst miss and the worst false alarm."""
    smallest, errors = (
        result.explainer.topics.smallest_reason,
        {"miss": result.misses, "false_alarm": result.false_alarms},
    )
    return [plot_waterfall(flights[0], smallest, f"waterfall_{kind}") for kind, flights in errors.items() if flights]


def plot_waterfall(
    reasons: Reasons, smallest: float = MIN_STEP, name: str = "waterfall", image_format: str = "png"
) -> Plot:
    """Draw the steps from the base to a flight's probability, the largest first.

    Args:
        reasons: of the flight.
        smallest: contributions to the probability below this are drawn as one step.
        name: of the file.
        image_format: 'png' or 'svg'.
    """
    fall = waterfall_of(reasons, smallest)
    labels = [f"usual: {fall.base / 10:.1f} %", *(step.label for step in fall.steps)]
    labels.append(f"this flight: {fall.probability / 10:.1f} %")
    ends = [end / 10 for end in (fall.base, *(step.start + step.change for step in fall.steps), fall.probability)]
    title = f"{_name(reasons.flight_id)}: {fall.probability / 10:.1f} % likely to be late"
    with new_figure(title, "probability of being late (%)") as (figure, axes):
        changes, starts = [step.change / 10 for step in fall.steps], [step.start / 10 for step in fall.steps]
        colours = [RAISES if change > 0 else LOWERS for change in changes]
        bars = axes.barh(range(1, len(changes) + 1), changes, left=starts, height=0.62, color=colours)
        axes.bar_label(bars, [format_points(change / 100) for change in changes], padding=4)
        for place in (0, len(labels) - 1):
            axes.plot([ends[place]] * 2, [place - 0.31, place + 0.31], color="black", linewidth=3)
        for place, (end, _) in enumerate(pairwise(ends)):
            axes.plot([end] * 2, [place, place + 1], color=GREY, linewidth=1, zorder=0)
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        margin = max(0.16 * (max(ends) - min(ends)), 1)  # room for the numbers beside the bars
        axes.set_xlim(min(ends) - margin, max(ends) + margin)
        handles = [
            Patch(color=RAISES, label="raises it"),
            Patch(color=LOWERS, label="lowers it (in percentage points)"),
        ]
        figure.legend(handles=handles, loc="outside lower right", ncols=2, fontsize=9)
        text = describe_waterfall(reasons, smallest)
        return Plot(name, "explanations", title, text, render_figure(figure, image_format))


def plot_what_if(answer: WhatIf, image_format: str = "png") -> bytes:
    """Draw predictions for a flight over times of departure, as PNG or SVG.

    The background is grey where there are too few training flights from the origin.
    """
    own = answer.own
    title = f"{_name(answer.flight_id)}: {100 * own.probability:.1f} % at its own time, {format_clock(own.minutes)}"
    with new_figure(title, "scheduled departure (local time)", "probability of being late (%)") as (figure, axes):
        hours = [point.minutes / 60 for point in answer.points]
        axes.plot(hours, [100 * point.probability for point in answer.points], color=BLUE, label="prediction")
        style = {"color": ORANGE, "markersize": 9}
        axes.plot(own.minutes / 60, 100 * own.probability, "o", **style, label="its own time")
        axes.axhline(100 * answer.threshold, color=GREY, linestyle="--", linewidth=1.5, label="threshold")
        label = f"fewer than {MIN_FLIGHTS} training flights from {answer.origin}"
        for first, end in unsupported_spans(answer.points):
            axes.axvspan(first / 60, end / 60, color=LIGHT_GREY, alpha=0.7, linewidth=0, zorder=0, label=label)
            label = ""
        axes.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
        top = max(answer.threshold, *(point.probability for point in answer.points))
        axes.set(xlim=(0, 24), ylim=(0, 100 * min(1.45 * top, 1.2)))
        axes.legend(loc="upper left", fontsize=9, ncols=2)
        return render_figure(figure, image_format)


def unsupported_spans(points: Sequence[Departure]) -> list[tuple[int, int]]:
    """Find spans of half hours with too few training flights.

    A span is its first and last minute; half hours that touch are joined.
    """
    spans: list[tuple[int, int]] = []
    starts = {point.minutes // HALF_HOUR_MINUTES * HALF_HOUR_MINUTES for point in points if not point.is_supported}
    for start in sorted(starts):
        first = spans.pop()[0] if spans and spans[-1][1] == start else start
        spans.append((first, start + HALF_HOUR_MINUTES))
    return spans


def _name(flight_id: str) -> str:
    """Name a flight in short, such as 'US 1895, 2013-11-01, EWR 05:00'."""
    carrier, number, origin, hhmm = flight_id[11:].split("-")
    return f"{carrier} {number}, {flight_id[:10]}, {origin} {hhmm[:2]}:{hhmm[2:]}"
