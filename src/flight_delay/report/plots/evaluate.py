"""All plots of the stage evaluate."""

from __future__ import annotations

from pathlib import Path

from flight_delay.core import files, paths
from flight_delay.evaluation.evaluation import EvaluationResult
from flight_delay.report.plots import comparison, evaluation, threshold
from flight_delay.report.plots.training import training_curve


def draw_all(done: EvaluationResult, folder: Path) -> dict[str, bytes]:
    """Draw the plots of an evaluation, PNG by name.

    Args:
        done: what was computed.
        folder: its tables; numbers are drawn as they are written there.
    """
    backtest, decide, train = (paths.report(stage) for stage in ("backtest", "decide", "train"))
    profit_on_backtest, profit_on_test = (
        files.read_csv_columns(part / "profit_curve.csv") for part in (decide, folder)
    )
    sliced = files.read_csv_rows(folder / "slices.csv", {"by", "label"})
    aged = files.read_csv_rows(backtest / "aging.csv", {"trained_through", "month"})
    return {
        **evaluation.draw_all(done.metrics, done.curves, done.monthly),
        **comparison.draw_all(done.metrics, sliced, aged),
        "profit": threshold.profit(profit_on_backtest, profit_on_test, done.metrics["threshold"]),
        "said_and_seen": threshold.said_and_seen(done.calibration_by_month),
        "training_curve": training_curve(files.read_csv_columns(train / "curve.csv")),
    }
