"""report.plots.style: figures are closed, their bytes name no software, and plots are read as they were written."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from flight_delay.core.errors import UserError
from flight_delay.model.baselines import BASELINES
from flight_delay.report.plots.labels import model_label
from flight_delay.report.plots.plot import Plot, read_plots, write_plots
from flight_delay.report.plots.style import DOTS_PER_INCH, SIZE_INCHES, new_figure, plot_of


def plot(name: str = "name", *, few_colours: bool = False) -> Plot:
    with new_figure("Title", "x", "y") as (figure, axes):
        axes.plot([1, 2], label="<é>")
        return plot_of(figure, name, "evaluation", "text", few_colours=few_colours)


@pytest.mark.parametrize("few_colours", [False, True])
def test_a_plot_is_a_png_of_the_common_size_without_the_name_of_the_software(few_colours: bool) -> None:
    drawn = plot(few_colours=few_colours)
    size = drawn.width, int.from_bytes(drawn.content[20:24])
    assert size == tuple(round(inches * DOTS_PER_INCH) for inches in SIZE_INCHES)
    assert b"atplotlib" not in drawn.content
    assert drawn[:4] == ("name", "evaluation", "Title", "text")


def test_a_figure_is_closed_and_the_style_is_reset_also_after_an_error() -> None:
    before, style = plt.get_fignums(), dict(mpl.rcParams)
    with pytest.raises(ZeroDivisionError), new_figure("title", "x", "y"):
        1 / 0  # noqa: B018
    assert plt.get_fignums() == before
    assert dict(mpl.rcParams) == style


def test_the_settings_of_the_user_change_no_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    before = plot()
    for name, value in {"savefig.bbox": "tight", "xtick.labelsize": 20, "axes.facecolor": "yellow"}.items():
        monkeypatch.setitem(mpl.rcParams, name, value)
    assert plot() == before


def test_plots_are_read_in_the_order_written_and_none_may_be_missing(tmp_path: Path) -> None:
    plots = [plot("b"), plot("a")._replace(text="<é>")]
    write_plots(tmp_path, plots)
    assert read_plots(tmp_path) == plots
    (tmp_path / "a.png").unlink()
    with pytest.raises(UserError, match=r"a\.png: "):
        read_plots(tmp_path)


def test_every_baseline_has_a_label_of_its_own() -> None:
    names = [*BASELINES, "model"]
    assert len({model_label(name) for name in names}) == len(names)
    assert model_label("always_negative") == "always on time"
