"""Stage: judge the model and the baselines. Every number that is shown anywhere is written here, to reports/metrics.json."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress, run_stage
from flight_delay.evaluation.curves import calibration, confusion_rows, precision_recall, roc
from flight_delay.evaluation.summary import summarize, summarize_months
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.plots import evaluation as plots
from flight_delay.plots.training import training_curve

PROCESSED = Path("data/processed")
BUNDLE = Path("models/bundle")
BASELINES = Path("reports/baselines")
BACKTEST = Path("reports/backtest")
TRAINING_CURVE = Path("reports/train/curve.csv")
METRICS = Path("reports/metrics.json")
REPORT = Path("reports/evaluate")


class Evaluate(params.Parameters):
    """From which probability on a flight is called late; how finely calibration is drawn."""

    threshold: Annotated[float, Field(gt=0, lt=1)]
    calibration_bins: Annotated[int, Field(ge=2)]


def main() -> int:
    p = params.load("evaluate", Evaluate)
    windows = {
        name: months.present_months(PROCESSED, f"windows.{name}", window)
        for name, window in params.load("windows", months.Windows).named().items()
    }
    window_of = {month: name for name, of in windows.items() for month in of}

    bundle = load_bundle(BUNDLE)
    by_month = {}
    for month in progress(list(window_of), "month"):
        examples = read_month(PROCESSED, month)
        by_month[month] = Predictions.of(examples, bundle.predict_late(examples.features))
    model = {name: Predictions.concat(by_month[month] for month in of) for name, of in windows.items()}
    for name, of in model.items():
        require_both_classes([of.late], f"windows.{name}")
    baselines = {
        folder.name: Predictions.concat(Predictions.read(folder, month) for month in windows["test"])
        for folder in files.folders_in(BASELINES)
    }

    metrics = summarize(model, baselines, files.read_json(BACKTEST / "metrics.json"), p.threshold)
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
        files.write_csv(report / "metric_by_month.csv", list(monthly[0]), [list(row.values()) for row in monthly])
        for name, picture in plots.draw_all(metrics, curves, monthly).items():
            files.write_bytes(report / f"{name}.png", picture)
        files.write_bytes(report / "training_curve.png", training_curve(files.read_csv(TRAINING_CURVE)))
    files.write_json(METRICS, metrics)
    return sum(map(len, by_month.values()))


if __name__ == "__main__":
    run_stage("evaluate", main)
