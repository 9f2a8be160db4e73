"""promotion.gate: every check by itself refuses and names the measured value beside its bound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.params import load
from flight_delay.evaluation.intervals import Comparison
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.candidate_metrics import ModelSize, SliceLoss
from flight_delay.promotion.evidence import ChampionComparison, Evidence, Quality, Replay
from flight_delay.promotion.gate import NO_CHAMPION, run_checks
from flight_delay.repository.history import Found
from flight_delay.review.comparison.flights import Judged, Measure
from flight_delay.review.difference.files import Tolerance
from flight_delay.review.verification.verify import Checked, Verified
from flight_delay.tracking.registry.loaded_model import Speed

BOUNDS = Promote(
    model="m",
    min_slice_flights=300,
    max_slice_worsening=0.02,
    calibration_bins=10,
    max_calibration_error=0.05,
    max_one_flight_milliseconds=100.0,
    min_flights_per_second=1000.0,
)
NAMES = ["committed", "verified", "data", "backtest", "test", "slices", "calibration", "loaded model", "speed"]
SMALL, LARGE = ModelSize(10, 500), ModelSize(10, 501)


def judged(verdict: str, because: str | None = None) -> Judged:
    gain = Comparison(0.0031, -0.001, 0.0072, "undecided")
    measures = [Measure(name, 0.5, 0.5031, gain) for name in ("roc_auc", "average_precision", "log_loss", "profit")]
    return Judged(100, 30, 0, 0, () if because else tuple(measures), verdict, because)  # type: ignore[arg-type]


def compared(backtest: str | Judged = "better", test: str | Judged = "undecided", **changes: Any) -> ChampionComparison:
    slices = [SliceLoss("hour", "05:00", 311, 0.02), SliceLoss("carrier", "UA", 9000, -0.001)]
    periods = (period if isinstance(period, Judged) else judged(period) for period in (backtest, test))
    return ChampionComparison("champion 2", *periods, LARGE, SMALL, slices)._replace(**changes)


def verified(*outputs: Checked) -> Verified:
    return Verified("c" * 40, list(outputs), [], None, [], Tolerance())


def replay(
    files: tuple[str, ...] = (), predictions: int = 10, different: int = 0, speed: Any = (100.0, 1000.0)
) -> Replay:
    return Replay(files, predictions, different, Speed(*speed))


GOOD = Evidence(
    commit=Found("c" * 40, None),
    verification=verified(Checked("train", "model", "1", "1")),
    quality=Quality((), 0.01, 0.01),
    comparison=compared(),
    calibration_error=0.05,
    replay=replay(),
)


def test_values_just_within_all_bounds_pass() -> None:
    checks = run_checks(GOOD, BOUNDS)
    assert [check.name for check in checks] == NAMES
    assert [check.name for check in checks if not check.passed] == []


@pytest.mark.parametrize(
    ("field", "value", "failing", "details"),
    [
        ("commit", Found("c" * 40, "exp-1"), "committed", ["exp-1"]),
        ("verification", verified(Checked("train", "model", "1", "2", None)), "verified", ["1 of 1", "model"]),
        ("quality", Quality(("leak of delay",), 0, 0.01), "data", ["leak of delay", "0.00%", "1.00%"]),
        ("quality", Quality((), 0.0101, 0.01), "data", ["1.01%", "1.00%"]),
        ("comparison", compared("worse"), "backtest", ["worse", "champion 2", "+0.0031", "-0.0010", "+0.0072"]),
        ("comparison", compared("mixed"), "backtest", ["mixed", "champion 2"]),
        ("comparison", compared("undecided"), "backtest", ["10 features, 501", "10 features, 500"]),
        ("comparison", compared("same"), "backtest", ["champion 2", "10 features, 501"]),
        ("comparison", compared(judged("none", "no flights")), "backtest", ["champion 2", "no flights"]),
        ("comparison", compared(judged("other_questions", "they differ")), "backtest", ["they differ"]),
        ("comparison", compared(test="worse"), "test", ["worse", "champion 2"]),
        ("comparison", compared(test="mixed"), "test", ["mixed", "champion 2"]),
        ("comparison", compared(test=judged("none", "one day")), "test", ["champion 2", "one day"]),
        ("comparison", compared(test=judged("other_questions", "they differ")), "test", ["they differ"]),
        (
            "comparison",
            compared(slices=[SliceLoss("hour", f"0{at}:00", 300, 0.0201) for at in range(4)]),
            "slices",
            ["4 of 4", "0.02", *(f"hour 0{at}:00 +0.0201" for at in range(3))],
        ),
        ("comparison", compared(slices=[]), "slices", ["300"]),
        ("calibration_error", 0.0501, "calibration", ["0.0501", "0.05"]),
        ("replay", replay(different=1), "loaded model", ["1 of 10"]),
        ("replay", replay(predictions=0), "loaded model", ["0 of 0"]),
        ("replay", replay(("decision.json",)), "loaded model", ["0 of 10", "decision.json"]),
        ("replay", replay(speed=(100.1, 1e6)), "speed", ["100.1", "1,000,000"]),
        ("replay", replay(speed=(1.0, 999.0)), "speed", ["999", "1,000"]),
    ],
)
def test_each_check_refuses_alone_and_names_values(field: str, value: Any, failing: str, details: list[str]) -> None:
    checks = {check.name: check for check in run_checks(replace(GOOD, **{field: value}), BOUNDS)}
    assert [name for name, check in checks.items() if not check.passed] == [failing]
    assert [text for text in details if text not in checks[failing].detail] == []


@pytest.mark.parametrize("verdict", ["undecided", "same", "worse"])
def test_a_simpler_model_need_not_be_better_but_must_not_be_worse(verdict: str) -> None:
    simpler = compared(verdict, size=SMALL, champion_size=LARGE)
    checks = {check.name: check for check in run_checks(replace(GOOD, comparison=simpler), BOUNDS)}
    assert [name for name, check in checks.items() if not check.passed] == ["backtest"] * (verdict == "worse")


def test_without_a_champion_there_is_nothing_to_compare_with() -> None:
    checks = run_checks(replace(GOOD, comparison=None), BOUNDS)
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
    checks = run_checks(replace(GOOD, **{field: UserError("it is gone")}), BOUNDS)
    assert [(check.name, check.detail) for check in checks if not check.passed] == [
        (name, "it is gone") for name in names
    ]


def test_the_bounds_are_in_the_parameter_file(tmp_path) -> None:
    assert isinstance(load("promote", Promote), Promote)
    path = tmp_path / "params.yaml"
    path.write_text("promote: {model: a/b}\n")
    with pytest.raises(UserError, match=r"'promote\.model'.*'promote\.min_slice_flights'"):
        load("promote", Promote, path)
