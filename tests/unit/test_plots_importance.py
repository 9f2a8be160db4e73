"""plots.importance: numbers in, the same PNG every time, and sentences that say the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from flight_delay.explain.overall.agreement import Agreement
from flight_delay.explain.overall.importance import Importance, Level
from flight_delay.plots import importance as plots


def row(level: Level, name: str, value: float) -> Importance:
    return Importance(level, name, value, 0.9 * value, 1.2 * value, 0.1, 0.1, 0.1, 1.2)


NAMES = [f"late_rate_{place:02d}" for place in range(20)]
GROUP = {name: ("history", "density", "weather", "schedule")[place % 4] for place, name in enumerate(NAMES)}
IMPORTANCES = [
    *(row("feature", name, 0.2 - 0.01 * place) for place, name in enumerate(NAMES)),
    row("feature", "unused", 0.0),
    row("topic", "late", 0.4),
    row("group", "history", 0.3),
    row("group", "weather", 0.1),
    row("group", "density", 0.0),
]
AGREEMENTS = [
    Agreement(name, "late", place + 1, 20 - place, place + 1, 0.2 - 0.01 * place, 0.001 * place - 0.002,
              0.001 * place - 0.004, 0.001 * place, 0.03, 900.0 - place, "Why." if place in (0, 18) else "")
    for place, name in enumerate(NAMES)
]  # fmt: skip
DRAWN: dict[str, Callable[[], bytes]] = {
    "by_level": lambda: plots.by_level(IMPORTANCES, GROUP),
    "measures": lambda: plots.measures(AGREEMENTS),
}


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    original = plots._headed

    def noted(figure: Any, title: str) -> None:
        said.append(title)
        original(figure, title)

    monkeypatch.setattr(plots, "_headed", noted)
    return said


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is drawn, to be looked at."""
    drawn: list[Any] = []
    original = plots.png

    def noted(figure: Any) -> bytes:
        drawn.append(
            [
                {
                    "labels": [(label.get_text(), label.get_color()) for label in axes.get_yticklabels()],
                    "bars": [round(bar.get_width(), 6) for bar in axes.patches],
                    "colours": [bar.get_facecolor() for bar in axes.patches],
                    "lines": [line.get_xdata() for line in axes.lines],
                    "scale": axes.get_xlim(),
                }
                for axes in figure.axes
            ]
        )
        return original(figure)

    monkeypatch.setattr(plots, "png", noted)
    return drawn


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_drawn_twice_has_the_same_bytes_and_is_closed(
    draw: Callable[[], bytes], draw_twice: Callable[[Callable[[], bytes]], None]
) -> None:
    draw_twice(draw)


def test_groups_stand_above_the_first_features_on_one_scale(figures: list[Any], titles: list[str]) -> None:
    plots.by_level(IMPORTANCES, GROUP, {"late_rate_00": "late flights", "history": "the days before"})
    ((above, below),) = figures
    assert [text for text, _ in above["labels"]] == ["the days before", "weather"]
    assert [text for text, _ in below["labels"]] == [
        "late flights",
        *(f"late rate {place:02d}" for place in range(1, 15)),
    ]
    assert above["bars"] == [0.3, 0.1]
    assert below["bars"][:3] == [0.2, 0.19, 0.18]
    assert above["scale"] == below["scale"]
    assert list(above["lines"][0]) == pytest.approx([0.27, 0.36])
    assert list(below["lines"][1]) == pytest.approx([0.9 * 0.19, 1.2 * 0.19])
    # Features have the colour of their group.
    assert below["colours"][0] == below["colours"][4] == above["colours"][0]
    assert below["colours"][2] == above["colours"][1] != above["colours"][0]
    assert [title.partition(": ")[2].rpartition(" ")[2] for title in titles] == ["0.30"]
    assert "the days before " in titles[0]


def test_measures_are_shares_and_disagreements_are_marked_wherever_they_stand(
    figures: list[Any], titles: list[str]
) -> None:
    plots.measures(AGREEMENTS, {"late_rate_18": "late flights"})
    ((shap, permutation, gain),) = figures
    names = [text for text, _ in shap["labels"]]
    assert names == [*(f"late rate {place:02d}" for place in range(15)), "late flights"]
    marked = [text for text, colour in shap["labels"] if colour == plots.ORANGE]
    assert marked == ["late rate 00", "late flights"]
    for panel in (shap, permutation, gain):
        assert len(set(panel["colours"])) == 2
        assert panel["colours"][0] == panel["colours"][15] != panel["colours"][1]
    # Of all twenty features, drawn or not: 0.2 of 2.1, and of drops without those below 0.
    assert shap["bars"][0] == pytest.approx(0.2 / 2.1, abs=1e-5)
    assert permutation["bars"][0] == pytest.approx(-0.002 / 0.153, abs=1e-5)
    assert permutation["bars"][15] == pytest.approx(0.016 / 0.153, abs=1e-5)
    assert gain["bars"][0] == pytest.approx(900 / (20 * 900 - 190), abs=1e-5)
    assert shap["scale"] == gain["scale"]
    assert any(len(line) == 16 and list(line) == pytest.approx([0.03 / 0.153] * 16) for line in permutation["lines"])
    assert [re.findall(r"\d+", title) for title in titles] == [["2", "20"]]


def test_words_have_the_numbers_and_names_of_the_pictures() -> None:
    said = plots.by_level_words(IMPORTANCES, {"late_rate_00": "late flights"})
    groups = ["0.30", "0.27", "0.36", "0.30", "0.10"]
    features = ["0.20", "0.18", "0.24", "0.20", "0.19", "0.18", "0.17"]
    assert re.findall(r"\d\.\d\d", said) == groups + features
    assert said.index("history") < said.index("weather") < said.index("late flights") < said.index("late rate 03")
    assert "unused" not in said
    said = plots.measures_words(AGREEMENTS, {"late_rate_18": "late flights"})
    assert re.findall(r"late rate \d+|late flights|\d+", said) == [
        "late rate 00", "late rate 19", "late rate 00", "2", "20", "late rate 00", "late flights",
    ]  # fmt: skip
    alike = [of._replace(permutation_rank=of.shap_rank, words="") for of in AGREEMENTS]
    assert re.findall(r"late rate \d+|\d+", plots.measures_words(alike)) == ["late rate 00", "20"]


def test_a_model_that_uses_nothing_still_has_pictures(titles: list[str]) -> None:
    assert plots.by_level(IMPORTANCES[20:21], GROUP).startswith(b"\x89PNG")
    assert plots.measures([]).startswith(b"\x89PNG")
    assert [re.findall(r"\d+", title) for title in titles] == [[], ["0", "0"]]
