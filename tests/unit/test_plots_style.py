"""report.plots.style: figures are closed, and their bytes say nothing of the machine."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from flight_delay.model.baselines import BASELINES
from flight_delay.report.plots.labels import words
from flight_delay.report.plots.style import DOTS_PER_INCH, SIZE_INCHES, picture, png


def test_a_picture_is_a_png_of_the_common_size_without_the_name_of_the_software() -> None:
    with picture("title", "x", "y") as (figure, _):
        drawn = png(figure)
    assert drawn.startswith(b"\x89PNG\r\n")
    size = (int.from_bytes(drawn[16:20]), int.from_bytes(drawn[20:24]))
    assert size == tuple(round(inches * DOTS_PER_INCH) for inches in SIZE_INCHES)
    assert b"atplotlib" not in drawn


def test_a_picture_is_closed_also_when_drawing_fails() -> None:
    before = plt.get_fignums()
    with pytest.raises(ZeroDivisionError), picture("title", "x", "y"):
        1 / 0  # noqa: B018
    assert plt.get_fignums() == before


def test_the_look_is_left_behind() -> None:
    before = dict(mpl.rcParams)
    with picture("title", "x", "y"):
        assert dict(mpl.rcParams) != before
    assert dict(mpl.rcParams) == before


def test_every_baseline_has_a_name_of_its_own() -> None:
    names = [*BASELINES, "model"]
    assert len({words(name) for name in names}) == len(names)
    assert words("always_on_time") == "always on time"
