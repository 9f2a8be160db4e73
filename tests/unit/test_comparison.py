"""evaluation.comparison: what rungs add to each other and what they earn."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from flight_delay.evaluation.comparison import (
    FALSE_NEGATIVE_COST_FACTORS,
    compare_baselines,
    profit_summary,
    require_same_rows,
)
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.scoring import confusion_counts, probability_metrics
from flight_delay.evaluation.threshold import break_even, profit_per_row, thresholds_by_false_negative_cost
from flight_delay.model.baselines import BASELINES
from flight_delay.model.predictions import Predictions

ROWS, DAYS = 600, 20
RANDOM = np.random.default_rng(11)
LATE = RANDOM.random(ROWS) < 0.25
DATES = np.datetime64("2013-11-01") + RANDOM.integers(DAYS, size=ROWS)
NAMES = np.arange(ROWS).astype(str).astype(object)
PAYOFFS = Payoffs(true_positive=100, false_negative=-500, false_positive=-100, true_negative=100)
METRICS = ("roc_auc", "average_precision", "log_loss")


def predictions(skill: float, seed: int) -> Predictions:
    noise = np.random.default_rng(seed).normal(0, 0.1, ROWS)
    probability = np.clip(0.25 + skill * (LATE - 0.25) + noise, 0.01, 0.99)
    return Predictions(NAMES, DATES, LATE, probability.astype(np.float32))


RUNGS = {name: predictions(skill, seed) for seed, (name, skill) in enumerate(
    zip((*BASELINES, "model"), (0.0, 0.1, 0.3, 0.02, 0.3), strict=True)
)}  # fmt: skip
THRESHOLDS = {**dict.fromkeys(BASELINES, 0.25), "model": 0.3}


@pytest.fixture(scope="module")
def comparisons() -> dict:
    return compare_baselines(RUNGS)


@pytest.fixture(scope="module")
def earned() -> dict:
    return profit_summary(RUNGS, THRESHOLDS, PAYOFFS)


def test_each_rung_is_compared_with_the_one_below(comparisons: dict) -> None:
    order = [*BASELINES, "model"]
    assert list(comparisons["step_comparisons"]) == order[1:]
    for than, model in itertools.pairwise(order):
        step = comparisons["step_comparisons"][model]
        assert step["compared_with"] == than
        higher, lower = (probability_metrics(LATE, RUNGS[name].probability) for name in (model, than))
        for metric in METRICS:
            assert step[metric]["difference"] == pytest.approx(higher[metric] - lower[metric], abs=2e-6)
            assert step[metric]["low"] <= step[metric]["high"]


def test_the_model_is_also_compared_with_logistic_regression(comparisons: dict) -> None:
    assert list(comparisons["vs_logistic"]) == list(METRICS)
    assert {comparison["verdict"] for comparison in comparisons["vs_logistic"].values()} == {"not_significant"}
    same = compare_baselines({**RUNGS, "model": RUNGS["logistic"]})["vs_logistic"]
    assert all(
        comparison == {"difference": 0, "low": 0, "high": 0, "verdict": "not_significant"}
        for comparison in same.values()
    )


def test_intervals_hold_what_is_measured_and_are_rounded(comparisons: dict) -> None:
    for rung, rung_predictions in RUNGS.items():
        measured = probability_metrics(LATE, rung_predictions.probability)
        for metric in METRICS:
            ends = comparisons["intervals"][rung][metric]
            assert ends["low"] <= measured[metric] <= ends["high"]
            assert ends == {name: round(end, 6) for name, end in ends.items()}
    assert json.loads(json.dumps(comparisons)) == comparisons


def test_everybody_earns_what_the_calls_from_their_own_threshold_earn(earned: dict) -> None:
    for name, rung_predictions in RUNGS.items():
        profit = profit_per_row(LATE, rung_predictions.probability >= THRESHOLDS[name], PAYOFFS)
        assert earned["mean_profit"][name] == pytest.approx(profit.mean(), abs=1e-4)
    for name, called in (("always_positive", True), ("always_negative", False)):
        profit = profit_per_row(LATE, np.full(ROWS, called), PAYOFFS)
        assert earned["mean_profit"][name] == pytest.approx(profit.mean(), abs=1e-4)
    assert earned["mean_profit"]["perfect"] == 100
    assert earned["interval"]["low"] <= earned["mean_profit"]["model"] <= earned["interval"]["high"]


def test_the_model_is_set_against_every_rung_and_both_constant_answers(earned: dict) -> None:
    profit = earned["mean_profit"]
    assert set(earned["differences"]) == {*BASELINES, "always_positive", "always_negative"}
    for name, comparison in earned["differences"].items():
        assert comparison["difference"] == pytest.approx(profit["model"] - profit[name], abs=2e-4)
        assert comparison["verdict"] == (
            "better" if comparison["low"] > 0 else "worse" if comparison["high"] < 0 else "not_significant"
        )
    assert earned["differences"]["always_negative"]["verdict"] == "better"
    assert json.loads(json.dumps(earned)) == earned


def test_ranges_and_thresholds_are_those_of_the_decision(earned: dict) -> None:
    counts = confusion_counts(LATE, RUNGS["model"].probability, THRESHOLDS["model"])
    assert earned["break_even"] == {
        name: bounds._asdict() if bounds else None for name, bounds in break_even(counts, PAYOFFS).items()
    }
    expected = thresholds_by_false_negative_cost(PAYOFFS, FALSE_NEGATIVE_COST_FACTORS)
    assert earned["threshold_by_false_negative_cost"] == {
        f"{factor:g}": threshold for factor, threshold in expected.items()
    }
    assert list(earned["threshold_by_false_negative_cost"]) == ["0.5", "1", "2", "4"]


def test_flights_without_ids_are_not_called_the_same() -> None:
    require_same_rows(RUNGS)
    with pytest.raises(ValueError, match=r"no ids"):
        require_same_rows({name: rung.without_ids() for name, rung in RUNGS.items()})


def test_results_need_no_ids(comparisons: dict, earned: dict) -> None:
    rungs = {name: rung.without_ids() for name, rung in RUNGS.items()}
    assert compare_baselines(rungs) == comparisons
    assert profit_summary(rungs, THRESHOLDS, PAYOFFS) == earned
