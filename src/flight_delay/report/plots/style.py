"""One look for every picture: sizes, colours (Okabe and Ito's, safe for colour-blind readers: https://jfly.uni-koeln.de/color/),
and turning a figure into bytes that are the same on every run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
SIZE_INCHES = (6.4, 4.4)
DOTS_PER_INCH = 130

LOOK: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # fixed: to find the place, Matplotlib would measure every tick each time it draws
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "legend.frameon": False,
    "lines.linewidth": 2,
}


@contextmanager
def picture(title: str, x: str, y: str) -> Iterator[tuple[Figure, Axes]]:
    """Give a figure with one pair of labelled axes in the project's look, and close it afterwards."""
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        axes.set(title=title, xlabel=x, ylabel=y)
        try:
            yield figure, axes
        finally:
            plt.close(figure)


@contextmanager
def titled(
    title: str, size: tuple[float, float] = SIZE_INCHES, rows: int = 1, columns: int = 1, **options: Any
) -> Iterator[tuple[Figure, Any]]:
    """Give a figure whose title stands above all its axes, where long tick labels leave little room, and close it afterwards.

    Args:
        title: of the figure.
        size: width and height in inches.
        rows: of axes.
        columns: of axes.
        options: of `matplotlib.pyplot.subplots`.
    """
    with plt.rc_context(LOOK):
        figure, axes = plt.subplots(rows, columns, figsize=size, dpi=DOTS_PER_INCH, layout="constrained", **options)
        figure.suptitle(title, x=0.01, ha="left", fontsize=LOOK["axes.titlesize"], fontweight=LOOK["axes.titleweight"])
        try:
            yield figure, axes
        finally:
            plt.close(figure)


def png(figure: Figure) -> bytes:
    """Render a figure as PNG, without the version of the software in it."""
    buffer = io.BytesIO()
    if engine := figure.get_layout_engine():
        # Laid out here, since Matplotlib would draw everything once more to do it.
        engine.execute(figure)
        figure.set_layout_engine("none")
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def in_few_colours(picture: bytes) -> bytes:
    """A PNG in 64 colours, a third of the size where much is drawn; enough for lines and letters, not for colour bars."""
    smaller = io.BytesIO()
    every = Image.open(io.BytesIO(picture)).convert("RGB")
    every.quantize(64, dither=Image.Dither.NONE).save(smaller, "png")
    return smaller.getvalue()
