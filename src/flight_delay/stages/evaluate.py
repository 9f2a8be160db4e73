"""Stage: judge the model and the baselines. Every number that is shown anywhere is written here, to reports/metrics.json."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.evaluation.choice import said_and_seen
from flight_delay.evaluation.curves import calibration, confusion_rows, precision_recall, roc
from flight_delay.evaluation.decision import profit_curve
from flight_delay.evaluation.payoffs import DecisionParameters
from flight_delay.evaluation.slices import SLICED_BY, SliceRow, labels_of, slice_all
from flight_delay.evaluation.summary import summarize, summarize_months
from flight_delay.model.baselines import BASELINES
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.plots import comparison, decision
from flight_delay.plots import evaluation as plots
from flight_delay.plots.training import training_curve

PROCESSED = Path("data/processed")
BUNDLE = Path("models/bundle")
BASELINE_PREDICTIONS = Path("reports/baselines")
BACKTEST = Path("reports/backtest")
DECISION = Path("reports/decide")
TRAINING_CURVE = Path("reports/train/curve.csv")
METRICS = Path("reports/metrics.json")
REPORT = Path("reports/evaluate")


class Evaluate(params.Parameters):
    """How finely calibration is drawn, and from how many flights on a part of the data is looked at by itself."""

    calibration_bins: Annotated[int, Field(ge=2)]
    min_slice_flights: Annotated[int, Field(ge=1)]


def main() -> int:
    p = params.load("evaluate", Evaluate)
    windows = {
        name: months.present_months(PROCESSED, f"windows.{name}", window)
        for name, window in params.load("windows", months.Windows).named().items()
    }
    window_of = {month: name for name, of in windows.items() for month in of}

    payoffs = params.load("decide", DecisionParameters).payoffs

    bundle = load_bundle(BUNDLE)
    inputs = bundle.manifest.inputs
    needed = [*inputs, *(of for of in SLICED_BY if of.name not in {feature.name for feature in inputs})]
    by_month, labels = {}, []
    for month in progress(list(window_of), "month"):
        examples = read_month(PROCESSED, needed, month)
        by_month[month] = Predictions.of(examples, bundle.predict_late(examples.features))
        if window_of[month] == "test":
            labels.append(labels_of(examples))
    model = {name: Predictions.concat(by_month[month] for month in of) for name, of in windows.items()}
    for name, of in model.items():
        require_both_classes([of.late], f"windows.{name}")
    baselines = {
        name: Predictions.concat(Predictions.read(BASELINE_PREDICTIONS / name, month) for month in windows["test"])
        for name in BASELINES
    }

    decided = files.read_json(DECISION / "metrics.json")
    metrics = summarize(model, baselines, files.read_json(BACKTEST / "metrics.json"), decided, payoffs)
    log.info("  %s", metrics["verdict"])
    slices = slice_all(
        {name: np.concatenate([of[name] for of in labels]) for name in labels[0]},
        model["test"],
        bundle.decision.threshold,
        payoffs,
        min_flights=p.min_slice_flights,
    )
    judged = {month: of for month, of in by_month.items() if window_of[month] != "train"}
    monthly = summarize_months(judged, window_of, files.read_json(BACKTEST / "by_month.json"))

    rivals = {"model": model["test"], "logistic": baselines["logistic"]}
    curves = {
        "roc": {name: roc(of.late, of.probability) for name, of in rivals.items()},
        "precision_recall": {name: precision_recall(of.late, of.probability) for name, of in rivals.items()},
        "calibration": {name: calibration(of.late, of.probability, p.calibration_bins) for name, of in rivals.items()},
    }
    with files.whole_folder(REPORT) as report:
        for month, of in judged.items():
            of.write(report / "predictions", month)
        for name, curve in curves.items():
            files.write_csv(report / f"{name}.csv", *curve["model"])
        files.write_csv(report / "confusion.csv", *confusion_rows(metrics["confusion"]["test"]))
        files.write_csv(report / "slices.csv", SliceRow._fields, slices)
        files.write_csv(
            report / "profit_curve.csv", *profit_curve(model["test"].late, model["test"].probability, payoffs)
        )
        files.write_csv(report / "metric_by_month.csv", list(monthly[0]), [list(row.values()) for row in monthly])
        said = [{"judged": "backtest", **row} for row in files.read_rows(DECISION / "by_month.csv", {"month"})]
        said += [{"judged": window_of[row["month"]], **row} for row in said_and_seen(judged)]
        files.write_csv(report / "said_and_seen.csv", list(said[0]), [list(row.values()) for row in said])
        for name, picture in _pictures(report, metrics, curves, monthly, said).items():
            files.write_bytes(report / f"{name}.png", picture)
    files.write_json(METRICS, metrics)
    return sum(map(len, by_month.values()))


def _pictures(report: Path, metrics: Any, curves: Any, monthly: Any, said: Any) -> dict[str, bytes]:
    """Pictures by name, of what was computed, of the tables that were written, and of those of earlier stages."""
    on_backtest, on_test = (files.read_csv(of / "profit_curve.csv") for of in (DECISION, report))
    sliced = files.read_rows(report / "slices.csv", {"by", "label"})
    aged = files.read_rows(BACKTEST / "aging.csv", {"trained_through", "month"})
    return {
        **plots.draw_all(metrics, curves, monthly),
        **comparison.draw_all(metrics, sliced, aged),
        "profit": decision.profit(on_backtest, on_test, metrics["threshold"]),
        "said_and_seen": decision.said_and_seen(said),
        "training_curve": training_curve(files.read_csv(TRAINING_CURVE)),
    }


if __name__ == "__main__":
    run_stage("evaluate", main)
