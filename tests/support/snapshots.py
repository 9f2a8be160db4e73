"""Snapshots of pipelines to compare: a small one of four rows, and a larger pair of which B is better."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.comparison import PipelineComparison, compare_pipelines
from flight_delay.review.comparison.rows import MetricComparison, PeriodComparison
from flight_delay.review.comparison.snapshot import PipelineSnapshot, RawFile

PAYOFFS = Payoffs(true_positive=100, false_negative=-500, false_positive=-100, true_negative=100)
IDS = [f"2013-11-0{day}-{number}" for day in (1, 2) for number in (7, 8)]
TARGET = [True, False, True, False]
A, B = [0.6, 0.4, 0.3, 0.7], [0.8, 0.2, 0.9, 0.1]


def predictions(probability: Any, target: Any = TARGET, ids: Any = IDS) -> Predictions:
    """Predictions of rows whose ids begin with a date."""
    dates = np.array([row_id[:10] for row_id in ids], "datetime64[D]")
    return Predictions(np.array(ids, object), dates, np.array(target, bool), np.array(probability, np.float32))


SNAPSHOT = PipelineSnapshot(
    label="main", commit="c" * 40, parameters={"train_model.max_depth": "4"}, stale=(), inputs={"src": "s"},
    outputs={"models/bundle/model.ubj": "m", "data/raw/rows": "f", "data/raw/tables": "t", "data/processed": "p"},
    origin={"source": "bts"},
    raw_files={"rows/2013-10.parquet": RawFile(1000, "x"), "rows/2013-11.parquet": RawFile(234, "y")},
    features=("carrier", "origin"), threshold=0.5, payoffs=PAYOFFS, backtest=predictions(A), test=predictions(A),
)  # fmt: skip
RANDOM = np.random.default_rng(5)
MANY_TARGETS = RANDOM.random(1500) < 0.3
MANY_IDS = [f"{np.datetime64('2013-11-01') + day}-{row}" for row, day in enumerate(RANDOM.integers(20, size=1500))]


def skilled(skill: float, target: Any = MANY_TARGETS) -> Predictions:
    """1,500 predictions of 20 days, the better the more skill."""
    noise = np.random.default_rng(3).normal(0, 0.1, 1500)
    return predictions(np.clip(0.3 + skill * (MANY_TARGETS - 0.3) + noise, 0.01, 0.99), target, MANY_IDS)


POOR, GOOD = (replace(SNAPSHOT, threshold=0.3, backtest=skilled(skill), test=skilled(skill)) for skill in (0.02, 0.15))
DEEPER = replace(
    GOOD, label="deeper", commit="d" * 40, parameters={"train_model.max_depth": "6"},
    outputs={**SNAPSHOT.outputs, "models/bundle/model.ubj": "n"},
)  # fmt: skip


@cache
def better() -> PipelineComparison:
    """A comparison in which B is better."""
    return compare_pipelines(POOR, DEEPER)


def period(**verdicts: str) -> PeriodComparison:
    """A period with these verdicts by metric; the others are undecided."""
    names = ("roc_auc", "average_precision", "log_loss", "profit")
    measures = [
        MetricComparison(name, 0.5, 0.5, Comparison(0.1, 0.1, 0.1, verdicts.get(name, "not_significant")))
        for name in names
    ]
    return PeriodComparison(9, 3, 0, 0, tuple(measures), "mixed")
