"""Check plots of the report."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib import pyplot as plt

from flight_delay.report.page import SECTIONS
from flight_delay.report.plots.plot import Plot


def check_plot(draw: Callable[[], Plot], before: Plot | None = None) -> Plot:
    """Check that a plot is as it was drawn before, closes its figure, and has what the report shows with it."""
    open_before = plt.get_fignums()
    plot = draw()
    assert plot.content.startswith(b"\x89PNG\r\n")
    assert plot == (before or draw())
    assert plt.get_fignums() == open_before
    assert plot.section in SECTIONS
    assert plot.title
    assert plot.text
    assert plot.text[-1] not in ".,;:"
    return plot
