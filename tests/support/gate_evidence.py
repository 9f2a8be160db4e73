"""Evidence for the gate, just within its bounds, and ways to change it."""

from __future__ import annotations

from typing import Any

from flight_delay.evaluation.bootstrap import Comparison
from flight_delay.promotion.bounds import Promote
from flight_delay.promotion.candidate_metrics import ModelSize, SliceLoss
from flight_delay.promotion.evidence import ChampionComparison, DataQuality, Evidence, ModelReplay
from flight_delay.review.comparison.rows import MetricComparison, PeriodComparison
from flight_delay.review.verification.verify import OutputCheck, Verification
from flight_delay.tracking.registry.loaded_model import Speed
from flight_delay.vcs.history import PipelineCommit

BOUNDS = Promote(
    model="m",
    min_slice_rows=300,
    max_slice_log_loss_increase=0.02,
    calibration_bins=10,
    max_calibration_error=0.05,
    max_latency_ms=100.0,
    min_throughput_rows_per_s=1000.0,
)
SMALL, LARGE = ModelSize(10, 500), ModelSize(10, 501)
SLICES = [SliceLoss("hour", "05:00", 311, 0.02), SliceLoss("carrier", "UA", 9000, -0.001)]
WORSE_SLICES = [SliceLoss("hour", f"0{at}:00", 300, 0.0201) for at in range(4)]


def judged(verdict: Any, reason: str | None = None) -> PeriodComparison:
    gain = Comparison(0.0031, -0.001, 0.0072, "not_significant")
    measures = [
        MetricComparison(name, 0.5, 0.5031, gain) for name in ("roc_auc", "average_precision", "log_loss", "profit")
    ]
    return PeriodComparison(100, 30, 0, 0, () if reason else tuple(measures), verdict, reason)


def compared(
    backtest: str | PeriodComparison = "better", test: str | PeriodComparison = "not_significant", **changes: Any
) -> ChampionComparison:
    periods = (period if isinstance(period, PeriodComparison) else judged(period) for period in (backtest, test))
    return ChampionComparison("champion 2", *periods, LARGE, SMALL, SLICES)._replace(**changes)


def verified(md5: str) -> Verification:
    output = OutputCheck("train_model", "model.ubj", "a", md5, None)
    return Verification("c" * 40, [output], [], None, [])


def replay(
    files: tuple[str, ...] = (), predictions: int = 10, different: int = 0, speed: Any = (100, 1000)
) -> ModelReplay:
    return ModelReplay(files, predictions, different, Speed(*speed))


GOOD = Evidence(
    commit=PipelineCommit("c" * 40, None),
    verification=verified("a"),
    quality=DataQuality((), 0.01, 0.01),
    comparison=compared(),
    calibration_error=0.05,
    replay=replay(),
)
