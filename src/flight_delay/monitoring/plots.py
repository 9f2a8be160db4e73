"""Plots of a monitoring run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from flight_delay.drift.thresholds import DriftThresholds, WeeklyRange
from flight_delay.monitoring.axes import NoPlot, add_legend, set_dates
from flight_delay.monitoring.results import DaySummary, Estimate, Monitored, WeekSummary
from flight_delay.monitoring.service_plots import draw_days_behind, draw_flights, draw_latency
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, DARK_GREY, GREY, LIGHT_GREY, ORANGE, new_figure, plot_of

MAX_WEEKS = 13  # that plots show


def draw_plots(monitored: Monitored, thresholds: DriftThresholds) -> list[Plot | NoPlot]:
    """Draw every plot, in the order of the page."""
    days, weeks, scores = monitored.days, monitored.weeks[-MAX_WEEKS:], thresholds.scores
    no_shadow = "No model answers as a shadow." if monitored.shadow_version is None else "No labels."
    return [
        _draw_scores(days, weeks, "mean_probability", "Mean probability", scores.mean_probability),
        _draw_scores(days, weeks, "share_predicted_late", "Share predicted late", scores.positive_share),
        _draw_histogram(monitored, scores.bins.edges),
        _draw_inputs(weeks, thresholds),
        _draw_calibration(monitored),
        _draw_estimates(weeks, "calibration_gap", "Mean predicted minus observed", "truth", 0.0, "No labels."),
        _draw_estimates(weeks, "roc_auc", "ROC AUC", "truth", 0.5, "No labels of both outcomes."),
        _draw_estimates(weeks, "mean_profit", "Profit per flight", "truth", None, "No labels."),
        _draw_estimates(weeks, "shadow_log_loss_difference", "Champion − shadow, log loss", "shadow", 0.0, no_shadow),
        draw_flights(days),
        draw_days_behind(days),
        draw_latency(monitored),
    ]


def _draw_scores(
    days: Sequence[DaySummary], weeks: Sequence[WeekSummary], name: str, label: str, bounds: WeeklyRange
) -> Plot | NoPlot:
    by_day = [(day.date, value) for day in days if (value := getattr(day, name)) is not None]
    by_week = [(week, value) for week in weeks if (value := getattr(week, name)) is not None]
    if not by_day and not by_week:
        return NoPlot("scores", label, "No answers.")
    title = f"{label}: {by_week[-1][1]:.1%} in the last week" if by_week else f"{label} by day"
    with new_figure(title, "day of departure (UTC)", label.lower()) as (figure, axes):
        if bounds.smallest is not None and bounds.largest is not None:
            band = f"range of {bounds.weeks} weeks of the backtest"
            axes.axhspan(bounds.smallest, bounds.largest, color=LIGHT_GREY, alpha=0.6, linewidth=0, label=band)
        dates: list[Any] = [date for date, _ in by_day]
        axes.plot(dates, [value for _, value in by_day], ".", color=GREY, markersize=6, label="day")
        for number, (week, value) in enumerate(by_week):
            axes.plot([week.first, week.last], [value, value], color=BLUE, label="" if number else "week")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        set_dates(axes, [*dates, *(week.first for week, _ in by_week)])
        add_legend(axes)
        text = f"{label} by day and week, and the range of the weeks of the backtest"
        return plot_of(figure, name, "scores", text)


def _draw_histogram(monitored: Monitored, edges: Sequence[float]) -> Plot | NoPlot:
    # Without the bins of zero and of missing values, which probabilities do not have.
    current, reference = (np.array(counts[: len(edges) + 1], np.int64) for counts in monitored.score_counts)
    if not current.sum():
        return NoPlot("scores", "Distribution of probabilities", "No answers in the last 7 days.")
    n_bins = len(current)
    title = f"Probabilities of {current.sum():,} answers of 7 days"
    with new_figure(title, "probability, by bin", "share of answers") as (figure, axes):
        if reference.sum():
            label = f"{reference.sum():,} answers of the days before"
            axes.bar(range(n_bins), reference / reference.sum(), color=LIGHT_GREY, label=label)
        axes.plot(range(n_bins), current / current.sum(), "o", color=BLUE, label="7 days")
        ticks = range(0, len(edges), max(1, n_bins // 6))
        axes.set_xticks([tick + 0.5 for tick in ticks], [f"{edges[tick]:.2f}" for tick in ticks])
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(visible=False, axis="x")
        add_legend(axes)
        text = "Share of answers by bin of probability, in the last 7 days and in the 56 days before"
        return plot_of(figure, "score_histogram", "scores", text)


def _draw_inputs(weeks: Sequence[WeekSummary], thresholds: DriftThresholds) -> Plot | NoPlot:
    names = sorted({name for week in weeks for name in week.input_psi})
    weeks = [week for week in weeks if week.input_psi]
    if not names:
        return NoPlot("inputs", "Population stability index (PSI) of inputs", "Too few days with answers before.")
    watched = {name for name in names if name in thresholds.columns and thresholds.columns[name].is_monitored}
    names.sort(key=lambda name: (name not in watched, name))
    values = np.array([[week.input_psi.get(name, np.nan) for week in weeks] for name in names])
    limit = thresholds.psi_threshold
    last = {name: psi for name, psi in weeks[-1].input_psi.items() if name in watched}
    highest = max(last, key=lambda name: last[name]) if last else ""
    title = f"PSI in the last week: at most {last[highest]:.2f} ({highest})" if last else "PSI by input and week"
    size = (max(6.4, 3.4 + 0.62 * len(weeks)), 1.4 + 0.32 * len(names))
    with new_figure(title, "last day of the week", size=size) as (figure, axes):
        axes.imshow(values, cmap="Oranges", vmin=0, vmax=3 * limit, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            is_high = value >= limit and names[row] in watched
            style = {"fontweight": "bold" if is_high else "normal", "fontsize": 9}
            colour = "white" if value > 2.2 * limit else DARK_GREY
            if not np.isnan(value):
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, **style)
        axes.set_yticks(range(len(names)), [name if name in watched else f"({name})" for name in names], fontsize=9.5)
        labels = [f"{week.last:%d %b}" for week in weeks]
        axes.set_xticks(range(len(weeks)), labels, fontsize=9, rotation=45 if len(weeks) > 4 else 0)
        axes.grid(visible=False)
        axes.tick_params(length=0)
        text = (
            f"PSI of every input by week, against the weeks before; at {limit:g} or more, an input is bold and an "
            "alarm; inputs in parentheses vary by themselves and raise none"
        )
        return plot_of(figure, "input_psi", "inputs", text)


def _draw_calibration(monitored: Monitored) -> Plot | NoPlot:
    if not monitored.calibration:
        return NoPlot("truth", "Calibration", "No labels.")
    predicted, observed, rows = zip(*monitored.calibration, strict=True)
    title = f"Calibration of {sum(rows):,} labelled answers of 8 weeks"
    with new_figure(title, "predicted share of late flights", "observed share of late flights") as (figure, axes):
        end = 1.1 * max(*predicted, *observed, 0.01)
        axes.plot([0, end], [0, end], color=GREY, linestyle=":", linewidth=1.5, label="perfect")
        axes.plot(predicted, observed, color=BLUE, marker="o", markersize=5, label="champion")
        axes.set(xlim=(0, end), ylim=(0, end))
        axes.legend(loc="upper left")
        text = "Observed against predicted share of late flights, in bins of similar probabilities"
        return plot_of(figure, "calibration", "truth", text)


def _draw_estimates(
    weeks: Sequence[WeekSummary], name: str, label: str, section: str, line: float | None, reason: str
) -> Plot | NoPlot:
    points: list[tuple[WeekSummary, Estimate]] = [
        (week, value) for week in weeks if (value := getattr(week, name)) is not None
    ]
    if not points:
        return NoPlot(section, label, reason)
    last = points[-1][1]
    digits = {"mean_profit": 1, "shadow_log_loss_difference": 4}.get(name, 3)
    title = f"{label}: {last.value:z.{digits}f} ({last.low:z.{digits}f} … {last.high:z.{digits}f})"
    with new_figure(title.replace("-", "−"), "last day of the week", label.lower() if line != 0.5 else label) as drawn:
        figure, axes = drawn
        dates = [week.last for week, _ in points]
        axes.vlines(dates, [value.low for _, value in points], [value.high for _, value in points], color=BLUE)
        axes.plot(dates, [value.value for _, value in points], "o", color=BLUE, markersize=6)
        if line is not None:
            axes.axhline(line, color=ORANGE, linestyle="--", linewidth=1.5)
        axes.margins(x=0.08, y=0.12)
        set_dates(axes, dates)
        text = f"{label} by week, with 95 % intervals over days; the title has the last week with labels"
        return plot_of(figure, name, section, text)
