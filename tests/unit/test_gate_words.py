"""promotion.words: the table of checks, the sentence that refuses, and the description of a version."""

from __future__ import annotations

from flight_delay.promotion.gate import Check
from flight_delay.promotion.words import description, figures, refusal, table

CHECKS = [Check("data", True, "0 errors"), Check("loaded model", False, "a|b" * 100), Check("speed", False, "slow")]


def test_the_table_has_a_line_per_check() -> None:
    assert table([CHECKS[0], CHECKS[2], CHECKS[1]._replace(says="others")]).splitlines() == [
        "check                 what",
        "data          passed  0 errors",
        "speed         FAILED  slow",
        "loaded model  FAILED  others",
    ]


def test_a_refusal_names_what_failed() -> None:
    assert refusal("run r", CHECKS) == (
        "run r is refused (2 of 3 checks failed: loaded model, speed); nothing was moved"
    )


def test_figures_fit_into_a_tag() -> None:
    assert figures(CHECKS) == {"data": "0 errors", "loaded model": ("a|b" * 100)[:250], "speed": "slow"}


def test_a_description_begins_with_the_figures_and_has_bars_that_end_no_cell() -> None:
    metrics = {"backtest/log_loss": 0.5087, "backtest/roc_auc": 0.69, "test/log_loss": 0.5455, "train/log_loss": 1.0}
    lines = description(metrics, "max_depth 6→4", "c" * 40, [CHECKS[0], Check("x", True, "a|b")]).splitlines()
    assert lines == [
        "**backtest** ROC AUC 0.690, log loss 0.509 · **test** log loss 0.545",
        "",
        "max_depth 6→4, commit `cccccccccc`. The gate found:",
        "",
        "| check | what |",
        "|---|---|",
        "| data | 0 errors |",
        "| x | a\\|b |",
    ]
