"""Stage: evaluate the model and baselines; write all numbers that are shown."""

import numpy as np

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.evaluation.evaluation import EvaluateParameters, evaluate
from flight_delay.features.columns import Columns
from flight_delay.features.segments import SLICE_FEATURES, slice_labels
from flight_delay.model.baselines import BASELINES
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.report.plots.comparison import draw_comparisons
from flight_delay.report.plots.evaluation import draw_evaluation
from flight_delay.report.plots.plot import write_plots


def main() -> int:
    p = params.load_params("evaluate", EvaluateParameters)
    payoffs = params.load_params("choose_threshold", DecisionParameters).payoffs
    splits = months.load_splits(paths.PROCESSED)
    bundle = load_bundle(paths.BUNDLE)
    baselines = {
        name: Predictions.concat(Predictions.read(paths.report("baselines") / name, month) for month in splits["test"])
        for name in BASELINES
    }
    curve = files.read_csv_columns(paths.report("train") / "curve.csv")
    profit = files.read_csv_columns(paths.report("choose_threshold") / "profit_curve.csv")
    aged = files.read_csv_rows(paths.report("backtest") / "model_staleness.csv", {"last_training_month", "month"})
    needed = list({feature.name: feature for feature in (*SLICE_FEATURES, *bundle.manifest.inputs)}.values())

    def predict(month: str) -> tuple[Predictions, Columns | None]:
        examples = read_month(paths.PROCESSED, needed, month)
        labels = slice_labels(examples.features, examples.date) if month in splits["test"] else None
        return Predictions.from_examples(examples, bundle.predict_probability(examples.features)), labels

    by_month, labels_by_month = {}, []
    every = {month: (month,) for names in splits.values() for month in names}
    for month, (predictions, labels) in map_months(predict, every):
        by_month[month] = predictions
        if labels is not None:
            labels_by_month.append(labels)
    for split, names_of_months in splits.items():
        require_both_classes((by_month[month].target for month in names_of_months), f"splits.{split}")
    groupings = {name: np.concatenate([labels[name] for labels in labels_by_month]) for name in labels_by_month[0]}

    evaluation = evaluate(by_month, splits, groupings, baselines, bundle.decision.threshold, payoffs, p)
    log.info("  %s", evaluation.metrics["verdict"])
    with files.atomic_directory(paths.report("evaluate")) as folder:
        evaluation.write(folder)
        write_plots(folder, [*draw_comparisons(evaluation, profit, aged), *draw_evaluation(evaluation, curve)])
    files.write_json(paths.METRICS, evaluation.metrics)
    return sum(map(len, by_month.values()))


if __name__ == "__main__":
    run_stage("evaluate", main)
