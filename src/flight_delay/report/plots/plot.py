"""Plots of the report: PNG files, described in `plots.json` beside them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from flight_delay.core import files

PLOTS_FILE = "plots.json"


class Plot(NamedTuple):
    """A plot of the report.

    Attributes:
        name: of the file, without its ending.
        section: of the report that shows it, a key of `report.page.SECTIONS`.
        title: short description with the main number.
        text: alternative text, without a full stop at the end.
        content: the PNG.
    """

    name: str
    section: str
    title: str
    text: str
    content: bytes

    @property
    def width(self) -> int:
        """Width in pixels, from the header of the PNG."""
        return int.from_bytes(self.content[16:20])


def write_plots(folder: Path, plots: Iterable[Plot]) -> None:
    """Write PNG files, and their descriptions in the order given."""
    entries = []
    for plot in plots:
        files.write_bytes(folder / f"{plot.name}.png", plot.content)
        entries.append({key: value for key, value in plot._asdict().items() if key != "content"})
    files.write_json(folder / PLOTS_FILE, entries)


def read_plots(folder: Path) -> list[Plot]:
    """Read the plots that `write_plots` wrote.

    Raises:
        UserError: a file is missing or damaged.
    """
    return [
        Plot(**entry, content=files.read_bytes(folder / f"{entry['name']}.png"))
        for entry in files.read_json(folder / PLOTS_FILE)
    ]
