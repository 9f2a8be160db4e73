"""report.page: the sections of a model card, and access to them by keyboard, screen reader and on paper."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_page import CONTENT, render_page, section_of

from flight_delay.report import page as page_module
from flight_delay.report.card import ModelCard
from flight_delay.report.page import SECTIONS

# The section of each part of the card.
PLACES = {
    "intended_use": "intended_use",
    "out_of_scope": "intended_use",
    "metrics": "evaluation",
    "factors": "slices",
    "limitations": "limitations",
    "ethics": "ethics",
    "security": "security",
    "failure_modes": "failure_modes",
    "maintainers": "model",
    "licence": "model",
}


@pytest.fixture(scope="module")
def page() -> str:
    return render_page()


def texts(value: Any) -> Iterator[str]:
    """Every text of a card."""
    if isinstance(value, str):
        yield value
    for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(entry)


@pytest.mark.parametrize("part", PLACES)
def test_every_text_of_the_card_is_once_on_the_page_in_its_section(part: str, page: str) -> None:
    section = section_of(page, PLACES[part])
    for text in set(texts(CONTENT["card"][part])) - {"low", "moderate", "high"}:
        assert html.escape(text) in section
        assert page.count(html.escape(text)) == 1


def test_every_part_of_the_card_and_every_template_has_a_section() -> None:
    assert set(PLACES) == set(ModelCard.model_fields)
    templates = {path.name.partition(".")[0] for path in Path(page_module.__file__).parent.glob("*.html.j2")}
    assert templates == {*SECTIONS, "page", "summary", "macros"}


def test_the_contents_lead_to_every_section_by_its_title(page: str) -> None:
    assert re.findall(r'<section id="([\w-]+)"', page) == list(SECTIONS)
    assert page.index('class="verdict"') < page.index("<nav") < page.index('id="intended_use"')
    contents = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', contents) == list(SECTIONS.items())
    for anchor, title in SECTIONS.items():
        assert f'aria-labelledby="{anchor}-title"' in section_of(page, anchor)
        assert f'<h2 id="{anchor}-title">{title}</h2>' in section_of(page, anchor)


def test_every_anchor_is_unique_and_every_internal_link_has_one(page: str) -> None:
    anchors = re.findall(r'\sid="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(anchors)
    assert {"must-not", "profit"} <= targets


def test_headings_go_down_one_level_at_a_time(page: str) -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == levels.count(1) == 1
    assert levels.count(2) == len(SECTIONS)
    assert set(levels) == {1, 2, 3}
    assert [after for before, after in itertools.pairwise(levels) if after > before + 1] == []


def test_landmarks_language_and_row_names_are_there(page: str) -> None:
    assert page.lstrip().startswith('<!doctype html>\n<html lang="en">')
    for landmark in ("header", "nav", "main", "footer"):
        assert len(re.findall(rf"<{landmark}[ >]", page)) == 1
    assert '<meta name="color-scheme" content="light">' in page
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
    assert all("scope=" in cell for cell in re.findall(r"<th[ >][^>]*>?", page))
    groups = re.findall(r'<div class="scroll[^>]*>', page)
    assert len(groups) == page.count("<table>")
    assert all('tabindex="0"' in group and re.search(r'aria-label="[^"]+"', group) for group in groups)


@pytest.mark.parametrize("colour", ["ink", "soft", "accent", "warn"])
@pytest.mark.parametrize("ground", ["#ffffff", "ground"])
def test_text_has_the_contrast_of_wcag(colour: str, ground: str, page: str) -> None:
    named = dict(re.findall(r"--(\w+): (#\w{6})", page))
    lighter, darker = sorted((luminance(named.get(name, name)) for name in (colour, ground)), reverse=True)
    # https://www.w3.org/TR/WCAG22/#contrast-minimum
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_on_paper_nothing_is_folded_and_no_plot_is_cut(page: str) -> None:
    paper = page[page.index("@media print {") : page.index("</style>")]
    assert "break-inside: avoid" in paper
    assert "::details-content { content-visibility: visible" in paper
    assert "nav, .skip { display: none; }" in paper
