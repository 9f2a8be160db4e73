"""report.plots.style: figures are closed, their bytes name no software, and pictures are read as they were written."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from flight_delay.core.errors import UserError
from flight_delay.model.baselines import BASELINES
from flight_delay.report.plots.labels import model_label
from flight_delay.report.plots.picture import Picture, read_pictures, write_pictures
from flight_delay.report.plots.style import DOTS_PER_INCH, SIZE_INCHES, new_figure, picture_of


def picture(name: str = "name", *, few_colours: bool = False) -> Picture:
    with new_figure("Title", "x", "y") as (figure, axes):
        axes.plot([1, 2], label="<é>")
        return picture_of(figure, name, "evaluation", "text", few_colours=few_colours)


@pytest.mark.parametrize("few_colours", [False, True])
def test_a_picture_is_a_png_of_the_common_size_without_the_name_of_the_software(few_colours: bool) -> None:
    drawn = picture(few_colours=few_colours)
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


def test_the_settings_of_the_user_change_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    before = picture()
    for name, value in {"savefig.bbox": "tight", "xtick.labelsize": 20, "axes.facecolor": "yellow"}.items():
        monkeypatch.setitem(mpl.rcParams, name, value)
    assert picture() == before


def test_pictures_are_read_in_the_order_written_and_none_may_be_missing(tmp_path: Path) -> None:
    pictures = [picture("b"), picture("a")._replace(text="<é>")]
    write_pictures(tmp_path, pictures)
    assert read_pictures(tmp_path) == pictures
    (tmp_path / "a.png").unlink()
    with pytest.raises(UserError, match=r"a\.png: "):
        read_pictures(tmp_path)


def test_every_baseline_has_a_label_of_its_own() -> None:
    names = [*BASELINES, "model"]
    assert len({model_label(name) for name in names}) == len(names)
    assert model_label("always_on_time") == "always on time"
