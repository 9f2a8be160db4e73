"""Stage: judge the model and the baselines. Every number that is shown anywhere is written here, to reports/metrics.json."""

import itertools

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.runner import log, run_stage
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.evaluation.evaluation import EvaluateParameters, concat_labels, evaluate
from flight_delay.evaluation.slices import SLICED_BY, labels_of
from flight_delay.features.columns import Columns
from flight_delay.model.baselines import BASELINES
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month, require_both_classes
from flight_delay.model.predictions import Predictions
from flight_delay.report.plots.comparison import draw_comparisons
from flight_delay.report.plots.evaluation import draw_evaluation
from flight_delay.report.plots.picture import write_pictures


def main() -> int:
    p = params.load("evaluate", EvaluateParameters)
    payoffs = params.load("decide", DecisionParameters).payoffs
    windows = months.load_windows(paths.PROCESSED)
    bundle = load_bundle(paths.BUNDLE)
    inputs = bundle.manifest.inputs
    names = {feature.name for feature in inputs}
    needed = [*inputs, *(feature for feature in SLICED_BY if feature.name not in names)]

    def predict(month: str) -> tuple[Predictions, Columns | None]:
        examples = read_month(paths.PROCESSED, needed, month)
        labels = labels_of(examples) if month in windows["test"] else None
        return Predictions.of(examples, bundle.predict_late(examples.features)), labels

    by_month, test_labels = {}, []
    for month, (predictions, labels) in map_months(predict, list(itertools.chain(*windows.values()))):
        by_month[month] = predictions
        if labels is not None:
            test_labels.append(labels)
    for window, names_of_months in windows.items():
        require_both_classes((by_month[month].late for month in names_of_months), f"windows.{window}")
    baselines = {
        name: Predictions.concat(Predictions.read(paths.report("baselines") / name, month) for month in windows["test"])
        for name in BASELINES
    }

    evaluation = evaluate(
        by_month, windows, concat_labels(test_labels), baselines, bundle.decision.threshold, payoffs, p
    )
    log.info("  %s", evaluation.metrics["verdict"])
    with files.whole_folder(paths.report("evaluate")) as folder:
        evaluation.write(folder)
        write_pictures(folder, [*draw_comparisons(evaluation), *draw_evaluation(evaluation)])
    files.write_json(paths.METRICS, evaluation.metrics)
    return sum(map(len, by_month.values()))


if __name__ == "__main__":
    run_stage("evaluate", main)
