"""The wording of review.comparison: headlines, sentences on periods and what stands on the page; and why something cannot be
compared. Tables and numbers are tested in test_review_comparison_page.py."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison_sides import PAYOFFS, SIDE, better, judged

from flight_delay.core.errors import UserError
from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.comparison import Change, Compared
from flight_delay.review.comparison.flights import Disagreement, Flight, Measure, PeriodComparison, join_rows, judge
from flight_delay.review.comparison.page import headline, render, said
from flight_delay.review.comparison.snapshot import FolderFiles, Side


def only(verdict: str, because: str | None = None, **measures: str) -> PeriodComparison:
    return replace(judged(**measures), verdict=verdict, because=because)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (judged(roc_auc="better", log_loss="worse"), "B is better than A in ROC AUC, worse in log loss"),
        (judged(roc_auc="better", average_precision="better", log_loss="better", profit="better"), "B is better than A in ROC AUC, average precision and log loss; its calls earn more"),
        (judged(average_precision="worse", profit="worse"), "B is worse than A in average precision; its calls earn less"),
        (only("undecided"), "no difference that these data can show"),
        (only("undecided", profit="better"), "no difference that these data can show; its calls earn more"),
        (only("same"), "the same probability for every flight"),
        (PeriodComparison(0, 0, 4, 5, (), "none", "there are no common flights"), "not compared, for there are no common flights"),
    ],
)  # fmt: skip
def test_a_period_is_judged_in_words(of: PeriodComparison, words: str) -> None:
    assert said(of) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "better", "backtest": judged(roc_auc="better")}, "B is better than A in ROC AUC"),
        ({"verdict": "worse", "backtest": judged(log_loss="worse")}, "B is worse than A in log loss"),
        ({"verdict": "mixed", "backtest": judged(roc_auc="better", log_loss="worse")}, "B is better than A in ROC AUC, worse in log loss"),
        ({"verdict": "mixed", "backtest": only("better", roc_auc="better")}, "B is better than A on the backtest, but not on the test"),
        ({"verdict": "undecided"}, "No difference that these data can show"),
        ({"verdict": "same"}, "A and B say the same of every flight"),
        ({"verdict": "same", "same_model": True}, "A and B are the same model, byte for byte"),
        ({"verdict": "same", "same_model": True, "b": replace(SIDE, threshold=0.4)}, "A and B are the same model, byte for byte; only its calls differ"),
        ({"verdict": "none"}, "A and B cannot be compared on the backtest"),
        ({"verdict": "outcomes_differ"}, "A and B answer different questions and cannot be compared"),
    ],
)  # fmt: skip
def test_every_verdict_has_its_words(changes: dict[str, Any], words: str) -> None:
    assert headline(replace(better(), **changes)) == words


AUC = Measure("roc_auc", 0.61, 0.62, Comparison(0.01, -0.002, 0.03, "undecided"))
LOSS = Measure("log_loss", 0.61, 0.62, Comparison(0.01, -0.002, 0.03, "undecided"))
PROFIT = Measure("profit", -12.5, 1234.5, Comparison(1247, 1000.1, 1300.2, "better"))
FLIGHT = Flight("2013-11-02", "UA", "7", "EWR", "MIA", "0515", 0.25, 0.75, True)


def changed() -> Compared:
    """Everything that can be different is."""
    data = replace(
        better().data, raw_same=False, origin=(Change("version", None, "2"),), other_content=("flights/2013-11.parquet",),
        only_a=("weather",), only_b=tuple(f"f{number}" for number in range(14)),
    )  # fmt: skip
    apart = Disagreement(
        flights=2000, mean_difference=0.0123, calls_changed=1234, a_right=234, b_right=1000,
        most=(FLIGHT, FLIGHT._replace(a=0.5, late=False)),
    )  # fmt: skip
    b = replace(better().b, stale=("train_model",), payoffs=Payoffs(**{**dict(PAYOFFS), "late_called_late": 200}))
    test = PeriodComparison(2000, 20, 1001, 7, (AUC, LOSS, PROFIT), "undecided")
    return replace(better(), data=data, b=b, test=test, disagreement=apart, inputs=("src/a|b", "src/`c"), parameters=())


def test_the_page_says_what_was_found_and_given() -> None:
    lines = {*render(changed()).splitlines(), *render(better()).splitlines()}
    for line in (
        "## B is better than A in ROC AUC, average precision and log loss",
        "A is `main` (cccccccccc), B is `deeper`.",
        "- **Backtest**, which judges: B is better than A in ROC AUC, average precision and log loss; its calls earn more.",
        '- **Test**, which may take a "better" back and grants none: no difference that these data can show; its calls earn more.',
        "### What differs",
        "- Parameters: the same.",
        "- Code and other inputs: different in `src/a\\|b`, `` src/`c ``.",
        "- Code and other inputs: the same.",
        "- Data: raw files differ, features the same (`data/processed`).",
        "- Version of the raw data: not there in A, `2` in B.",
        "- Raw files with other content: `flights/2013-11.parquet`.",
        "- Features that only A is trained on: `weather`.",
        f"- Features that only B is trained on: {', '.join(f'`f{number}`' for number in range(12))} and 2 more.",
        "- **Careful**: results of B were made with other values of `train_model` than its `params.yaml` has.",
        "- Payoffs differ. Profit is by B's on both sides; A's threshold was chosen for A's.",
        "2,000 common flights of 20 days; 1,001 only in A, 7 only in B.",
        "| | A | B | B − A | 95 % interval | B is |",
        "| ROC AUC | 0.6100 | 0.6200 | +0.01000 | −0.00200 to +0.03000 | undecided |",
        "| log loss (lower is better) | 0.6100 | 0.6200 | +0.01000 | −0.00200 to +0.03000 | undecided |",
        "| profit per flight | −12.50 | 1,234.50 | +1,247.000 | +1,000.100 to +1,300.200 | better |",
        "### Where they disagree, on the test",
        "Probabilities are 0.0123 apart on average. A calls flights late from 0.30 on, B from 0.30: calls differ for 1,234 of "
        "2,000 flights (61.7\N{NO-BREAK SPACE}%); there A is right 234 times, B 1,000 times.",
        "| date | flight | route | departure | A | B | it was |",
        "| 2013-11-02 | UA 7 | EWR–MIA | 05:15 | 0.250 | 0.750 | late |",
        "| 2013-11-02 | UA 7 | EWR–MIA | 05:15 | 0.500 | 0.750 | on time |",
        "the interval excludes zero, which chance alone brings about once in twenty rows. Both thresholds were chosen on the backtest.",
    ):  # fmt: skip
        assert line in lines


A = [0.6, 0.4, 0.3, 0.7]
LATE_OR_NOT = [True, False, True, False]


def four(late: list[bool] = LATE_OR_NOT, rows: slice = slice(4)) -> Predictions:
    """Four flights of two days, or some of them."""
    days = [1, 1, 2, 2][rows]
    ids = [f"2013-11-0{day}-UA-{number}-EWR-0515" for day, number in zip([1, 1, 2, 2], [7, 8] * 2, strict=True)][rows]
    dates = np.array([f"2013-11-0{day}" for day in days], "datetime64[D]")
    return Predictions(np.array(ids, object), dates, np.array(late[rows]), np.array(A[rows], np.float32))


@pytest.mark.parametrize(
    ("a", "b", "because"),
    [
        (four(), four([True] * 4), "outcomes of 2 of 4 common flights differ"),
        (four(rows=slice(2)), four(rows=slice(2, 4)), "there are no common flights"),
        (four(), four(rows=slice(2)), "the common flights are of one day, and an interval needs two"),
        (four([True] * 4), four([True] * 4), "all common flights were late"),
        (four([False] * 4), four([False] * 4), "all common flights were on time"),
    ],
)
def test_what_cannot_be_compared_says_why(a: Predictions, b: Predictions, because: str) -> None:
    assert judge(join_rows(a, b), (0.5, 0.5), PAYOFFS).because == because


def test_files_of_a_side_that_are_damaged_or_missing_are_named(tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages: {train: {cmd: train}}\n")
    (tmp_path / "params.yaml").write_text("a: [b")
    words = (
        "params.yaml of mine: damaged, or of another version of the code; choose another commit, or make it again there "
        "(`dvc repro`)"
    )
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        Side.of(FolderFiles(tmp_path), "mine")
    window = {"first": "2013-11", "through": "2013-12"}
    params = {"windows": {"test": window}, "decide": {"payoffs": dict(PAYOFFS)}}
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    (tmp_path / "data/raw/manifest.json").write_text('{"files": {}}')
    save_decision(tmp_path / "models/bundle", Calibration(method="none"), 0.26)
    words = "reports/evaluate/predictions of mine: no month that is needed; `dvc repro` there makes it"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        Side.of(FolderFiles(tmp_path), "mine")
