"""Check plots of the report."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib import pyplot as plt

from flight_delay.report.page import SECTIONS
from flight_delay.report.plots.plot import Plot


def check_plot(draw: Callable[[], Plot]) -> Plot:
    """Check that a plot is deterministic, closes its figure, and has what the report shows with it."""
    before = plt.get_fignums()
    plot = draw()
    assert plot.content.startswith(b"\x89PNG\r\n")
    assert plot == draw()
    assert plt.get_fignums() == before
    assert plot.section in SECTIONS
    assert plot.title
    assert plot.text
    assert plot.text[-1] not in ".,;:"
    return plot
