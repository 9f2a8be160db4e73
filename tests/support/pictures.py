"""Check pictures of the report."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib import pyplot as plt

from flight_delay.report.page import SECTIONS
from flight_delay.report.plots.picture import Picture


def check_picture(plot: Callable[[], Picture]) -> Picture:
    """Check that a plot is deterministic, closes its figure, and has what the report shows with it."""
    before = plt.get_fignums()
    picture = plot()
    assert picture.content.startswith(b"\x89PNG\r\n")
    assert picture == plot()
    assert plt.get_fignums() == before
    assert picture.section in SECTIONS
    assert picture.title
    assert picture.text
    assert picture.text[-1] not in ".,;:"
    return picture
