"""report.page: one page that loads nothing, with every number and plot of its inputs."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError
from report_page import CONTENT, INPUTS, NO_EXAMPLES, plain_text, render_page, section_of

METRICS = INPUTS["metrics"]
# Links that users may follow; nothing is loaded from there.
LINKS = {
    "https://example.org/flights",
    "https://doi.org/10.1093/jamia/ocac093",
    "https://doi.org/10.1145/3287560.3287596",
    "https://doi.org/10.6028/NIST.FIPS.199",
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
