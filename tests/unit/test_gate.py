"""promotion.gate: every check refuses by itself, at its bound, and without its evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gate_evidence import BOUNDS, GOOD, LARGE, SMALL, WORSE_SLICES, compared, judged, replay, verified

from flight_delay.core.errors import UserError
from flight_delay.core.params import load_params
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.evidence import DataQuality
from flight_delay.promotion.gate import NO_CHAMPION, check_candidate
from flight_delay.vcs.history import PipelineCommit

NAMES = ["committed", "verified", "data", "backtest", "test", "slices", "calibration", "loaded model", "speed"]


def test_values_just_within_all_bounds_pass() -> None:
    checks = check_candidate(GOOD, BOUNDS)
    assert [check.name for check in checks] == NAMES
    assert [check.name for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    ("field", "value", "failing"),
    [
        ("commit", PipelineCommit("c" * 40, "exp-1"), "committed"),
        ("verification", verified("b"), "verified"),
        ("quality", DataQuality(("leakage_suspect of delay",), 0, 0.01), "data"),
        ("quality", DataQuality((), 0.0101, 0.01), "data"),
        *(("comparison", compared(verdict), "backtest") for verdict in ("worse", "mixed", "not_significant", "same")),
        *(("comparison", compared(judged(verdict, "no rows")), "backtest") for verdict in ("none", "outcomes_differ")),
        *(("comparison", compared(test=verdict), "test") for verdict in ("worse", "mixed")),
        *(("comparison", compared(test=judged(verdict, "one day")), "test") for verdict in ("none", "outcomes_differ")),
        *(("comparison", compared(slices=slices), "slices") for slices in (WORSE_SLICES, [])),
        ("calibration_error", 0.0501, "calibration"),
        *(
            ("replay", result, "loaded model")
            for result in (replay(different=1), replay(predictions=0), replay(("x.json",)))
        ),
        *(("replay", replay(speed=speed), "speed") for speed in ((100.1, 1e6), (1.0, 999.0))),
    ],
)
def test_each_check_refuses_alone(field: str, value: Any, failing: str) -> None:
    checks = check_candidate(replace(GOOD, **{field: value}), BOUNDS)
    assert [check.name for check in checks if not check.passed] == [failing]


@pytest.mark.parametrize("verdict", ["not_significant", "same", "worse"])
def test_a_simpler_model_need_not_be_better_but_must_not_be_worse(verdict: str) -> None:
    simpler = compared(verdict, size=SMALL, champion_size=LARGE)
    checks = {check.name: check for check in check_candidate(replace(GOOD, comparison=simpler), BOUNDS)}
    assert [name for name, check in checks.items() if not check.passed] == ["backtest"] * (verdict == "worse")


def test_without_a_champion_there_is_nothing_to_compare_with() -> None:
    checks = check_candidate(replace(GOOD, comparison=None), BOUNDS)
    assert all(check.passed for check in checks)
    assert [check.name for check in checks if check.detail == NO_CHAMPION] == ["backtest", "test", "slices"]


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("verification", ["verified"]),
        ("quality", ["data"]),
        ("comparison", ["backtest", "test", "slices"]),
        ("calibration_error", ["calibration"]),
        ("replay", ["loaded model", "speed"]),
    ],
)
def test_evidence_that_is_not_available_fails_its_checks_only(field: str, names: list[str]) -> None:
    checks = check_candidate(replace(GOOD, **{field: UserError("it is gone")}), BOUNDS)
    assert [(check.name, check.detail) for check in checks if not check.passed] == [
        (name, "it is gone") for name in names
    ]


def test_the_committed_bounds_are_valid() -> None:
    assert isinstance(load_params("promote", Promote), Promote)
