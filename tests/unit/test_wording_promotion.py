"""promotion: the exact wording of what the gate finds, of its table and refusal, and of the description of a version."""

from __future__ import annotations

from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.evaluation.intervals import Comparison
from flight_delay.promotion.evidence import Committed, Evidence, Loaded, Outcome, Quality, Rival, Speed
from flight_delay.promotion.gate import Check, Promote, judge
from flight_delay.promotion.gather import Champion, Sources, _rival, gather
from flight_delay.promotion.measures import Size, SliceLoss
from flight_delay.promotion.words import description, figures, refusal, table
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
GAIN = Comparison(0.0031, -0.001, 0.0072, "undecided")
ABOVE = (
    "ROC AUC +0.0031 (-0.0010 to +0.0072), average precision +0.0031 (-0.0010 to +0.0072), "
    "log loss +0.0031 (-0.0010 to +0.0072)"
)
WORSE = [SliceLoss("hour", f"0{at}:00", 300, 0.0201) for at in range(4)]


def judged(verdict: Any, because: str | None = None) -> Judged:
    measures = [Measure(name, 0.5, 0.5031, GAIN) for name in ("roc_auc", "average_precision", "log_loss", "profit")]
    return Judged(100, 30, 0, 0, () if because else tuple(measures), verdict, because)


def rival(verdict: Any, because: str | None = None, nodes: int = 501, **changes: Any) -> Rival:
    slices = [SliceLoss("hour", "05:00", 311, 0.02), SliceLoss("carrier", "UA", 9000, -0.001)]
    of = judged(verdict, because)
    return Rival("champion 2", of, of, Size(10, nodes), Size(10, 500), slices)._replace(**changes)


def evidence(of: Rival | None) -> Evidence:
    return Evidence(
        Committed("c" * 40, None), Outcome(True, "same"), Quality((), 0.01, 0.01), of, 0.05, Loaded((), 83_594, 0),
        Speed(100.0, 1000.0),
    )  # fmt: skip


def says(change: dict[str, Any]) -> dict[str, str]:
    return {of.name: of.says for of in judge(Evidence(**{**vars(evidence(None)), **change}), BOUNDS)}


FOUND: list[tuple[dict[str, Any], str, str]] = [
    ({}, "committed", "commit cccccccccc"),
    (
        {"committed": Committed("c" * 40, "exp-1")},
        "committed",
        "only in the DVC experiment exp-1; `dvc exp branch` makes a branch of it",
    ),
    ({}, "verified", "same"),
    ({}, "data", "0 errors, 1.00% of flights set aside (at most 1.00%)"),
    (
        {"quality": Quality(("leakage_suspect of delay",), 0.0, 0.01)},
        "data",
        "1 error (leakage_suspect of delay), 0.00% of flights set aside (at most 1.00%)",
    ),
    ({}, "backtest", "there is no champion yet to compare with"),
    ({"rival": rival("better")}, "backtest", f"better against champion 2: {ABOVE}"),
    (
        {"rival": rival("undecided")},
        "backtest",
        f"undecided against champion 2: {ABOVE}; not simpler (10 features, 501 nodes against 10 features, 500 nodes)",
    ),
    (
        {"rival": rival("same", nodes=499)},
        "backtest",
        "the same probability for every flight as champion 2; and simpler (10 features, 499 nodes against 10 features, "
        "500 nodes)",
    ),
    ({"rival": rival("none", "one day")}, "test", "not comparable with champion 2: one day"),
    ({"rival": rival("same")}, "slices", "0 of 2 worse in log loss by more than 0.02 (at most hour 05:00 +0.0200)"),
    (
        {"rival": rival("same", slices=WORSE)},
        "slices",
        "4 of 4 worse in log loss by more than 0.02 (hour 00:00 +0.0201, hour 01:00 +0.0201, hour 02:00 +0.0201 and 1 more)",
    ),
    ({"rival": rival("same", slices=[])}, "slices", "no part has 300 common flights"),
    ({}, "calibration", "expected calibration error 0.0500 on test (at most 0.05)"),
    ({}, "loaded model", "0 of 83,594 recorded predictions are others"),
    (
        {"loaded": Loaded(("decision.json",), 10, 1)},
        "loaded model",
        "1 of 10 recorded predictions are others; not the commit's: decision.json",
    ),
    ({}, "speed", "one flight 100.0 ms (at most 100), 1,000 flights a second (at least 1,000)"),
]


@pytest.mark.parametrize(("change", "check", "said"), FOUND)
def test_what_a_check_has_found(change: dict[str, Any], check: str, said: str) -> None:
    assert says(change)[check] == said


def test_what_cannot_be_found_out() -> None:
    sources: Any = Sources(None, None)  # type: ignore[arg-type]
    of = gather(None, None, BOUNDS, sources)
    assert [getattr(each, "because", None) for each in (of.committed, of.verified)] == [
        "its pipeline is in no commit here; commit dvc.lock where it was made, or `git fetch`",
        "nothing to judge without a commit",
    ]
    with pytest.raises(UserError) as refused:
        _rival(None, Champion("champion 1", None), BOUNDS)  # type: ignore[arg-type]
    assert str(refused.value) == "the commit of champion 1 is not here; `git fetch` brings what was pushed"


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
