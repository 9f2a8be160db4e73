"""Stage drift_thresholds: profiles what the model reads; a short backtest has no threshold of drift."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from flight_delay.drift.thresholds import load_thresholds
from flight_delay.model.bundle import load_bundle
from flight_delay.model.predictions import Predictions


@pytest.fixture(scope="module")
def folder(made):
    return made.root / "models/bundle"


def test_the_inputs_of_the_model_are_profiled(folder) -> None:
    inputs = load_bundle(folder).manifest.inputs
    columns = load_thresholds(folder).columns
    assert {name: column.bins.kind for name, column in columns.items()} == {f.name: f.kind for f in inputs}


def test_eight_weeks_give_limits_of_shares_and_none_of_drift(folder) -> None:
    thresholds = load_thresholds(folder)
    assert (thresholds.first_day, thresholds.last_day) == ("2013-03-01", "2013-04-30")
    for column in thresholds.columns.values():
        assert (column.psi.weeks, column.psi.largest, column.is_monitored) == (0, None, False)
        assert column.missing_share.weeks == 8
    assert thresholds.scores.psi.false_alarm_rate_bound is None
    assert thresholds.scores.mean_probability.weeks == thresholds.scores.positive_share.weeks == 8


def test_weekly_scores_are_those_of_the_backtest(made, folder) -> None:
    predictions = Predictions.read(made.root / "reports/backtest/predictions", "2013-04")
    positive = predictions.probability >= np.float32(load_bundle(folder).decision.threshold)
    scores = load_thresholds(folder).scores
    last = predictions.date > np.datetime64(datetime.date(2013, 4, 23))
    for weekly, values in ((scores.mean_probability, predictions.probability), (scores.positive_share, positive)):
        assert weekly.smallest <= round(float(values[last].astype(float).mean()), 6) <= weekly.largest
