"""report.page: what it says as a model card, and that people find their way in it, with whatever they read it with."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flight_delay.report.pictures import PICTURES

from flight_delay.report import page as page_module
from flight_delay.report.card import ModelCard
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import SECTIONS, render

CONTENT: dict[str, Any] = json.loads(Path(__file__).with_name("page_inputs.json").read_text())
INPUTS: dict[str, Any] = {
    **CONTENT,
    "card": ModelCard.model_validate(CONTENT["card"]),
    "pictures": dict.fromkeys(
        [
            *(picture.name for of in PICTURES.values() for picture in of),
            *(f"interpret/{name}" for name in CONTENT["explanation"]["pictures"]),
        ],
        b"",
    ),
}
# Where each part of the card belongs, by section of the page.
PLACES = {
    "intended_use": "purpose",
    "out_of_scope": "purpose",
    "metrics": "quality",
    "factors": "slices",
    "limits": "limits",
    "ethics": "ethics",
    "ratings": "ratings",
    "when_wrong": "care",
    "maintainers": "model",
    "licence": "model",
}


@pytest.fixture(scope="module")
def page() -> str:
    return render(Inputs(**INPUTS))


def words_of(page: str) -> str:
    """The text of a page, words one blank apart."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def section(page: str, anchor: str) -> str:
    """One section of a page, its tags included."""
    found = re.findall(rf'<section id="{anchor}".*?</section>', page, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def texts(value: Any) -> Iterator[str]:
    """Every text of a card."""
    if isinstance(value, str):
        yield value
    for of in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(of)


@pytest.mark.parametrize("part", PLACES)
def test_every_text_of_the_card_stands_once_on_the_page_in_its_section_as_it_is_written(part: str, page: str) -> None:
    said = section(page, PLACES[part])
    for text in set(texts(CONTENT["card"][part])) - {"low", "moderate", "high"}:
        assert html.escape(text) in said
        assert page.count(html.escape(text)) == 1


def test_no_part_of_the_card_is_forgotten() -> None:
    assert set(PLACES) == set(ModelCard.model_fields)


def test_sections_come_in_the_order_in_which_they_are_read(page: str) -> None:
    assert re.findall(r'<section id="([\w-]+)"', page) == list(SECTIONS)
    assert list(SECTIONS) == [
        "purpose", "model", "quality", "money", "slices", "probabilities", "learning", "explanation", "data", "limits",
        "ethics", "ratings", "care", "reproduction",
    ]  # fmt: skip
    assert page.index('class="verdict"') < page.index("<nav") < page.index('id="purpose"')


def test_every_template_of_a_section_is_a_section() -> None:
    templates = {path.name.partition(".")[0] for path in Path(page_module.__file__).parent.glob("*.html.j2")}
    assert templates == {*SECTIONS, "page", "summary", "macros"}


def test_the_contents_lead_to_every_section_by_its_title(page: str) -> None:
    contents = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', contents) == list(SECTIONS.items())
    for anchor, title in SECTIONS.items():
        assert f'aria-labelledby="{anchor}-title"' in section(page, anchor)
        assert f'<h2 id="{anchor}-title">{title}</h2>' in section(page, anchor)


def test_every_anchor_is_there_once_and_every_link_within_the_page_leads_to_one(page: str) -> None:
    anchors = re.findall(r'\sid="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    targets = re.findall(r'href="#([^"]+)"', page)
    assert set(targets) - set(anchors) == set()
    assert {"must-not", "money", "purpose"} <= set(targets)


def test_headings_go_down_one_level_at_a_time(page: str) -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert levels.count(2) == len(SECTIONS)
    assert set(levels) == {1, 2, 3}
    assert [after for before, after in itertools.pairwise(levels) if after > before + 1] == []


def test_those_who_do_not_see_the_page_find_landmarks_language_and_row_names(page: str) -> None:
    assert page.startswith('<!doctype html>\n<html lang="en">')
    for landmark in ("header", "nav", "main", "footer"):
        assert len(re.findall(rf"<{landmark}[ >]", page)) == 1
    assert '<meta name="color-scheme" content="light">' in page
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert all("scope=" in cell for cell in re.findall(r"<th[ >][^>]*>?", page))
    groups = re.findall(r'<div class="scroll[^>]*>', page)
    assert len(groups) == page.count("<table>")
    assert all('tabindex="0"' in group and re.search(r'aria-label="[^"]+"', group) for group in groups)


def test_there_is_no_program_in_the_page(page: str) -> None:
    assert "<script" not in page
    assert not re.search(r"\son\w+=|javascript:", page)


COLOURS = ("ink", "soft", "accent", "warn")


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("ground", ["#ffffff", "ground"])
def test_text_has_the_contrast_that_wcag_asks_for(colour: str, ground: str, page: str) -> None:
    named = dict(re.findall(r"--(\w+): (#\w{6})", page))
    lighter, darker = sorted((luminance(named.get(name, name)) for name in (colour, ground)), reverse=True)
    # https://www.w3.org/TR/WCAG22/#contrast-minimum
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_on_paper_nothing_is_hidden_and_no_picture_is_cut(page: str) -> None:
    paper = page[page.index("@media print {") : page.index("</style>")]
    assert "break-inside: avoid" in paper
    assert "::details-content { content-visibility: visible" in paper
    assert "nav, .skip { display: none; }" in paper
