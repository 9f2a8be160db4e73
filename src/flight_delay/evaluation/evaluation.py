"""Compute everything that the stage evaluate writes, and write its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from flight_delay.core import files, paths
from flight_delay.core.params import Parameters
from flight_delay.evaluation.calibration_selection import said_and_seen
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.curves import Curve, calibration, confusion_rows, precision_recall, roc
from flight_delay.evaluation.slices import SliceRow, slice_all
from flight_delay.evaluation.summary import summarize, summarize_months
from flight_delay.evaluation.threshold import profit_curve
from flight_delay.features.columns import Columns
from flight_delay.model.predictions import Predictions

BACKTEST, DECISION = paths.report("backtest"), paths.report("decide")


class EvaluateParameters(Parameters):
    """How finely calibration is drawn, and from how many flights on a slice is looked at by itself."""

    calibration_bins: Annotated[int, Field(ge=2)]
    min_slice_flights: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What is computed about the predictions of a model and its baselines.

    Attributes:
        metrics: the content of reports/metrics.json.
        predictions: of the model by month after training.
        curves: 'roc', 'precision_recall' and 'calibration', each by model name.
        slices: metrics of parts of the test window.
        monthly: metrics by month.
        calibration_by_month: predicted and observed share of late flights by month.
        profit: profit per flight on test by threshold.
    """

    metrics: dict[str, Any]
    predictions: Mapping[str, Predictions]
    curves: Mapping[str, Mapping[str, Curve]]
    slices: Sequence[SliceRow]
    monthly: Sequence[Mapping[str, Any]]
    calibration_by_month: Sequence[Mapping[str, Any]]
    profit: Curve

    def write(self, folder: Path) -> None:
        """Write predictions and tables into a folder."""
        for month, predictions in self.predictions.items():
            predictions.write(folder / "predictions", month)
        for name, curve in self.curves.items():
            files.write_csv(folder / f"{name}.csv", *curve["model"])
        files.write_csv(folder / "confusion.csv", *confusion_rows(self.metrics["confusion"]["test"]))
        files.write_csv(folder / "slices.csv", SliceRow._fields, self.slices)
        files.write_csv(folder / "profit_curve.csv", *self.profit)
        for name, rows in (("metric_by_month", self.monthly), ("said_and_seen", self.calibration_by_month)):
            files.write_csv(folder / f"{name}.csv", list(rows[0]), [list(row.values()) for row in rows])


def evaluate(
    by_month: Mapping[str, Predictions],
    windows: Mapping[str, Sequence[str]],
    labels: Columns,
    baselines: Mapping[str, Predictions],
    threshold: float,
    payoffs: Payoffs,
    parameters: EvaluateParameters,
) -> Evaluation:
    """Judge a model and its baselines, with what the stages backtest and decide wrote.

    Args:
        by_month: predictions of the model by month of every window.
        windows: months by window: 'train', 'validation', 'test'.
        labels: what divides the flights of the test window, as `slices.labels_of` gives it.
        baselines: predictions of each baseline for the test window, the lowest first.
        threshold: a flight is called late from this probability on.
        payoffs: per flight.
        parameters: bins and smallest slice.

    Raises:
        UserError: a file of an earlier stage is missing, or the test window has fewer than two days.
    """
    window_of = {month: window for window, names in windows.items() for month in names}
    model = {window: Predictions.concat(by_month[month] for month in names) for window, names in windows.items()}
    test, after = model["test"], {month: by_month[month] for month in by_month if window_of[month] != "train"}
    decided = files.read_json(DECISION / "metrics.json")
    rivals = {"model": test, "logistic": baselines["logistic"]}
    curves = {
        "roc": {name: roc(rival.target, rival.probability) for name, rival in rivals.items()},
        "precision_recall": {name: precision_recall(rival.target, rival.probability) for name, rival in rivals.items()},
        "calibration": {
            name: calibration(rival.target, rival.probability, parameters.calibration_bins)
            for name, rival in rivals.items()
        },
    }
    on_backtest = files.read_rows(DECISION / "by_month.csv", {"month"})
    return Evaluation(
        metrics=summarize(model, baselines, files.read_json(BACKTEST / "metrics.json"), decided, payoffs),
        predictions=after,
        curves=curves,
        slices=slice_all(labels, test, threshold, payoffs, min_flights=parameters.min_slice_flights),
        monthly=summarize_months(after, window_of, files.read_json(BACKTEST / "by_month.json")),
        calibration_by_month=[
            *({"judged": "backtest", **row} for row in on_backtest),
            *({"judged": window_of[row["month"]], **row} for row in said_and_seen(after)),
        ],
        profit=Curve(*profit_curve(test.target, test.probability, payoffs)),
    )


def concat_labels(parts: Sequence[Columns]) -> Columns:
    """Join labels of several months, by name of what divides the flights."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
