"""The wording of report: sentences of the page with the numbers that they are given."""

from __future__ import annotations

import pytest
from report_page import CONTENT, INPUTS, NO_EXAMPLES, plain_text, render_page

from flight_delay.report import sections

SENTENCES = {
    "summary": [
        "The model is <so> good.",
        "Predicted 31 hours before departure from the schedule and the weather at the origin at the time of the prediction.",
        "ROC AUC 0.403 0.123 … 0.987 logistic regression 0.605",
        "Average precision 0.414 0.124 … 0.988 0.447 by chance",
        "Log loss 0.425 0.125 … 0.989 base rate 0.526",
        "Recall 47 % precision 46 %, base rate 45 %",
        "Profit per flight −24.4 −31.3 … −17.7 −55.5 if all are predicted on time",
        "ROC AUC in the backtest 0.777 mean of 6 months",
    ],
    "evaluation": [
        "base rate 0.504 0.123 … 0.987 0.515 0.124 … 0.988 0.526 0.125 … 0.989",
        "logistic regression compared with base rate +10.000 better +9.500 … +15.500 +11.000 better",
        "XGBoost, default parameters compared with logistic regression +20.000 worse",
        "model compared with logistic regression +40.000 not significant",
        "2013-05 0.211 0.222 0.233 0.244 25.5 % 211,000",
        "ROC AUC of the 2 months is 0.211 to 0.322.",
        "spread 0.111 0.111",
    ],
    "profit": [
        "late 101 −502 on time −103 104",
        "at a probability of 28 % or more",
        "−3.4 per flight (−7.1 … 0.2)",
        "for calibrated probabilities, is 26 %",
        "would earn 177 per flight",
        "model −24.4 −31.3 … −17.7 logistic regression −12.2 +62.0 not significant −1.5 … +99.9",
        "always on time −55.5 +64.0",
        "would be 36 % if a missed delay cost 0.5 times as much, 15 % if a missed delay cost 2 times as much, 9 % if",
    ],
    "slices": [
        "by carrier (14 slices, the first 12)",
        "C00 1,000 25.0 % 20.0 % 0.600 40 % 30 % −20.5 −31.5 … −9.5 70,000",
        "C01 1,001 25.0 % 20.0 % 40 % 30 % −20.5 −31.5 … −9.5 69,999",
        "C02 1,002 25.0 % 20.0 % 0.600 40 % 30 % −20.5 69,998",
    ],
    "calibration": ["in use is “sigmoid”; “isotonic” has the lowest log loss", "none 0.5091 0.1661"],
    "learning_curves": ["More <months> help. Deeper trees do not."],
    "explanations": [
        "each of the 12,345 flights",
        "0.1 log-odds are about 1.9 percentage points",
        "a sample of 678 flights",
        "2013-11-01-UA-1-EWR-0600 5.1 % departure at 06:00 (−12.3)",
        "no large contribution",
    ],
    "data": [
        "test evaluation 2013-11 … 2013-12 403,000 44.7 %",
        "600 of 70,601 flights (0.85 %) violate the data contract.",
        "distance_miles: is outside 1 … <12500> 501 row 4711 of 2013-03",
        "the value is left out: 7,007 flights",
        "SJU (5,819), BQN (896).",
        "Airports whose time zone in the table is probably wrong, since most of their flights contradict the duration alike:",
        "1 h behind",
        "uses 2 features. 2 features were dropped before training: 1 no better than noise, 1 excluded in params.yaml.",
        "origin : Shuffling <origin> changes nothing.",
        "3 warnings and no error",
    ],
    "limitations": [
        "does not use the aircraft, traffic, late rates up to the day before the prediction or events after the prediction.",
        "trained on a <source> only: 24.5 % of the training flights and 44.7 % of the test flights were late; the mean "
        "prediction on test is 12.3 %.",
    ],
    "model": [
        "gradient-boosted trees, 71 rounds (XGBoost 4.5.6)",
        "Features schedule (2), weather (1), indicators of missing values (1)",
        "carrier (3), day of week (2); any other category counts as missing",
        "a probability (calibration: sigmoid); a flight is predicted late at 28 % or more",
        "data CC0, code MIT <or so>",
        "SHA-256 of the model 0f1e2d3c",
    ],
    "security": ["Confidentiality: low All is <public>.", "Availability: moderate Others wait <for it>."],
}


@pytest.fixture(scope="module")
def text() -> str:
    return plain_text(render_page())


@pytest.mark.parametrize("section", SENTENCES)
def test_a_section_has_its_sentences(section: str, text: str) -> None:
    assert [sentence for sentence in SENTENCES[section] if sentence not in text] == []
    assert "C12" not in text


CALIBRATION = {**CONTENT["threshold_choice"]["calibration"], "lowest_log_loss": "sigmoid"}


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        ({"selection": {**INPUTS["selection"], "dropped": []}}, "", ["were dropped"]),
        (
            {"threshold_choice": {**CONTENT["threshold_choice"], "calibration": CALIBRATION}},
            "The method in use is “sigmoid”, which has the lowest log loss.",
            ["“isotonic”"],
        ),
        (
            {"explanation": {**CONTENT["explanation"], "sign_changes": [], "slices": []}},
            "",
            ["change sign between months", "Costliest slices"],
        ),
        (
            {"quality": {**INPUTS["quality"], "quarantined_rows": 0, "warnings": {}}, "quality_examples": NO_EXAMPLES},
            "All 70,601 flights fit the data contract.",
            ["violate", "Warnings:", "not in the table of airports:", "Missing or unreadable", "the source does not have"],
        ),
        (
            {"bundle": {**CONTENT["bundle"], "features": [f for f in CONTENT["bundle"]["features"] if f["kind"] != "categorical"]}},
            "",
            ["any other category"],
        ),
    ],
)  # fmt: skip
def test_empty_parts_are_left_out(changes: dict, present: str, absent: list[str], text: str) -> None:
    changed = plain_text(render_page(**changes))
    assert present in changed
    assert [part for part in absent if part in changed] == []


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ({"low": -644.18, "high": -242.3}, "the model earns more from −644 to −242."),
        ({"low": None, "high": 1234.4}, "the model earns more up to 1,234."),
        ({"low": -2.125, "high": None}, "the model earns more from −2.12."),
        ({"low": None, "high": None}, "the model earns more at any amount."),
        (None, "one prediction for all flights earns more at any amount."),
    ],
)
def test_break_even_ranges(ends: dict[str, float | None] | None, sentence: str) -> None:
    payoffs = {"false_negative": -500.0}
    assert sections.break_even_sentences({"false_negative": ends}, payoffs) == [
        f"A missed delay (false negative): −500; {sentence}"
    ]


KINDS = {
    "schedule": "the schedule",
    "density": "traffic",
    "history": "late rates up to the day before the prediction",
    "weather": "the weather at the origin at the time of the prediction",
}


@pytest.mark.parametrize("groups", [["schedule", "history", "density", "history"], ["schedule"], list(KINDS)])
def test_available_and_unavailable_information(groups: list[str]) -> None:
    selection = {"features": [{"group": group} for group in groups]}
    known = [text for group, text in KINDS.items() if group in groups]
    others = ["the aircraft", *(text for group, text in KINDS.items() if group not in groups)]
    *before, last = known
    assert sections.available_information(selection) == (f"{', '.join(before)} and {last}" if before else last)
    assert sections.unavailable_information(selection) == f"{', '.join(others)} or events after the prediction"
