"""evaluation.summary: every number stands where it belongs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from flight_delay.evaluation.comparison import compare_baselines, profit_summary, verdict_sentence
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.scoring import all_metrics, confusion_counts, probability_metrics
from flight_delay.evaluation.summary import summarize, summarize_months
from flight_delay.model.predictions import Predictions

PAYOFFS = Payoffs(true_positive=100, false_negative=-500, false_positive=-100, true_negative=100)
DECIDED = {"threshold": 0.3, "bayes_threshold": 0.25, "mean_profit": -3.4, "always_positive": -50.0}


def predictions(seed: int, rows: int = 60) -> Predictions:
    random = np.random.default_rng(seed)
    names = np.arange(rows).astype(str).astype(object)
    dates = np.datetime64("2013-11-01") + np.arange(rows) // 6
    return Predictions(names, dates, np.arange(rows) % 3 == 0, random.random(rows).astype(np.float32))


MODEL = {"train": predictions(1), "validation": predictions(2), "test": predictions(3)}
BASELINES = {"base_rate": predictions(4), "logistic": predictions(5)}


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    return summarize(MODEL, BASELINES, {"roc_auc": 0.6}, DECIDED, PAYOFFS)


def test_every_split_and_every_rival_has_its_own_metrics(summary: dict[str, Any]) -> None:
    for split, predictions in MODEL.items():
        assert summary[split] == all_metrics(predictions.target, predictions.probability, 0.3)
    for name, predictions in BASELINES.items():
        assert summary["baselines"][name] == {"test": all_metrics(predictions.target, predictions.probability, 0.25)}
    assert summary["backtest"] == {"roc_auc": 0.6, "mean_profit": -3.4}
    assert summary["confusion"]["test"] == confusion_counts(MODEL["test"].target, MODEL["test"].probability, 0.3)
    assert summary["threshold"] == 0.3
    assert summary["mean_prediction"]["test"] == pytest.approx(MODEL["test"].probability.mean(), abs=1e-6)
    assert json.loads(json.dumps(summary)) == summary


def test_the_model_is_the_top_of_the_ladder_and_calls_late_from_its_own_threshold(summary: dict[str, Any]) -> None:
    rungs = {**BASELINES, "model": MODEL["test"]}
    assert summary["baseline_comparison"] == compare_baselines(rungs)
    assert summary["profit"] == profit_summary(rungs, {"base_rate": 0.25, "logistic": 0.25, "model": 0.3}, PAYOFFS)
    assert summary["verdict"] == verdict_sentence(summary["baseline_comparison"]["vs_logistic"], "logistic regression")


def test_months_are_judged_by_the_split_that_they_are_in() -> None:
    by_month = {"2013-10": MODEL["validation"], "2013-11": MODEL["test"]}
    splits = {"2013-10": "validation", "2013-11": "test"}
    rows = summarize_months(by_month, splits, {"2013-10": {"roc_auc": 0.6}})
    assert rows == [
        {"month": "2013-10", "evaluated_on": "backtest", "roc_auc": 0.6},
        *(
            {
                "month": month,
                "evaluated_on": splits[month],
                **probability_metrics(predictions.target, predictions.probability),
            }
            for month, predictions in by_month.items()
        ),
    ]
