"""promotion.gate: every condition by itself refuses, says what was found beside its bound, and nothing else changes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.core.params import load
from flight_delay.evaluation.intervals import Comparison
from flight_delay.promotion.evidence import Committed, Evidence, Loaded, Outcome, Quality, Rival, Speed, Unknown
from flight_delay.promotion.gate import NO_CHAMPION, Promote, judge
from flight_delay.promotion.measures import Size, SliceLoss
from flight_delay.review.comparison.flights import Judged, Measure

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
SMALL, LARGE = Size(10, 500), Size(10, 501)


def judged(verdict: str, because: str | None = None) -> Judged:
    gain = Comparison(0.0031, -0.001, 0.0072, "undecided")
    measures = [Measure(name, 0.5, 0.5031, gain) for name in ("roc_auc", "average_precision", "log_loss", "profit")]
    return Judged(100, 30, 0, 0, () if because else tuple(measures), verdict, because)  # type: ignore[arg-type]


def rival(backtest: str | Judged = "better", test: str | Judged = "undecided", **changes: Any) -> Rival:
    slices = [SliceLoss("hour", "05:00", 311, 0.02), SliceLoss("carrier", "UA", 9000, -0.001)]
    on_both = (of if isinstance(of, Judged) else judged(of) for of in (backtest, test))
    return Rival("champion 2", *on_both, LARGE, SMALL, slices)._replace(**changes)


GOOD = Evidence(
    committed=Committed("c" * 40, None),
    verified=Outcome(True, "all 24 outputs"),
    quality=Quality((), 0.01, 0.01),
    rival=rival(),
    calibration_error=0.05,
    loaded=Loaded((), 83_594, 0),
    speed=Speed(100.0, 1000.0),
)


def test_what_is_just_within_all_bounds_passes() -> None:
    checks = judge(GOOD, BOUNDS)
    assert [of.name for of in checks] == NAMES
    assert [of.name for of in checks if not of.passed] == []


@pytest.mark.parametrize(
    ("change", "failing", "values"),
    [
        ({"committed": Committed("c" * 40, "exp-1")}, "committed", ["exp-1"]),
        ({"verified": Outcome(False, "2 of 24 outputs")}, "verified", ["2 of 24 outputs"]),
        (
            {"quality": Quality(("leakage_suspect of delay",), 0, 0.01)},
            "data",
            ["leakage_suspect of delay", "0.00%", "1.00%"],
        ),
        ({"quality": Quality((), 0.0101, 0.01)}, "data", ["1.01%", "1.00%"]),
        ({"rival": rival("worse")}, "backtest", ["worse", "champion 2", "+0.0031", "-0.0010", "+0.0072"]),
        ({"rival": rival("mixed")}, "backtest", ["mixed", "champion 2"]),
        ({"rival": rival("undecided")}, "backtest", ["undecided", "10 features, 501", "10 features, 500"]),
        ({"rival": rival("same")}, "backtest", ["champion 2", "10 features, 501", "10 features, 500"]),
        ({"rival": rival(backtest=judged("none", "no flights"))}, "backtest", ["champion 2", "no flights"]),
        ({"rival": rival(backtest=judged("other_questions", "they differ"))}, "backtest", ["they differ"]),
        ({"rival": rival(test="worse")}, "test", ["worse", "champion 2"]),
        ({"rival": rival(test="mixed")}, "test", ["mixed", "champion 2"]),
        ({"rival": rival(test=judged("none", "one day"))}, "test", ["champion 2", "one day"]),
        ({"rival": rival(test=judged("other_questions", "they differ"))}, "test", ["they differ"]),
        (
            {"rival": rival(slices=[SliceLoss("hour", f"0{at}:00", 300, 0.0201) for at in range(4)])},
            "slices",
            ["4 of 4", "0.02", *(f"hour 0{at}:00 +0.0201" for at in range(3))],
        ),
        ({"rival": rival(slices=[])}, "slices", ["300"]),
        ({"calibration_error": 0.0501}, "calibration", ["0.0501", "0.05"]),
        ({"loaded": Loaded((), 10, 1)}, "loaded model", ["1 of 10"]),
        ({"loaded": Loaded((), 0, 0)}, "loaded model", ["0 of 0"]),
        ({"loaded": Loaded(("decision.json",), 10, 0)}, "loaded model", ["0 of 10", "decision.json"]),
        ({"speed": Speed(100.1, 1e6)}, "speed", ["100.1", "1,000,000"]),
        ({"speed": Speed(1.0, 999.0)}, "speed", ["999", "1,000"]),
    ],
)
def test_each_condition_refuses_alone_and_says_why(change: dict[str, Any], failing: str, values: list[str]) -> None:
    checks = {of.name: of for of in judge(replace(GOOD, **change), BOUNDS)}
    assert [name for name, of in checks.items() if not of.passed] == [failing]
    assert [value for value in values if value not in checks[failing].says] == []


@pytest.mark.parametrize("verdict", ["undecided", "same"])
def test_a_simpler_model_need_not_be_better(verdict: str) -> None:
    simpler = rival(verdict, verdict, size=SMALL, size_of_champion=LARGE)
    checks = {of.name: of for of in judge(replace(GOOD, rival=simpler), BOUNDS)}
    assert all(of.passed for of in checks.values())
    assert re.findall(r"10 features, \d+", checks["backtest"].says) == ["10 features, 500", "10 features, 501"]


def test_a_simpler_model_that_is_worse_is_refused() -> None:
    simpler = rival("worse", size=SMALL, size_of_champion=LARGE)
    assert [of.name for of in judge(replace(GOOD, rival=simpler), BOUNDS) if not of.passed] == ["backtest"]


def test_without_a_champion_there_is_none_to_beat() -> None:
    checks = {of.name: of for of in judge(replace(GOOD, rival=None), BOUNDS)}
    assert all(of.passed for of in checks.values())
    for name in ("backtest", "test", "slices"):
        assert checks[name].says == NO_CHAMPION


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("committed", ["committed"]),
        ("verified", ["verified"]),
        ("quality", ["data"]),
        ("rival", ["backtest", "test", "slices"]),
        ("calibration_error", ["calibration"]),
        ("loaded", ["loaded model"]),
        ("speed", ["speed"]),
    ],
)
def test_what_is_not_known_fails_and_says_why(field: str, names: list[str]) -> None:
    checks = judge(replace(GOOD, **{field: Unknown("it is gone")}), BOUNDS)
    assert [of.name for of in checks if not of.passed] == names
    assert {of.says for of in checks if not of.passed} == {"it is gone"}


def test_the_bounds_are_in_the_parameter_file(tmp_path) -> None:
    assert isinstance(load("promote", Promote), Promote)
    path = tmp_path / "params.yaml"
    path.write_text("promote: {model: a/b}\n")
    with pytest.raises(UserError, match=r"'promote\.model'.*'promote\.min_slice_flights'"):
        load("promote", Promote, path)
