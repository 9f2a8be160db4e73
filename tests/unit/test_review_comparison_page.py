"""review.comparison.page: the verdict in words, first, and tables that GitHub shows as tables."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.evaluation.intervals import Comparison
from flight_delay.evaluation.payoffs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.compared import Change, Compared, compared
from flight_delay.review.comparison.flights import Disagreement, Flight, Judged, Measure
from flight_delay.review.comparison.page import headline, render, said
from flight_delay.review.comparison.side import RawFile, Side

PAYOFFS = Payoffs(late_called_late=100, late_called_on_time=-500, on_time_called_late=-100, on_time_called_on_time=100)
RANDOM = np.random.default_rng(5)
ROWS, DAYS = 1500, 20
LATE = RANDOM.random(ROWS) < 0.3
DATES = np.datetime64("2013-11-01") + RANDOM.integers(DAYS, size=ROWS)
IDS = np.array([f"{date}-UA-{row}-EWR-0515" for row, date in enumerate(DATES)], object)


def predictions(skill: float) -> Predictions:
    noise = np.random.default_rng(3).normal(0, 0.1, ROWS)
    return Predictions(IDS, DATES, LATE, np.clip(0.3 + skill * (LATE - 0.3) + noise, 0.01, 0.99).astype(np.float32))


POOR, GOOD = predictions(0.02), predictions(0.15)
SIDE = Side(
    label="main", commit="c" * 40, parameters={"train_model.max_depth": "4"}, stale=(), inputs={"src": "s"},
    outputs={"models/bundle/model.ubj": "m"}, origin={"source": "bts"},
    raw_files={"flights/2013-11.parquet": RawFile(4, "x")}, features=("carrier", "origin"), threshold=0.3, payoffs=PAYOFFS,
    backtest=POOR, test=POOR, destination=np.array(["IAH", None] * (ROWS // 2), object),
)  # fmt: skip
CHANGED = replace(
    SIDE,
    label="deeper",
    commit=None,
    parameters={"train_model.max_depth": "6"},
    outputs={"models/bundle/model.ubj": "n"},
)


@pytest.fixture(scope="module")
def better() -> Compared:
    return compared(SIDE, replace(CHANGED, backtest=GOOD, test=GOOD))


def judged(**verdicts: str) -> Judged:
    over = {name: Comparison(0.1, 0.1, 0.1, verdict) for name, verdict in verdicts.items()}
    every = ("roc_auc", "average_precision", "log_loss", "profit")
    undecided = Comparison(0, 0, 0, "undecided")
    return Judged(9, 3, 0, 0, tuple(Measure(name, 0.5, 0.5, over.get(name, undecided)) for name in every), "mixed")


def cells(row: str) -> list[str]:
    """Of a table as GitHub reads it: a bar ends a cell unless a backslash stands before it."""
    assert row.startswith("|")
    assert row.endswith("|")
    return re.split(r"(?<!\\)\|", row)[1:-1]


def tables(page: str) -> list[list[list[str]]]:
    blocks = [block.splitlines() for block in page.split("\n\n")]
    return [[cells(row) for row in block] for block in blocks if any(row.startswith("|") for row in block)]


def test_the_verdict_stands_in_the_first_lines(better: Compared) -> None:
    assert better.verdict == "better"
    assert render(better).splitlines()[:6] == [
        "## B is better than A in ROC AUC, average precision and log loss",
        "",
        "A is `main` (cccccccccc), B is `deeper`.",
        "",
        "- **Backtest**, which judges: B is better than A in ROC AUC, average precision and log loss; its calls earn more.",
        '- **Test**, which may take a "better" back and grants none: B is better than A in ROC AUC, average precision and '
        "log loss; its calls earn more.",
    ]


def test_a_period_is_judged_in_words() -> None:
    of = judged(roc_auc="better", log_loss="worse")
    assert said(of) == "B is better than A in ROC AUC, worse in log loss"
    assert said(judged(average_precision="worse", profit="worse")) == (
        "B is worse than A in average precision; its calls earn less"
    )
    assert said(replace(of, verdict="undecided")) == "no difference that these data can show"
    assert said(replace(of, verdict="same")) == "the same probability for every flight"
    only_money = replace(judged(profit="better"), verdict="undecided")
    assert said(only_money) == "no difference that these data can show; its calls earn more"
    nothing = Judged(0, 0, 4, 5, (), "none", "there are no common flights")
    assert said(nothing) == "not compared, for there are no common flights"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "better", "backtest": judged(roc_auc="better")}, "B is better than A in ROC AUC"),
        ({"verdict": "worse", "backtest": judged(log_loss="worse")}, "B is worse than A in log loss"),
        (
            {"verdict": "mixed", "backtest": judged(roc_auc="better", log_loss="worse")},
            "B is better than A in ROC AUC, worse in log loss",
        ),
        (
            {"verdict": "mixed", "backtest": replace(judged(roc_auc="better"), verdict="better")},
            "B is better than A on the backtest, but not on the test",
        ),
        ({"verdict": "undecided"}, "No difference that these data can show"),
        ({"verdict": "same"}, "A and B say the same of every flight"),
        ({"verdict": "same", "same_model": True}, "A and B are the same model, byte for byte"),
        (
            {"verdict": "same", "same_model": True, "b": replace(SIDE, threshold=0.4)},
            "A and B are the same model, byte for byte; only its calls differ",
        ),
        ({"verdict": "none"}, "A and B cannot be compared on the backtest"),
        ({"verdict": "other_questions"}, "A and B answer different questions and cannot be compared"),
    ],
)
def test_every_verdict_has_its_words(better: Compared, changes, words) -> None:
    assert headline(replace(better, **changes)) == words


def test_a_change_of_one_parameter_fits_on_a_page(better: Compared) -> None:
    page = render(better)
    assert len(page.splitlines()) <= 70
    assert page.endswith("backtest.\n")
    assert "\n\n\n" not in page
    assert page == render(better)
    parameters, backtest, test, flights = tables(page)
    assert parameters[2:] == [[" `train_model.max_depth` ", " `4` ", " `6` "]]
    assert [row[0].strip() for row in backtest[2:]] == [
        "ROC AUC", "average precision", "log loss (lower is better)", "profit per flight",
    ]  # fmt: skip
    assert len(test) == 6
    assert len(flights) == 12
    assert {len(row) for row in flights} == {7}
    assert all(re.fullmatch(r" EWR(–IAH)? ", row[2]) for row in flights[2:])
    assert {row[3] for row in flights[2:]} == {" 05:15 "}


def test_numbers_have_true_minus_signs_and_the_same_digits(better: Compared) -> None:
    turned = compared(replace(CHANGED, backtest=GOOD, test=GOOD), SIDE)
    for page in (render(better), render(turned)):
        of = tables(page)[1]
        for row in of[2:5]:
            assert all(re.fullmatch(r" \d\.\d{4} ", cell) for cell in row[1:3])
            assert re.fullmatch(r" [+−]\d\.\d{5} ", row[3])
            assert re.fullmatch(r" [+−]\d\.\d{5} to [+−]\d\.\d{5} ", row[4])
        assert all(re.fullmatch(r" −?\d+\.\d\d ", cell) for cell in of[5][1:3])
        assert re.fullmatch(r" [+−]\d+\.\d{3} to [+−]\d+\.\d{3} ", of[5][4])
    rows = tables(render(turned))[1]
    assert rows[2][3].startswith(" −")
    assert rows[2][5] == " worse "


def test_what_is_of_a_stands_before_what_is_of_b(better: Compared) -> None:
    auc = Measure("roc_auc", 0.61, 0.62, Comparison(0.01, -0.002, 0.03, "undecided"))
    profit = Measure("profit", -12.5, 1234.5, Comparison(1247, 1000.1, 1300.2, "better"))
    flight = Flight("2013-11-02", "UA", "7", "EWR", "MIA", "0515", 0.25, 0.75, True)
    apart = Disagreement(
        flights=2000, mean_difference=0.0123, calls_changed=1234, a_right=234, b_right=1000,
        most=(flight, flight._replace(a=0.5, late=False)),
    )  # fmt: skip
    of = Judged(2000, 20, 1001, 7, (auc, profit), "undecided")
    lines = render(replace(better, test=of, disagreement=apart)).splitlines()
    for line in (
        "2,000 common flights of 20 days; 1,001 only in A, 7 only in B.",
        "| ROC AUC | 0.6100 | 0.6200 | +0.01000 | −0.00200 to +0.03000 | undecided |",
        "| profit per flight | −12.50 | 1,234.50 | +1,247.000 | +1,000.100 to +1,300.200 | better |",
        "Probabilities are 0.0123 apart on average. A calls flights late from 0.30 on, B from 0.30: calls differ for 1,234 of "
        "2,000 flights (61.7\N{NO-BREAK SPACE}%); there A is right 234 times, B 1,000 times.",
        "| 2013-11-02 | UA 7 | EWR–MIA | 05:15 | 0.250 | 0.750 | late |",
        "| 2013-11-02 | UA 7 | EWR–MIA | 05:15 | 0.500 | 0.750 | on time |",
    ):
        assert line in lines


def test_what_was_given_is_said_only_where_it_differs(better: Compared) -> None:
    page = render(better)
    for words in (
        "Parameters: the same",
        "Careful",
        "Payoffs",
        "Raw files with",
        "Features that only",
        "of the raw data",
    ):
        assert words not in page
    data = replace(
        better.data, raw_same=False, origin=(Change("version", None, "2"),), other_content=("flights/2013-11.parquet",),
        only_a=("weather",), only_b=tuple(f"f{number}" for number in range(14)),
    )  # fmt: skip
    kind = Payoffs(**{**dict(PAYOFFS), "late_called_late": 200})
    b = replace(better.b, stale=("train_model",), payoffs=kind)
    changed = render(replace(better, data=data, b=b, inputs=("src/a|b", "src/`c"), parameters=()))
    for line in (
        "- Parameters: the same.",
        "- Code and other inputs: different in `src/a\\|b`, `` src/`c ``.",
        "- Data: raw files differ, features the same (`data/processed`).",
        "- Version of the raw data: not there in A, `2` in B.",
        "- Raw files with other content: `flights/2013-11.parquet`.",
        "- Features that only A is trained on: `weather`.",
        f"- Features that only B is trained on: {', '.join(f'`f{number}`' for number in range(12))} and 2 more.",
        "- **Careful**: results of B were made with other values of `train_model` than its `params.yaml` has.",
        "- Payoffs differ. Profit is by B's on both sides; A's threshold was chosen for A's.",
    ):
        assert line in changed.splitlines()
    assert "results of A" not in changed
    assert "\n\n\n" not in changed


def test_the_same_model_needs_no_tables_unless_its_calls_differ() -> None:
    page = render(compared(SIDE, SIDE))
    assert tables(page) == []
    assert "Where they disagree" not in page
    calls = render(compared(SIDE, replace(SIDE, threshold=0.45)))
    assert calls.startswith("## A and B are the same model, byte for byte; only its calls differ\n")
    assert [len(table) for table in tables(calls)] == [6, 6]
    assert "A calls flights late from 0.30 on, B from 0.45: calls differ for" in calls


def test_what_cannot_be_compared_has_no_table() -> None:
    other = Predictions(IDS, DATES, ~LATE, POOR.probability)
    page = render(compared(SIDE, replace(CHANGED, backtest=other, test=other)))
    assert page.startswith("## A and B answer different questions and cannot be compared\n")
    assert "not compared, for outcomes of 1,500 of 1,500 common flights differ" in page
    assert len(tables(page)) == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_no_value_breaks_its_table(better: Compared, value: str) -> None:
    page = render(replace(better, parameters=(Change("name", value, None),)))
    assert [len(row) for row in tables(page)[0]] == [3, 3, 3]
    assert tables(page)[0][2][2] == " not there "
