"""tracking.description: what a run shows at a glance."""

from __future__ import annotations

import re

from flight_delay.tracking.description import HEADLINE_METRICS, BaselinePipeline, describe_run

METRICS = {
    "backtest/average_precision": 0.3881,
    "backtest/roc_auc": 0.6911,
    "backtest/log_loss": 0.5087,
    "backtest/expected_profit": -5.338,
    "test/average_precision": 0.3928,
    "test/roc_auc": 0.6543,
    "test/log_loss": 0.5455,
    "test/expected_profit": -19.79,
    "threshold": 0.26,
}
VERDICT = "The model is better."
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def rows(text: str) -> dict[str, list[str]]:
    """Cells of the table by their first."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {name: cells for name, *cells in lines[1:]}


def test_it_begins_with_the_figures() -> None:
    first = describe_run(METRICS, None, VERDICT).splitlines()[0]
    backtest, test = first.split(" · ")
    assert re.findall(r"-?\d+\.\d+", backtest) == ["0.691", "0.388", "0.509", "-5.34"]
    assert re.findall(r"-?\d+\.\d+", test) == ["0.654", "0.393", "0.545", "-19.79"]
    assert ("backtest" in backtest, "test" in test, "backtest" in test) == (True, True, False)


def test_without_a_baseline_it_says_so_and_ends_with_the_verdict() -> None:
    text = describe_run(METRICS, None, VERDICT)
    assert "|" not in text
    assert text.endswith(VERDICT)


def test_every_figure_stands_beside_that_of_the_baseline_with_the_better_direction() -> None:
    then = {**METRICS, "backtest/average_precision": 0.38, "backtest/log_loss": 0.5, "test/roc_auc": 0.66}
    text = describe_run(METRICS, BaselinePipeline(COMMIT, then, "max_depth 6→4"), VERDICT)
    assert "`0123456789` (max_depth 6→4)" in text
    found = rows(text)
    assert list(found) == [metric.label for metric in HEADLINE_METRICS]
    assert found["backtest average precision"] == ["0.388", "0.380", "+0.008 (better)"]
    assert found["backtest log loss"] == ["0.509", "0.500", "+0.009 (worse)"]
    assert found["test ROC AUC"] == ["0.654", "0.660", "-0.006 (worse)"]
    assert found["test profit per row"] == ["-19.79", "-19.79", "0"]


def test_a_lower_log_loss_is_better() -> None:
    text = describe_run(METRICS, BaselinePipeline(COMMIT, {**METRICS, "test/log_loss": 0.5955}, ""), VERDICT)
    assert rows(text)["test log loss"][2] == "-0.050 (better)"


def test_a_figure_that_the_baseline_lacks_is_left_out() -> None:
    then = {name: value for name, value in METRICS.items() if name != "backtest/expected_profit"}
    found = rows(describe_run(METRICS, BaselinePipeline(COMMIT, then, ""), VERDICT))
    assert "backtest profit per row" not in found
    assert len(found) == len(HEADLINE_METRICS) - 1
