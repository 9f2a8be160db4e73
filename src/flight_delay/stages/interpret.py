"""Stage: explain the model: importance, stability, dependence, worst errors."""

from functools import partial

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import background, map_months
from flight_delay.core.runner import run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.explain import flights
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.feature_groups import load_topics
from flight_delay.explain.global_.errors import costliest
from flight_delay.explain.global_.result import InterpretParameters, MonthSummary, combine_months, summarize_month
from flight_delay.explain.global_.stability import train_other_seeds
from flight_delay.explain.reference import learn
from flight_delay.explain.sample import stratified
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month
from flight_delay.report.plots.explanations import draw_pictures


def main() -> int:
    p, booster = params.load("interpret", InterpretParameters), params.load("train_model", BoosterParameters)
    windows = months.load_windows(paths.PROCESSED)
    train, validation, test = windows.values()
    bundle, topics, dictionary = load_bundle(paths.BUNDLE), load_topics(), load_dictionary()
    encoding, read_inputs = bundle.manifest.features, partial(read_month, paths.PROCESSED, bundle.manifest.inputs)
    read = partial(flights.read_arrived, paths.PROCESSED, bundle)
    train_seeds = partial(train_other_seeds, booster, encoding, read_inputs, train, validation, p.other_seeds)
    with background(train_seeds) as other_seeds, files.whole_folder(paths.report("interpret")) as report:
        explainer = Explainer(bundle, topics.covering(encoding), learn(bundle, read, train))
        outcomes = {month: read_month(paths.PROCESSED, (), month).target for month in test}
        sample = stratified(outcomes, p.sample_rows, p.seed)

        def summarize(month: str) -> MonthSummary:
            flights = read(month)
            explanation = explain(bundle, flights)
            if month in sample:
                files.write_table(months.month_path(report / "shap_values", month), explanation.table())
            return summarize_month(explainer, flights, explanation, sample.get(month), p.worst_errors)

        summaries = dict(map_months(summarize, [*validation, *test]))
        gains = files.read_json(paths.report("train") / "importances.json")
        slices = files.read_rows(paths.report("evaluate") / "slices.csv", {"by", "label"})
        costly = costliest(slices, files.read_json(paths.METRICS)["test"]["roc_auc"])
        result = combine_months(explainer, p, booster, summaries, other_seeds.result(), gains, costly)
        pictures, texts = draw_pictures(result, dictionary, p.dependence_features)
        for name, png in pictures.items():
            files.write_bytes(report / f"{name}.png", png)
        for name, (header, rows) in result.tables().items():
            files.write_csv(report / f"{name}.csv", header, rows)
        for name, content in result.documents(texts).items():
            files.write_json(report / f"{name}.json", content)
    return result.flights


if __name__ == "__main__":
    run_stage("interpret", main)
