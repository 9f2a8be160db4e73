"""review.assessment.assumptions: each is borne out, or not, by its stated rule; figures by hand."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from flight_delay.model.predictions import Predictions
from flight_delay.review.assessment import assumptions


def metrics(**test: float) -> dict[str, Any]:
    return {
        "test": {"base_rate": 0.25, "roc_auc": 0.65, **test},
        "money": {"expected_profit": {"model": -20.0}, "interval": {"low": -30.0, "high": -10.0}},
    }


BY_MONTH = {"2013-09": {"base_rate": 0.2, "roc_auc": 0.60}, "2013-10": {"base_rate": 0.3, "roc_auc": 0.70}}


@pytest.mark.parametrize(
    ("test", "borne_out"),
    [
        ({}, "yes"),
        ({"base_rate": 0.3, "roc_auc": 0.6}, "yes"),
        ({"base_rate": 0.31}, "no"),
        ({"base_rate": 0.19}, "no"),
        ({"roc_auc": 0.59}, "no"),
        ({"roc_auc": 0.71}, "no"),
    ],
)
def test_months_are_alike_where_test_lies_within_the_backtest(test: dict[str, float], borne_out: str) -> None:
    found = assumptions.months_are_alike(metrics(**test), BY_MONTH)
    assert found.borne_out == borne_out
    assert {"20.0%", "30.0%", "0.600", "0.700"} <= {*re.findall(r"[\d.]*\d%?", found.seen)}


def predictions(probability: float, late: list[bool], days: int) -> Predictions:
    """As many flights a day as there are outcomes, all given the same probability."""
    dates = [date(2013, 11, 1) + timedelta(days=day) for day in range(days) for _ in late]
    return Predictions(
        np.arange(len(dates)).astype(str).astype(object),
        np.array(dates, "datetime64[D]"),
        np.array(late * days),
        np.full(len(dates), probability, np.float32),
    )


@pytest.mark.parametrize(("probability", "borne_out"), [(0.25, "yes"), (0.2, "no"), (0.3, "no")])
def test_probabilities_are_right_where_the_interval_has_zero(probability: float, borne_out: str) -> None:
    # Every day is the same, so that the interval is a point.
    found = assumptions.probabilities_are_right(predictions(probability, [True, False, False, False], days=3))
    assert found.borne_out == borne_out
    assert re.findall(r"[\d.]+%", found.seen)[:2] == ["25.0%", f"{probability:.1%}"]


@pytest.mark.parametrize(
    ("verdicts", "borne_out"),
    [
        (["better", "undecided", "undecided"], "yes"),
        (["undecided", "undecided", "undecided"], "cannot tell"),
        (["better", "worse", "undecided"], "no"),
    ],
)
def test_trees_are_worth_it_where_they_are_better_and_never_worse(verdicts: list[str], borne_out: str) -> None:
    names = ("roc_auc", "average_precision", "log_loss")
    comparison = {name: {"verdict": verdict} for name, verdict in zip(names, verdicts, strict=True)}
    found = assumptions.better_than_simple({"ladder": {"model_over_logistic": comparison}})
    assert found.borne_out == borne_out


def test_flights_without_an_arrival_are_counted_and_not_judged() -> None:
    counts = {"scheduled": 1000, "cancelled": 20, "diverted": 5}
    found = assumptions.outcomes_are_known(counts, {"quarantined_rows": 3})
    assert found.borne_out == "cannot tell"
    assert re.findall(r"[\d.,%]*\d%?", found.seen) == ["25", "1,000", "2.5%", "3"]


def test_columns_that_drift_are_counted() -> None:
    found = assumptions.nothing_leaks([{"check": "drift"}, {"check": "noise"}, {"check": "drift"}], 24)
    assert "24 hours" in found.says
    assert re.findall(r"\d+", found.seen) == ["2"]


@pytest.mark.parametrize(("best", "borne_out"), [(-10.0, "yes"), (-9.9, "no")])
def test_a_threshold_carries_over_where_hindsight_earns_no_more_than_the_interval(best: float, borne_out: str) -> None:
    curve = {"threshold": [0.1, 0.2, 0.3], "profit_per_flight": [-40.0, best, -20.0]}
    found = assumptions.threshold_carries_over(metrics(), curve, 0.3)
    assert found.borne_out == borne_out
    assert re.findall(r"-?\d[\d.]*\d%?", found.seen) == ["30%", "-20.0", "20%", f"{best:.1f}"]
