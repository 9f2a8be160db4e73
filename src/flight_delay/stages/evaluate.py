"""Stage: evaluate the model and baselines; write all numbers that are shown."""

import numpy as np

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.evaluation.evaluation import EvaluateParameters, evaluate
from flight_delay.evaluation.month import predict_month
from flight_delay.features.segments import SLICE_FEATURES, slice_labels
from flight_delay.model.baselines import BASELINES
from flight_delay.model.bundle import load_bundle
from flight_delay.model.predictions import Predictions
from flight_delay.report.plots.comparison import draw_comparisons
from flight_delay.report.plots.evaluation import draw_evaluation
from flight_delay.report.plots.plot import write_plots


def main() -> int:
    p = params.load_params("evaluate", EvaluateParameters)
    payoffs = params.load_params("choose_threshold", DecisionParameters).payoffs
    splits = months.load_splits(paths.PROCESSED)
    bundle = load_bundle(paths.BUNDLE)
    curve = files.read_csv_columns(paths.report("train") / "curve.csv")
    profit = files.read_csv_columns(paths.report("choose_threshold") / "profit_curve.csv")
    aged = files.read_csv_rows(paths.report("backtest") / "model_staleness.csv", {"last_training_month", "month"})
    needed = list({feature.name: feature for feature in (*SLICE_FEATURES, *bundle.manifest.inputs)}.values())

    arguments = {}
    for month in (month for names in splits.values() for month in names):
        is_test, baselines = month in splits["test"], {}
        if is_test:
            baselines = {name: months.month_path(paths.report("baselines") / name, month) for name in BASELINES}
        source = months.month_path(paths.PROCESSED, month)
        arguments[month] = source, bundle, needed, baselines, slice_labels if is_test else None
    models, labels = {}, {}
    with files.atomic_directory(paths.report("evaluate")) as folder:
        for month, predicted in map_months(predict_month, arguments):
            models[month], labels[month] = predicted.models, predicted.labels
            if month not in splits["train"]:
                files.write_bytes(months.month_path(folder / "predictions", month), predicted.content)
        by_month = {month: predictions["model"] for month, predictions in models.items()}
        tested = {name: Predictions.concat(models[month][name] for month in splits["test"]) for name in BASELINES}
        names = labels[splits["test"][0]]
        groupings = {name: np.concatenate([labels[month][name] for month in splits["test"]]) for name in names}
        evaluation = evaluate(by_month, splits, groupings, tested, bundle.decision.threshold, payoffs, p)
        log.info("  %s", evaluation.metrics["verdict"])
        evaluation.write(folder)
        write_plots(folder, [*draw_comparisons(evaluation, profit, aged), *draw_evaluation(evaluation, curve)])
    files.write_json(paths.METRICS, evaluation.metrics)
    return sum(map(len, by_month.values()))


if __name__ == "__main__":
    run_stage("evaluate", main)
