"""report.page: one page that needs nothing but itself."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flight_delay.report.pictures import PICTURES
from jinja2 import UndefinedError

from flight_delay.report.card import ModelCard
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import render

# Numbers are told apart by their digits.
CONTENT: dict[str, Any] = json.loads(Path(__file__).with_name("page_inputs.json").read_text())
INPUTS: dict[str, Any] = {
    **CONTENT,
    "card": ModelCard.model_validate(CONTENT["card"]),
    "pictures": {
        **{picture.name: picture.name.encode() for of in PICTURES.values() for picture in of},
        **{f"interpret/{name}": f"interpret/{name}".encode() for name in CONTENT["explanation"]["pictures"]},
        "check_data/profile_1": b"third",
        "check_data/profile_2": b"fourth",
    },
}
METRICS = INPUTS["metrics"]
# Somebody may follow them; nothing is loaded from there.
LINKS = {
    "https://example.org/flights",
    "https://doi.org/10.1093/jamia/ocac093",
    "https://doi.org/10.1145/3287560.3287596",
    "https://doi.org/10.6028/NIST.FIPS.199",
}


class Tags(HTMLParser):
    """Collects the start tags of a page, and whether every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page() -> str:
    return render(Inputs(**INPUTS))


def test_every_metric_is_on_the_page(page: str) -> None:
    of_models = [METRICS[window] for window in ("train", "validation", "test")]
    for metrics in (*of_models, *(of["test"] for of in METRICS["baselines"].values())):
        assert (
            f"<td>{metrics['rows']:,}</td><td>{metrics['base_rate']:.1%}</td>".replace("%", "\N{NO-BREAK SPACE}%")
            in page
        )
        for name in set(metrics) - {"rows", "base_rate"}:
            assert f"<td>{metrics[name]:.3f}</td>" in page
    assert "<b>0.777</b>" in page
    assert "mean of 6 months" in page


def test_the_figures_at_the_top_are_those_of_the_model_on_test(page: str) -> None:
    for name in ("roc_auc", "average_precision", "log_loss"):
        assert f"<b>{METRICS['test'][name]:.3f}</b>" in page


def test_counts_windows_and_source_are_on_the_page(page: str) -> None:
    figures = ("70,001", "60,002", "5,003", "4,004", "905", "1.2.3", "12.3\N{NO-BREAK SPACE}%", "28\N{NO-BREAK SPACE}%")
    for said in (*figures, "17 minutes late", "31 hours before departure", *INPUTS["windows"].values()):
        assert said in page
    assert "a &lt;source&gt;" in page


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    tags = Tags(page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags.found}
    for tag, attributes in tags.found:
        for name in ("src", "srcset", "data", "poster", "background"):
            assert (attributes.get(name) or "data:").startswith("data:")
        if "href" in attributes:
            assert tag == "a"
            assert attributes["href"] in LINKS or (attributes["href"] or "").startswith("#")
    assert "url(" not in page
    assert "@import" not in page


def test_every_picture_is_there_once_with_words_for_those_who_cannot_see_it(page: str) -> None:
    images = [attributes for tag, attributes in Tags(page).found if tag == "img"]
    shown = [base64.b64decode((image["src"] or "").removeprefix("data:image/png;base64,")) for image in images]
    assert sorted(shown) == sorted(INPUTS["pictures"].values())
    descriptions = [image["alt"] for image in images]
    assert all(descriptions)
    # Only the pictures of columns, of which there are two here, share their words.
    assert len(set(descriptions)) == len(images) - 1
    assert descriptions[-1] == descriptions[-2]


def test_pictures_of_explanations_say_what_they_show_in_the_order_given_and_those_of_columns_come_last(
    page: str,
) -> None:
    images = [attributes for tag, attributes in Tags(page).found if tag == "img"]
    words = [image["alt"] or "" for image in images]
    explained = [of.removesuffix(".") for of in CONTENT["explanation"]["pictures"].values()]
    assert [of for of in words if of in explained] == explained
    last = [base64.b64decode((image["src"] or "").removeprefix("data:image/png;base64,")) for image in images[-2:]]
    assert last == [b"third", b"fourth"]


def test_what_explanations_found_is_on_the_page(page: str) -> None:
    for shown in (
        "12,345",
        "678",
        "1.9 percentage points",
        "2013-11-01-UA-1-EWR-0600",
        "5.1\N{NO-BREAK SPACE}%",
        "(−12.3)",
    ):
        assert shown in page
    found = CONTENT["explanation"]
    for sentence in (*found["sign_changes"], *found["slices"]):
        assert page.count(f"<li>{sentence}") == 1


def test_what_was_set_aside_is_on_the_page_with_numbers_and_places(page: str) -> None:
    for shown in (
        "70,601",
        "0.85\N{NO-BREAK SPACE}%",
        "&lt;12500&gt;",
        ">501<",
        "4711",
        ">99<",
        "7,007",
        "5,819",
        "35,045",
    ):
        assert shown in page


def test_data_without_fault_have_no_tables_of_faults() -> None:
    quality = {**INPUTS["quality"], "quarantined_rows": 0, "quarantined": {}, "warnings": {}}
    details = {"months": {}, "empty_columns": [], "missing": {}, "unknown_destinations": {}, "examples": {}}
    page = render(Inputs(**{**INPUTS, "quality": quality, "details": details, "findings": []}))
    for shown in ("4711", "7,007", "5,819", "35,045"):
        assert shown not in page
    assert Tags(page).open == []


def test_pitfalls_are_on_the_page_once_each_with_what_they_mean_once_for_each_kind(page: str) -> None:
    assert "3 warnings and no error" in page
    for said in ("carrier: &lt;HA&gt; is rare", "origin drifts", "carrier drifts"):
        assert page.count(said) == 1
    for said in ("Little is learnt.", "Group.", "The past misleads.", "Train again."):
        assert page.count(said) == 1
    assert "drift (2)" in page
    assert "rare labels (1)" in page


def test_every_tag_is_closed(page: str) -> None:
    assert Tags(page).open == []


def test_the_same_numbers_give_the_same_page(page: str) -> None:
    assert render(Inputs(**INPUTS)) == page
    assert render(Inputs(**{**INPUTS, "metrics": {**METRICS, "threshold": 0.31}})) != page


@pytest.mark.parametrize("missing", ["interpret/importance", "evaluate/roc"])
def test_a_missing_picture_is_an_error_and_not_a_hole(missing: str) -> None:
    pictures = {name: content for name, content in INPUTS["pictures"].items() if name != missing}
    with pytest.raises(UndefinedError, match=missing):
        render(Inputs(**{**INPUTS, "pictures": pictures}))


def test_a_missing_number_is_an_error_and_not_a_hole() -> None:
    with pytest.raises(UndefinedError, match="backtest"):
        render(Inputs(**{**INPUTS, "metrics": {name: of for name, of in METRICS.items() if name != "backtest"}}))
