"""Compute and write the results of the stage evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from flight_delay.core import files, paths
from flight_delay.core.params import Parameters
from flight_delay.evaluation.calibration_selection import calibration_by_month
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.curves import Curve, calibration_curve, confusion_rows, precision_recall_curve, roc_curve
from flight_delay.evaluation.slices import SliceRow, slice_all
from flight_delay.evaluation.summary import summarize, summarize_months
from flight_delay.evaluation.threshold import profit_curve
from flight_delay.features.columns import Columns
from flight_delay.model.examples import require_both_classes
from flight_delay.model.predictions import Predictions

BACKTEST, DECISION = paths.report("backtest"), paths.report("choose_threshold")


class EvaluateParameters(Parameters):
    """Bins of the calibration curve, and size of slices that are not pooled."""

    calibration_bins: Annotated[int, Field(ge=2)]
    min_slice_rows: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """Metrics, tables and curves of a model and its baselines.

    Attributes:
        metrics: content of reports/metrics.json.
        curves: 'roc', 'precision_recall' and 'calibration', each by model name.
        slices: metrics of slices of the test split.
        monthly: metrics by month.
        calibration_by_month: predicted and observed rate by month.
        profit: profit per row on the test split by threshold.
    """

    metrics: dict[str, Any]
    curves: Mapping[str, Mapping[str, Curve]]
    slices: Sequence[SliceRow]
    monthly: Sequence[Mapping[str, Any]]
    calibration_by_month: Sequence[Mapping[str, Any]]
    profit: Curve

    def write(self, folder: Path) -> None:
        """Write the tables into a folder."""
        for name, curve in self.curves.items():
            files.write_csv(folder / f"{name}.csv", *curve["model"])
        files.write_csv(folder / "confusion.csv", *confusion_rows(self.metrics["confusion"]["test"]))
        files.write_csv(folder / "slices.csv", SliceRow._fields, self.slices)
        files.write_csv(folder / "profit_curve.csv", *self.profit)
        for name, rows in (("metric_by_month", self.monthly), ("calibration_by_month", self.calibration_by_month)):
            files.write_csv(folder / f"{name}.csv", list(rows[0]), [list(row.values()) for row in rows])


def evaluate(
    by_month: Mapping[str, Predictions],
    splits: Mapping[str, Sequence[str]],
    groupings: Columns,
    baselines: Mapping[str, Predictions],
    threshold: float,
    payoffs: Payoffs,
    parameters: EvaluateParameters,
) -> EvaluationResult:
    """Evaluate a model and its baselines.

    Outputs of backtest and choose_threshold are read from their reports.

    Args:
        by_month: predictions of the model by month of every split.
        splits: months by split: 'train', 'validation', 'test'.
        groupings: labels of the rows of the test split, by name of the grouping.
        baselines: predictions of each baseline for the test split, the simplest first.
        threshold: rows are predicted positive from this probability on.
        payoffs: per row.
        parameters: bins and smallest slice.

    Raises:
        UserError: a file of an earlier stage is missing, a split has one class, or the test split has fewer than two
            days.
    """
    split_of_month = {month: split for split, names in splits.items() for month in names}
    model = {split: Predictions.concat(by_month[month] for month in names) for split, names in splits.items()}
    for split, predictions in model.items():
        require_both_classes([predictions.target], f"splits.{split}")
    test = model["test"]
    after_training = {month: by_month[month] for month in by_month if split_of_month[month] != "train"}
    drawn = {"model": test, "logistic": baselines["logistic"]}
    bins = parameters.calibration_bins
    return EvaluationResult(
        metrics=summarize(
            model,
            baselines,
            files.read_json(BACKTEST / "metrics.json"),
            files.read_json(DECISION / "metrics.json"),
            payoffs,
        ),
        curves={
            "roc": {name: roc_curve(rival.target, rival.probability) for name, rival in drawn.items()},
            "precision_recall": {
                name: precision_recall_curve(rival.target, rival.probability) for name, rival in drawn.items()
            },
            "calibration": {
                name: calibration_curve(rival.target, rival.probability, bins) for name, rival in drawn.items()
            },
        },
        slices=slice_all(groupings, test, threshold, payoffs, min_rows=parameters.min_slice_rows),
        monthly=summarize_months(after_training, split_of_month, files.read_json(BACKTEST / "by_month.json")),
        calibration_by_month=[
            *({"evaluated_on": "backtest", **row} for row in files.read_csv_rows(DECISION / "by_month.csv", {"month"})),
            *({"evaluated_on": split_of_month[row["month"]], **row} for row in calibration_by_month(after_training)),
        ],
        profit=Curve(*profit_curve(test.target, test.probability, payoffs)),
    )
