"""Two sides of a comparison: a commit, and a changed one whose model is better."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.comparison import Compared, compared
from flight_delay.review.comparison.flights import Measure, PeriodComparison
from flight_delay.review.comparison.snapshot import RawFile, Side

PAYOFFS = Payoffs(late_called_late=100, late_called_on_time=-500, on_time_called_late=-100, on_time_called_on_time=100)
RANDOM = np.random.default_rng(5)
ROWS, DAYS = 1500, 20
LATE = RANDOM.random(ROWS) < 0.3
DATES = np.datetime64("2013-11-01") + RANDOM.integers(DAYS, size=ROWS)
IDS = np.array([f"{date}-UA-{row}-EWR-0515" for row, date in enumerate(DATES)], object)


def predictions(skill: float) -> Predictions:
    noise = np.random.default_rng(3).normal(0, 0.1, ROWS)
    return Predictions(IDS, DATES, LATE, np.clip(0.3 + skill * (LATE - 0.3) + noise, 0.01, 0.99).astype(np.float32))


POOR, GOOD = predictions(0.02), predictions(0.15)
SIDE = Side(
    label="main", commit="c" * 40, parameters={"train_model.max_depth": "4"}, stale=(), inputs={"src": "s"},
    outputs={"models/bundle/model.ubj": "m"}, origin={"source": "bts"},
    raw_files={"flights/2013-11.parquet": RawFile(4, "x")}, features=("carrier", "origin"), threshold=0.3, payoffs=PAYOFFS,
    backtest=POOR, test=POOR, destination=np.array(["IAH", None] * (ROWS // 2), object),
)  # fmt: skip
CHANGED = replace(
    SIDE,
    label="deeper",
    commit=None,
    parameters={"train_model.max_depth": "6"},
    outputs={"models/bundle/model.ubj": "n"},
)


@cache
def better() -> Compared:
    """Compare the commit with the better model."""
    return compared(SIDE, replace(CHANGED, backtest=GOOD, test=GOOD))


def judged(**verdicts: str) -> PeriodComparison:
    over = {name: Comparison(0.1, 0.1, 0.1, verdict) for name, verdict in verdicts.items()}
    every = ("roc_auc", "average_precision", "log_loss", "profit")
    undecided = Comparison(0, 0, 0, "undecided")
    return PeriodComparison(
        9, 3, 0, 0, tuple(Measure(name, 0.5, 0.5, over.get(name, undecided)) for name in every), "mixed"
    )
