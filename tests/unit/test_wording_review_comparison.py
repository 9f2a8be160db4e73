"""The wording of review.comparison: headlines, verdicts on periods, the page, and why periods are not comparable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from snapshots import IDS, PAYOFFS, POOR, SNAPSHOT, TARGET, A, better, period, predictions

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.costs import Payoffs
from flight_delay.review.comparison.comparison import PipelineComparison, ValueChange
from flight_delay.review.comparison.page import describe_period, headline, render_comparison
from flight_delay.review.comparison.rows import (
    Disagreement,
    MetricComparison,
    PeriodComparison,
    RowDifference,
    compare_period,
    join_rows,
)


def only(verdict: str, **metrics: str) -> PeriodComparison:
    return replace(period(**metrics), verdict=verdict)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (period(roc_auc="better", log_loss="worse"), "B is better than A in ROC AUC, worse in log loss"),
        (period(roc_auc="better", average_precision="better", log_loss="better", profit="better"), "B is better than A in ROC AUC, average precision and log loss; B's profit is higher"),
        (period(average_precision="worse", profit="worse"), "B is worse than A in average precision; B's profit is lower"),
        (only("not_significant", profit="better"), "no significant difference; B's profit is higher"),
        (only("same"), "the same probability for every row"),
        (PeriodComparison(0, 0, 4, 5, (), "none", "there are no common rows"), "not comparable: there are no common rows"),
    ],
)  # fmt: skip
def test_the_verdict_on_a_period(comparison: PeriodComparison, words: str) -> None:
    assert describe_period(comparison) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "better", "backtest": period(roc_auc="better")}, "B is better than A in ROC AUC"),
        ({"verdict": "mixed", "backtest": period(roc_auc="better", log_loss="worse")}, "B is better than A in ROC AUC, worse in log loss"),
        ({"verdict": "mixed", "backtest": only("better", roc_auc="better")}, "B is better than A on the backtest, but not on the test"),
        ({"verdict": "not_significant"}, "No significant difference"),
        ({"verdict": "same"}, "A and B have the same probability for every row"),
        ({"verdict": "same", "is_same_model": True}, "A and B are the same model, byte for byte"),
        ({"verdict": "same", "is_same_model": True, "b": replace(POOR, threshold=0.4)}, "A and B are the same model, byte for byte; only their thresholds differ"),
        ({"verdict": "none"}, "A and B cannot be compared on the backtest"),
        ({"verdict": "outcomes_differ"}, "A and B have different targets and cannot be compared"),
    ],
)  # fmt: skip
def test_the_headline(changes: dict[str, Any], words: str) -> None:
    assert headline(replace(better(), **changes)) == words


AUC, LOSS = (
    MetricComparison(name, 0.61, 0.62, Comparison(0.01, -0.002, 0.03, "not_significant"))
    for name in ("roc_auc", "log_loss")
)
PROFIT = MetricComparison("profit", -12.5, 1234.5, Comparison(1247, 1000.1, 1300.2, "better"))
ROW = RowDifference("2013-11-02-UA-7", 0.25, 0.75, True)


def changed() -> PipelineComparison:
    """Everything differs."""
    data = replace(
        better().data, has_same_raw_data=False, origin=(ValueChange("version", None, "2"),), other_content=("rows/2013-11.parquet",),
        only_a=("weather",), only_b=tuple(f"f{number}" for number in range(14)),
    )  # fmt: skip
    disagreement = Disagreement(2000, 0.0123, 1234, 234, 1000, (ROW, ROW._replace(a=0.5, target=False)))
    b = replace(better().b, stale=("train_model",), payoffs=Payoffs(**{**dict(PAYOFFS), "true_positive": 200}))
    test = PeriodComparison(2000, 20, 1001, 7, (AUC, LOSS, PROFIT), "not_significant")
    inputs = ("src/a|b", "src/`c")
    return replace(better(), data=data, b=b, test=test, disagreement=disagreement, inputs=inputs, parameters=())


def test_the_page() -> None:
    lines = {*render_comparison(changed()).splitlines(), *render_comparison(better()).splitlines()}
    for line in (
        "## B is better than A in ROC AUC, average precision and log loss",
        "A is `main` (cccccccccc), B is `deeper` (dddddddddd).",
        "- **Backtest**, which decides: B is better than A in ROC AUC, average precision and log loss; B's profit is higher.",
        '- **Test**, which can veto "better": no significant difference; B\'s profit is higher.',
        "### Changes",
        "- Parameters: the same.",
        "- Code and other inputs: different in `src/a\\|b`, `` src/`c ``.",
        "- Code and other inputs: the same.",
        "- Data: raw files differ, features the same (`data/processed`).",
        "- Version of the raw data: absent in A, `2` in B.",
        "- Raw files with other content: `rows/2013-11.parquet`.",
        "- Features only in A: `weather`.",
        f"- Features only in B: {', '.join(f'`f{number}`' for number in range(12))} and 2 more.",
        "- **Warning**: results of B were made with other values of `train_model` than its `params.yaml` has.",
        "- Payoffs differ. Profit uses B's for both; A's threshold was chosen with A's.",
        "2,000 common rows of 20 days; 1,001 only in A, 7 only in B.",
        "| | A | B | B − A | 95 % interval | B is |",
        "| ROC AUC | 0.6100 | 0.6200 | +0.01000 | −0.00200 to +0.03000 | not significant |",
        "| log loss (lower is better) | 0.6100 | 0.6200 | +0.01000 | −0.00200 to +0.03000 | not significant |",
        "| profit per row | −12.50 | 1,234.50 | +1,247.000 | +1,000.100 to +1,300.200 | better |",
        "### Disagreement on the test",
        "The mean absolute difference of probabilities is 0.0123. With thresholds of 0.30 in A and 0.30 in B, 1,234 of 2,000 rows "
        "(61.7 %) are classified differently; A is right on 234 of them, B on 1,000.",
        "| row | A | B | target |",
        "| `2013-11-02-UA-7` | 0.250 | 0.750 | 1 |",
        "| `2013-11-02-UA-7` | 0.500 | 0.750 | 0 |",
        "zero, which happens by chance in one of twenty rows. Both thresholds were chosen on the backtest.",
    ):  # fmt: skip
        assert line in lines


FIRST, LAST = slice(2), slice(2, 4)


@pytest.mark.parametrize(
    ("a", "b", "verdict", "reason"),
    [
        (SNAPSHOT.test, predictions(A, [True] * 4), "outcomes_differ", "targets of 2 of 4 common rows differ"),
        (predictions(A[FIRST], TARGET[FIRST], IDS[FIRST]), predictions(A[LAST], TARGET[LAST], IDS[LAST]), "none", "there are no common rows"),
        (SNAPSHOT.test, predictions(A[FIRST], TARGET[FIRST], IDS[FIRST]), "none", "the common rows are of one day, and an interval needs two"),
        (predictions(A, [True] * 4), predictions(A, [True] * 4), "none", "all common rows are positive"),
        (predictions(A, [False] * 4), predictions(A, [False] * 4), "none", "all common rows are negative"),
    ],
)  # fmt: skip
def test_the_reason_why_periods_are_not_comparable(a, b, verdict: str, reason: str) -> None:
    comparison = compare_period(join_rows(a, b), (0.5, 0.5), PAYOFFS)
    assert (comparison.verdict, comparison.reason, comparison.measures) == (verdict, reason, ())
