"""The wording of promotion: checks, their table, a refusal and the description of a version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gate_evidence import BOUNDS, GOOD, SMALL, WORSE_SLICES, compared, judged, replay

from flight_delay.promotion.evidence import DataQuality
from flight_delay.promotion.gate import Check, check_candidate
from flight_delay.promotion.summary import gate_table, refusal_message, version_description
from flight_delay.vcs.history import PipelineCommit

METRICS = (
    "ROC AUC +0.0031 (-0.0010 to +0.0072), average precision +0.0031 (-0.0010 to +0.0072), "
    "log loss +0.0031 (-0.0010 to +0.0072)"
)


@pytest.mark.parametrize(
    ("change", "check", "detail"),
    [
        ({}, "committed", "commit cccccccccc"),
        (
            {"commit": PipelineCommit("c" * 40, "exp-1")},
            "committed",
            "only in the DVC experiment exp-1; `dvc exp branch` makes a branch of it",
        ),
        ({}, "verified", "all 1 outputs are reproduced byte for byte"),
        ({}, "data", "0 errors, 1.00% of rows in quarantine (at most 1.00%)"),
        (
            {"quality": DataQuality(("leakage_suspect of delay",), 0.0, 0.01)},
            "data",
            "1 error (leakage_suspect of delay), 0.00% of rows in quarantine (at most 1.00%)",
        ),
        ({"comparison": None}, "backtest", "there is no champion yet to compare with"),
        ({"comparison": compared("better")}, "backtest", f"better against champion 2: {METRICS}"),
        (
            {"comparison": compared("not_significant")},
            "backtest",
            f"not significant against champion 2: {METRICS}; not simpler (10 features, 501 nodes against 10 features, 500 nodes)",
        ),
        (
            {"comparison": compared("same", size=SMALL._replace(nodes=499))},
            "backtest",
            "the same probability for every row as champion 2; simpler (10 features, 499 nodes against 10 features, 500 nodes)",
        ),
        ({"comparison": compared(test=judged("none", "one day"))}, "test", "not comparable with champion 2: one day"),
        (
            {},
            "slices",
            "log loss is higher by more than 0.02 in 0 of 2 slices (at most hour 05:00 +0.0200)",
        ),
        (
            {"comparison": compared(slices=WORSE_SLICES)},
            "slices",
            "log loss is higher by more than 0.02 in 4 of 4 slices (hour 00:00 +0.0201, hour 01:00 +0.0201, hour 02:00 +0.0201 "
            "and 1 more)",
        ),
        ({"comparison": compared(slices=[])}, "slices", "no slice has 300 common rows"),
        ({}, "calibration", "expected calibration error 0.0500 on test (at most 0.05)"),
        ({}, "loaded model", "0 of 10 recorded predictions are not repeated"),
        (
            {"replay": replay(("decision.json",), 12_000, 1_000)},
            "loaded model",
            "1,000 of 12,000 recorded predictions are not repeated; not the commit's: decision.json",
        ),
        ({}, "speed", "one row 100.0 ms (at most 100), 1,000 rows per second (at least 1,000)"),
    ],
)
def test_the_detail_of_a_check(change: dict[str, Any], check: str, detail: str) -> None:
    details = {result.name: result.detail for result in check_candidate(replace(GOOD, **change), BOUNDS)}
    assert details[check] == detail


CHECKS = [Check("data", True, "0 errors"), Check("speed", False, "slow"), Check("loaded model", False, "a|b")]


def test_the_table_has_a_line_per_check() -> None:
    assert gate_table(CHECKS).splitlines() == [
        "check         result  detail",
        "data          passed  0 errors",
        "speed         FAILED  slow",
        "loaded model  FAILED  a|b",
    ]


def test_a_refusal_names_what_failed() -> None:
    assert refusal_message("run r", CHECKS) == (
        "run r is refused (2 of 3 checks failed: speed, loaded model); nothing was moved"
    )


def test_a_description_begins_with_the_metrics_and_escapes_bars() -> None:
    metrics = {"backtest/log_loss": 0.5087, "backtest/roc_auc": 0.69, "test/log_loss": 0.5455, "test/mean_profit": 1.0}
    assert version_description(metrics, "max_depth 6→4", "c" * 40, [CHECKS[0], CHECKS[2]]).splitlines() == [
        "**backtest** ROC AUC 0.690, log loss 0.509 · **test** log loss 0.545",
        "",
        "max_depth 6→4, commit `cccccccccc`. Results of the gate:",
        "",
        "| check | result |",
        "|---|---|",
        "| data | 0 errors |",
        "| loaded model | a\\|b |",
    ]
