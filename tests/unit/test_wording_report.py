"""The wording of report: what the page says of results, of learning, of features and of data, with the numbers it is given."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flight_delay.report.pictures import PICTURES

from flight_delay.report.card import ModelCard
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import render

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


def words_of(page: str) -> str:
    """The text of a page, words one blank apart."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render(Inputs(**INPUTS))


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
        values = (
            f"{first:.3f} 0.123 … 0.987",
            f"{first + 0.011:.3f} 0.124 … 0.988",
            f"{first + 0.022:.3f} 0.125 … 0.989",
        )
        assert " ".join((name, *values)) in text
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
    none = render(Inputs(**{**INPUTS, "selection": {**INPUTS["selection"], "dropped": []}}))
    assert "were dropped" not in none


def test_the_page_says_what_the_model_knows_and_what_it_does_not_know(page: str) -> None:
    text = words_of(page)
    assert (
        "31 hours before departure, from the timetable and the weather at the origin at the time of the prediction."
        in text
    )
    assert (
        "The model knows neither the aircraft, how full the schedule is, late rates until the day before the prediction "
        "nor what happens after it has spoken." in text
    )
    assert (
        "learnt from a <source> alone: 24.5 % of flights were late in training, 44.7 % in the test months, where it said "
        "12.3 % on average." in text
    )


def test_the_figures_at_the_top_have_intervals_and_what_they_are_to_be_compared_with(page: str) -> None:
    top = words_of(page[page.index('class="figures"') : page.index("<nav")])
    for said in (
        "ROC AUC 0.403 0.123 … 0.987 logistic regression 0.605",
        "Average precision 0.414 0.124 … 0.988 0.447 by chance",
        "Log loss 0.425 0.125 … 0.989 base rate 0.526",
        "Late flights found 47 % 46 % of those called late are late, of all flights 45 %",
        "Profit per flight −24.4 −31.3 … −17.7 −55.5 if all were called on time",
        "ROC AUC in the backtest 0.777 mean of 6 months",
    ):
        assert said in top


def test_windows_are_on_the_page_with_their_flights_and_use(page: str) -> None:
    text = words_of(page)
    for said in (
        "train learnt from 2013-01 … 2013-09 201,000 24.5 %",
        "validation stops training 2013-10 302,000 34.6 %",
        "test judged on 2013-11 … 2013-12 403,000 44.7 %",
    ):
        assert said in text


def test_a_calibration_that_is_used_and_the_best_is_named_once(page: str) -> None:
    assert "which has the lowest log loss" not in page
    calibration = {**CONTENT["decided"]["calibration"], "lowest_log_loss": "sigmoid"}
    same = render(Inputs(**{**INPUTS, "decided": {**CONTENT["decided"], "calibration": calibration}}))
    assert "The one that is used is “sigmoid”, which has the lowest log loss." in words_of(same)
    assert words_of(same).count("“sigmoid”") == 1


def test_what_explanations_found_is_on_the_page(page: str) -> None:
    for said in (
        "every one of 12,345 flights",
        "0.1 log-odds are about\n1.9 percentage points",
        "of a sample of 678 flights",
        "<li>The effect of carrier changes sign.</li>",
        '<code>2013-11-01-UA-1-EWR-0600</code></th><td class="number">5.1\N{NO-BREAK SPACE}%</td>',
        "departure at 06:00 (−12.3)",
        "nothing moves it far from what is usual",
        "<li>Flights from JFK cost 9 more.</li>",
    ):
        assert said in page


def test_what_there_is_nothing_of_is_left_out(page: str) -> None:
    titles = "change sign between months", "The costliest slices"
    explanation = {**CONTENT["explanation"], "sign_changes": [], "slices": []}
    without = render(Inputs(**{**INPUTS, "explanation": explanation}))
    for title in titles:
        assert title in page
        assert title not in without


def test_what_was_set_aside_is_on_the_page_with_reasons_and_examples(page: str) -> None:
    for said in (
        "600 of 70,601 flights",
        "(0.85\N{NO-BREAK SPACE}%) break the contract",
        'distance_miles: is outside 1 … &lt;12500&gt;</td><td class="number">501</td><td>row 4711 of 2013-03',
        'cancelled, and arrived</td><td class="number">99</td><td>row 12 of 2013-04',
        "the value is left out: 7,007 flights",
        "SJU (5,819), BQN (896).",
        "carrier_delay_minutes (35,045)",
        "air_time_minutes, taxi_in_minutes",
    ):
        assert said in page


def test_data_without_fault_are_said_to_be(page: str) -> None:
    quality = {**INPUTS["quality"], "quarantined_rows": 0, "quarantined": {}, "warnings": {}}
    details = {"months": {}, "empty_columns": [], "missing": {}, "unknown_destinations": {}, "examples": {}}
    clean = render(Inputs(**{**INPUTS, "quality": quality, "details": details, "findings": []}))
    assert "All 70,601 flights keep the contract" in clean
    assert "0 warnings and no error" in clean
    for said in ("break the contract", "Let through", "does not know:", "does not fill"):
        assert said in page
        assert said not in clean


def test_ratings_have_their_level_beside_their_name_in_words(page: str) -> None:
    text = words_of(page)
    for said in (
        "Confidentiality: low All is <public>.",
        "Integrity: high Wrong calls <spread>.",
        "Availability: moderate Others wait <for it>.",
    ):
        assert said in text


def test_what_the_model_is_is_said_by_its_bundle(page: str) -> None:
    text = words_of(page)
    for said in (
        "gradient-boosted trees, 71 rounds (XGBoost 4.5.6)",
        "Learnt from 2013-01 … 2013-09 , stopped early on 2013-10",
        "Features schedule (2), weather (1), indicators of missing values (1)",
        "carrier (3), day of week (2); any other counts as missing",
        "a probability (calibration: sigmoid), and “late” from 28 % on",
        "data CC0, code MIT <or so>",
        "SHA-256 of the model 0f1e2d3c",
    ):
        assert said in text


def test_a_model_without_categories_is_not_said_to_know_some(page: str) -> None:
    assert "Categories it knows" in page
    numbers = [of for of in CONTENT["bundle"]["features"] if of["kind"] != "categorical"]
    without = render(Inputs(**{**INPUTS, "bundle": {**CONTENT["bundle"], "features": numbers}}))
    assert "Categories it knows" not in without


def test_pictures_of_columns_say_what_they_show(page: str) -> None:
    inputs = {**INPUTS, "pictures": {**INPUTS["pictures"], "check_data/profile_1": b""}}
    assert re.findall(r'alt="(Columns by window[^"]*)"', render(Inputs(**inputs)))
    assert 'alt="Columns by window' not in page
