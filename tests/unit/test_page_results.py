"""report.page: what it says of results, of learning and of features."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from flight_delay.report.page import PICTURES, render

INPUTS: dict[str, Any] = {
    **json.loads(Path(__file__).with_name("page_inputs.json").read_text()),
    "pictures": {picture.name: b"" for of in PICTURES.values() for picture in of},
}


def words_of(page: str) -> str:
    """The text of a page, words one blank apart."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render(**INPUTS)


def test_the_verdict_stands_before_all_numbers(page: str) -> None:
    assert '<p class="verdict">The model is &lt;so&gt; good.</p>' in page
    assert page.index("The model is &lt;so&gt; good.") < page.index('class="figures"')


def test_every_rung_has_intervals_and_says_what_it_adds(page: str) -> None:
    text = words_of(page)
    for name, first in (
        ("base rate", 0.504),
        ("logistic regression", 0.605),
        ("XGBoost as it comes", 0.706),
        ("model", 0.403),
    ):
        assert f"{name} {first:.3f} 0.123 … 0.987 {first + 0.011:.3f} 0.123 … 0.987" in text
    assert "logistic regression over base rate +10.000 better +9.500 … +15.500 +11.000 better" in text
    assert "XGBoost as it comes over logistic regression +20.000 worse" in text
    assert "model over XGBoost as it comes +30.000 better" in text
    assert "model over logistic regression +40.000 cannot tell" in text


def test_what_calls_earn_is_on_the_page_with_payoffs_threshold_and_ranges(page: str) -> None:
    text = words_of(page)
    for said in (
        "late 101 −502 on time −103 104",
        "from a probability of 28 % on",
        "−3.4 per flight (−7.1 … 0.2)",
        "theory says 26 %",
        "oracle would earn 177",
        "model −24.4 −31.3 … −17.7 logistic regression −12.2 +62.0 cannot tell −1.5 … +99.9",
        "always on time −55.5 +64.0",
        "always late −46.6 +65.0",
        "A missed delay earns −502: it may earn −644 to −242.",
        "A false alarm earns −103: one call for all flights earns more, whatever this amount is.",
        "would be 36 % if a missed delay cost 0.5 times as much, 15 % if a missed delay cost 2 times as much, 9 % if",
    ):
        assert said in text


def test_the_backtest_is_on_the_page_by_month_with_its_spread(page: str) -> None:
    text = words_of(page)
    assert "2013-05 0.211 0.222 0.233 0.244 25.5 % 211,000" in text
    assert "lowest 0.211 0.222" in text
    assert "highest 0.322 0.333" in text
    assert "spread 0.111 0.111" in text


def test_calibrations_and_learning_curves_are_on_the_page(page: str) -> None:
    text = words_of(page)
    for said in (
        "used is “sigmoid”; “isotonic” has the lowest log loss",
        "none 0.5091 0.1661",
        "isotonic 0.5053 0.1653",
        "Deeper trees do not.",
    ):
        assert said in text
    assert "<li>More &lt;months&gt; help.</li>" in page


def test_the_costliest_parts_are_on_the_page_and_no_more_than_twelve(page: str) -> None:
    text = words_of(page)
    assert "by carrier (14 parts, the first 12)" in text
    assert "C00 1,000 25.0 % 20.0 % 0.600 40 % 30 % −20.5 −31.5 … −9.5 70,000" in text
    assert "C01 1,001 25.0 % 20.0 % 40 % 30 % −20.5 −31.5 … −9.5 69,999" in text
    assert "C02 1,002 25.0 % 20.0 % 0.600 40 % 30 % −20.5 69,998" in text
    assert "C11" in text
    assert "C12" not in text


def test_dropped_features_are_on_the_page_with_reasons(page: str) -> None:
    text = words_of(page)
    assert (
        "trained on 2 features. 2 were dropped before anything was trained, by rule: 1 no better than a random column, 1 left out in params.yaml."
        in text
    )
    assert "<code>origin</code>: Shuffling &lt;origin&gt; changes nothing." in page
    none = render(**{**INPUTS, "selection": {**INPUTS["selection"], "dropped": []}})
    assert "were dropped" not in none


def test_limits_say_what_the_model_knows(page: str) -> None:
    knows = "the timetable and the weather at the origin at the time of the prediction"
    text = words_of(page)
    assert f"31 hours before departure, from {knows}." in text
    assert f"The model knows {knows}; it knows neither the aircraft" in text
