"""Figures of one style, and rendering them with the same bytes on every run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from flight_delay.report.plots.plot import Plot

# Okabe and Ito's colours, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/).
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, LIGHT_GREY, DARK_GREY = "#777777", "#D0D0D0", "#333333"
SIZE_INCHES = (6.4, 4.4)
DOTS_PER_INCH = 130

RC_PARAMS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # a fixed place: Matplotlib measures every tick to find one
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "svg.hashsalt": "flight-delay",  # the ids in an SVG are random without it
}


@contextmanager
def new_figure(
    title: str, xlabel: str = "", ylabel: str = "", size: tuple[float, float] = SIZE_INCHES, **options: Any
) -> Iterator[tuple[Figure, Any]]:
    """Open a figure with a title and labelled axes, and close it afterwards.

    Args:
        title: of the figure.
        xlabel: of the axes; of the figure where there are several axes.
        ylabel: of the axes.
        size: width and height in inches.
        options: of `matplotlib.pyplot.subplots`.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # not what the user's matplotlibrc sets
        matplotlib.rcParams.update(RC_PARAMS)
        figure, axes = plt.subplots(**{"figsize": size, "dpi": DOTS_PER_INCH, "layout": "constrained"} | options)
        try:
            figure.suptitle(title, x=0.01, ha="left")
            if isinstance(axes, Axes):
                axes.set(xlabel=xlabel, ylabel=ylabel)
            else:
                figure.supxlabel(xlabel, fontsize=11)
            yield figure, axes
        finally:
            plt.close(figure)


def plot_of(figure: Figure, name: str, section: str, text: str, *, few_colours: bool = False) -> Plot:
    """Render a figure as a plot of the report, whose title is that of the figure.

    Args:
        figure: from `new_figure`.
        name: of the file.
        section: of the report.
        text: alternative text.
        few_colours: whether 64 colours are enough, which makes files with many lines smaller.
    """
    content = quantize_png(figure) if few_colours else render_figure(figure)
    return Plot(name, section, figure.get_suptitle(), text, content)


def render_figure(figure: Figure, image_format: str = "png") -> bytes:
    """Render a figure as PNG or SVG, without date and version of the software."""
    buffer = io.BytesIO()
    _lay_out(figure)
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}[image_format]
    figure.savefig(buffer, format=image_format, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()


def quantize_png(figure: Figure) -> bytes:
    """Render a figure as PNG of 64 colours.

    Its size is a third for lines and text; colour bars need more colours.
    """
    _lay_out(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image.quantize(64, dither=Image.Dither.NONE).save(buffer, "png")
    return buffer.getvalue()


def _lay_out(figure: Figure) -> None:
    """Lay out a figure once.

    Otherwise Matplotlib draws the figure an additional time for the layout when it renders.
    """
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")
