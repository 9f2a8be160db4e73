"""Stage: explain the model: importance, stability, dependence, worst errors."""

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months, run_in_background
from flight_delay.core.runner import run_stage
from flight_delay.core.workers import Worker
from flight_delay.data.dictionary import load_dictionary
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.feature_groups import load_topics
from flight_delay.explain.flights import read_arrived
from flight_delay.explain.global_.errors import costliest_slices
from flight_delay.explain.global_.result import InterpretParameters, explain_month, merge_months
from flight_delay.explain.global_.stability import train_other_seeds
from flight_delay.explain.reference import fit_reference
from flight_delay.explain.sample import stratified_sample
from flight_delay.model.booster import BoosterParameters, Trained
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month
from flight_delay.report.plots.dependence import draw_dependence
from flight_delay.report.plots.flight import draw_waterfalls
from flight_delay.report.plots.importance import draw_importance
from flight_delay.report.plots.plot import write_plots


def main() -> int:
    p = params.load_params("interpret", InterpretParameters)
    booster = params.load_params("train_model", BoosterParameters)
    train, validation, test = months.load_splits(paths.PROCESSED).values()
    bundle, topics, dictionary = load_bundle(paths.BUNDLE), load_topics(), load_dictionary()
    processed = months.month_paths(paths.PROCESSED, [*train, *validation, *test])

    def train_seeds(worker: Worker) -> dict[int, Trained]:
        encoding = bundle.manifest.features
        return train_other_seeds(booster, encoding, processed, train, validation, p.n_extra_seeds, worker)

    with run_in_background(train_seeds) as extra_seeds, files.atomic_directory(paths.report("interpret")) as report:
        reference = fit_reference(bundle, lambda month: read_arrived(processed[month], bundle), train)
        explainer = Explainer(bundle, topics, reference)
        outcomes = {month: read_month(processed, (), month).target for month in test}
        sample = stratified_sample(outcomes, p.sample_rows, p.seed)
        later = [*validation, *test]
        arguments = {month: (processed[month], explainer, sample.get(month), p.n_worst_errors) for month in later}
        summaries = {}
        for month, (summaries[month], shap_values) in map_months(explain_month, arguments):
            if shap_values:
                files.write_bytes(months.month_path(report / "shap_values", month), shap_values)
        gains = files.read_json(paths.report("train") / "importances.json")
        slices = files.read_csv_rows(paths.report("evaluate") / "slices.csv", {"by", "label"})
        costly = costliest_slices(slices, files.read_json(paths.METRICS)["test"]["roc_auc"])
        result = merge_months(explainer, p, booster, summaries, extra_seeds.result(), gains, costly)
        result.write(report)
        dependence = draw_dependence(result, dictionary, p.n_dependence_plots)
        write_plots(report, [*draw_importance(result), *dependence, *draw_waterfalls(result)])
    return result.flights


if __name__ == "__main__":
    run_stage("interpret", main)
