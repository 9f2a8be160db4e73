"""Plots of the service: flights by day, freshness and latency."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flight_delay.monitoring.axes import NoPlot, add_legend, set_dates
from flight_delay.monitoring.results import DaySummary, Monitored
from flight_delay.report.plots.plot import Plot
from flight_delay.report.plots.style import BLUE, LIGHT_GREY, ORANGE, new_figure, plot_of


def draw_flights(days: Sequence[DaySummary]) -> Plot | NoPlot:
    if not any(day.scheduled or day.answered for day in days):
        return NoPlot("service", "Flights by day", "No flights.")
    last = days[-1]
    title = f"Flights: {last.answered:,} answered of {last.scheduled:,} on the last day"
    dates: list[Any] = [day.date for day in days]
    with new_figure(title, "day of departure (UTC)", "flights") as (figure, axes):
        axes.bar(dates, [day.scheduled for day in days], color=LIGHT_GREY, label="scheduled")
        axes.plot(dates, [day.answered for day in days], ".", color=BLUE, markersize=7, label="answered")
        provisional = [day.provisional for day in days]
        axes.plot(dates, provisional, "_", color=ORANGE, markersize=7, label="provisional answers")
        add_legend(axes)
        _set_axes(axes, dates)
        return plot_of(figure, "flights", "service", "Scheduled and answered flights by day")


def draw_days_behind(days: Sequence[DaySummary]) -> Plot | NoPlot:
    days = [day for day in days if day.answered]
    if not days:
        return NoPlot("service", "Freshness", "No answers.")
    title = f"Days of outcomes that answers lack: at most {max(day.days_behind for day in days)}"
    dates: list[Any] = [day.date for day in days]
    with new_figure(title, "day of departure (UTC)", "days") as (figure, axes):
        axes.plot(dates, [day.days_behind for day in days], "o", color=BLUE, markersize=4, clip_on=False)
        axes.set_ylim(0, max(3, *(day.days_behind + 0.5 for day in days)))
        _set_axes(axes, dates)
        return plot_of(figure, "days_behind", "service", "Largest number of days behind, by day")


def draw_latency(monitored: Monitored) -> Plot | NoPlot:
    latency = monitored.latency_ms
    if not latency:
        return NoPlot("service", "Latency", "No request log of the last day.")
    title = "Latency: " + ", ".join(f"{name} {value:.3g} ms" for name, value in latency.items())
    with new_figure(title, "milliseconds", size=(6.4, 2.4)) as (figure, axes):
        axes.barh(list(latency), list(latency.values()), color=BLUE)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        return plot_of(figure, "latency", "service", "Percentiles of the duration of requests on the last day")


def _set_axes(axes: Axes, dates: Sequence[datetime.date]) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    axes.grid(visible=False, axis="x")
    set_dates(axes, dates)
