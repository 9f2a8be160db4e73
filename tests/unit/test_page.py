"""report.page: one page that loads nothing, with every number and plot of its inputs, and every text of the card.

Its sections are those of a model card, with access by keyboard and screen reader and on paper."""

from __future__ import annotations

import base64
import html
import itertools
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from report_page import CONTENT, INPUTS, NO_EXAMPLES, plain_text, render_page, section_of

from flight_delay.report import page as page_module
from flight_delay.report.card import ModelCard
from flight_delay.report.page import SECTIONS

METRICS = INPUTS["metrics"]
# Links that users may follow; nothing is loaded from there.
LINKS = {
    "https://example.org/flights",
    "https://doi.org/10.1093/jamia/ocac093",
    "https://doi.org/10.1145/3287560.3287596",
    "https://doi.org/10.6028/NIST.FIPS.199",
}


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


class Tags(HTMLParser):
    """Start tags of a page; checks that every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.start_tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.start_tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in {"meta", "img", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def images(self) -> list[tuple[bytes, str]]:
        """Content and alternative text of every image."""
        prefix = "data:image/png;base64,"
        every = [attributes for tag, attributes in self.start_tags if tag == "img"]
        return [(base64.b64decode(image["src"].removeprefix(prefix)), image["alt"]) for image in every]


@pytest.fixture(scope="module")
def page() -> str:
    return render_page()


def test_every_metric_is_on_the_page(page: str) -> None:
    models = [METRICS[split] for split in ("train", "validation", "test")]
    for metrics in (*models, *(baseline["test"] for baseline in METRICS["baselines"].values())):
        first = f"<td>{metrics['rows']:,}</td><td>{metrics['base_rate']:.1%}</td>"
        assert first.replace("%", "\N{NO-BREAK SPACE}%") in page
        for name in set(metrics) - {"rows", "base_rate"}:
            assert f"<td>{metrics[name]:.3f}</td>" in page
    for name in ("roc_auc", "average_precision", "log_loss"):
        assert f"<b>{METRICS['test'][name]:.3f}</b>" in page


def test_counts_splits_and_examples_are_on_the_page(page: str) -> None:
    numbers = (
        "70,001 60,002 5,003 4,004 905 1.2.3 12.3\u00a0% 28\u00a0% 70,601 0.85\u00a0% "
        ">501< 4711 >99< 7,007 5,819 35,045"
    )
    explanations = "12,345 678 2013-11-01-UA-1-EWR-0600 5.1\u00a0% (−12.3)"
    for text in (*numbers.split(" "), *explanations.split(" "), *INPUTS["splits"].values()):
        assert text in page
    for sentence in (*CONTENT["explanation"]["sign_changes"], *CONTENT["explanation"]["slices"]):
        assert page.count(f"<li>{sentence}") == 1


def test_nothing_is_loaded_and_no_program_is_in_the_page(page: str) -> None:
    tags = Tags(page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags.start_tags}
    for tag, attributes in tags.start_tags:
        for name in ("src", "srcset", "data", "poster", "background"):
            assert attributes.get(name, "data:").startswith("data:")
        assert not [name for name, value in attributes.items() if name.startswith("on") or "javascript:" in value]
        if "href" in attributes:
            assert tag == "a"
            assert attributes["href"] in LINKS or attributes["href"].startswith("#")
    assert "url(" not in page
    assert "@import" not in page


def test_every_plot_is_once_in_its_section_in_the_order_given_with_title_and_text(page: str) -> None:
    for anchor in {plot.section for plot in INPUTS["plots"]}:
        assert Tags(section_of(page, anchor)).images() == [
            (plot.content, f"{plot.title}. {plot.text}.") for plot in INPUTS["plots"] if plot.section == anchor
        ]
    assert len(Tags(page).images()) == len(INPUTS["plots"])


def test_a_large_plot_is_folded_under_its_title() -> None:
    small, large = ((b"\x89PNG\r\n\x1a\n" + b"0" * 8 + width.to_bytes(4) + bytes(4)) for width in (800, 1400))
    first = INPUTS["plots"][0]._replace(content=small)
    page = section_of(render_page(plots=[first, first._replace(title="<Large>", content=large)]), "evaluation")
    assert page.count("<summary>&lt;Large&gt;</summary>") == 1
    assert "<summary>ROC" not in page
    assert len(Tags(page).images()) == 2


def test_a_plot_of_an_unknown_section_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^plot roc: .*'other'"):
        render_page(plots=[INPUTS["plots"][0]._replace(section="other")])


def test_data_without_problems_have_no_tables_of_problems() -> None:
    quality = {**INPUTS["quality"], "quarantined_rows": 0, "quarantined": {}, "warnings": {}}
    page = render_page(quality=quality, quality_examples=NO_EXAMPLES, findings=[])
    for number in ("4711", "7,007", "5,819", "35,045"):
        assert number not in page
    Tags(page)


def test_findings_are_listed_once_and_explained_once_per_check(page: str) -> None:
    for text in ("carrier: &lt;HA&gt; is rare", "origin drifts", "carrier drifts"):
        assert page.count(text) == 1
    for text in ("Little is learnt.", "Group.", "The past misleads.", "Train again."):
        assert page.count(text) == 1
    assert "drift (2)" in page
    assert "rare labels (1)" in page


def test_the_same_inputs_give_the_same_page(page: str) -> None:
    assert render_page() == page
    assert render_page(metrics={**METRICS, "threshold": 0.31}) != page


def test_data_without_licence_and_address_are_named_without_them() -> None:
    """As tables of the user are."""
    page = render_page(manifest={"source": "table", "columns": {}, "inputs": {}})
    assert "table" in plain_text(section_of(page, "data"))
    assert INPUTS["manifest"]["homepage"] not in page


def test_a_missing_number_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="backtest"):
        render_page(metrics={name: value for name, value in METRICS.items() if name != "backtest"})


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
