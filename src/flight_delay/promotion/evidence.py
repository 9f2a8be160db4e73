"""Evidence for the gate; collect.py collects it.

A UserError in place of a value is the reason why it is not available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.promotion.candidate_metrics import ModelSize, SliceLoss
from flight_delay.review.comparison.rows import PeriodComparison
from flight_delay.review.verification.verify import Verification
from flight_delay.tracking.registry.loaded_model import Speed
from flight_delay.vcs.history import PipelineCommit


class DataQuality(NamedTuple):
    """Errors of `check_data`, and the share of quarantined rows with its bound."""

    errors: Sequence[str]
    quarantined_share: float
    max_quarantined_share: float


class ChampionComparison(NamedTuple):
    """Comparison of the candidate with the champion.

    Metrics are compared on the rows that both predict; slices are those of the test split.
    """

    champion: str
    backtest: PeriodComparison
    test: PeriodComparison
    size: ModelSize
    champion_size: ModelSize
    slices: Sequence[SliceLoss]


class ModelReplay(NamedTuple):
    """Comparison of the loaded model in MLflow with the commit, and its speed."""

    other_files: Sequence[str]  # of its bundle, that differ from the commit's
    predictions: int  # number of recorded ones
    different: int  # number of those that it does not repeat bit for bit
    speed: Speed


@dataclass(frozen=True)
class Evidence:
    """Evidence for all checks; `comparison` is None if there is no champion."""

    commit: PipelineCommit
    verification: Verification | UserError
    quality: DataQuality | UserError
    comparison: ChampionComparison | UserError | None
    calibration_error: float | UserError
    replay: ModelReplay | UserError
