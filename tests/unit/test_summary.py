"""evaluation.summary: every number stands where it belongs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from flight_delay.evaluation.metrics import all_metrics, confusion, probability_metrics
from flight_delay.evaluation.summary import summarize, summarize_months
from flight_delay.model.predictions import Predictions


def predictions(seed: int, rows: int = 60) -> Predictions:
    random = np.random.default_rng(seed)
    names = np.arange(rows).astype(str).astype(object)
    dates = np.full(rows, "2013-11-01", "datetime64[D]")
    return Predictions(names, dates, np.arange(rows) % 3 == 0, random.random(rows).astype(np.float32))


MODEL = {"train": predictions(1), "validation": predictions(2), "test": predictions(3)}
BASELINES = {"base_rate": predictions(4), "logistic": predictions(5)}


def test_every_window_and_every_rival_has_its_own_metrics() -> None:
    summary = summarize(MODEL, BASELINES, {"roc_auc": 0.6}, threshold=0.3)
    for window, of in MODEL.items():
        assert summary[window] == all_metrics(of.late, of.probability, 0.3)
    for name, of in BASELINES.items():
        assert summary["baselines"][name] == {"test": all_metrics(of.late, of.probability, 0.3)}
    assert summary["backtest"] == {"roc_auc": 0.6}
    assert summary["confusion"]["test"] == confusion(MODEL["test"].late, MODEL["test"].probability, 0.3)
    assert summary["mean_prediction"]["test"] == pytest.approx(MODEL["test"].probability.mean(), abs=1e-6)
    assert json.loads(json.dumps(summary)) == summary


def test_months_are_judged_by_the_window_that_they_are_in() -> None:
    by_month = {"2013-10": MODEL["validation"], "2013-11": MODEL["test"]}
    windows = {"2013-10": "validation", "2013-11": "test"}
    rows = summarize_months(by_month, windows, {"2013-10": {"roc_auc": 0.6}})
    assert rows == [
        {"month": "2013-10", "judged": "backtest", "roc_auc": 0.6},
        *(
            {"month": month, "judged": windows[month], **probability_metrics(of.late, of.probability)}
            for month, of in by_month.items()
        ),
    ]
