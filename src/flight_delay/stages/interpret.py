"""Stage: explain the model's predictions on the test months: importance, stability, dependence and the worst errors."""

from functools import partial
from pathlib import Path

from flight_delay.core import files, months, params
from flight_delay.core.engine import background
from flight_delay.core.runner import progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.explain import scheduled
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.overall.errors import costliest
from flight_delay.explain.overall.result import InterpretParameters, combine_months, summarize_month
from flight_delay.explain.overall.stability import train_other_seeds
from flight_delay.explain.reference import learn
from flight_delay.explain.sample import stratified
from flight_delay.explain.topics import load_topics
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month
from flight_delay.plots.explanations import draw_pictures

PROCESSED, BUNDLE, REPORTS = Path("data/processed"), Path("models/bundle"), Path("reports")


def main() -> int:
    p, booster = params.load("interpret", InterpretParameters), params.load("train_model", BoosterParameters)
    windows = params.load("windows", months.Windows).named()
    train, validation, test = (months.present_months(PROCESSED, f"windows.{of}", windows[of]) for of in windows)
    bundle, topics, dictionary = load_bundle(BUNDLE), load_topics(), load_dictionary()
    encoding, read_inputs = bundle.manifest.features, partial(read_month, PROCESSED, bundle.manifest.inputs)
    train_seeds = partial(train_other_seeds, booster, encoding, read_inputs, train, validation, p.other_seeds)
    with background(train_seeds) as other_seeds, files.whole_folder(REPORTS / "interpret") as report:
        read = partial(scheduled.read_arrived, PROCESSED, bundle)
        explainer = Explainer(bundle, topics.covering(encoding), learn(bundle, read, train))
        sample = stratified({month: read_month(PROCESSED, (), month).late for month in test}, p.sample_rows, p.seed)
        summaries = {}
        for month in progress([*validation, *test], "month"):
            flights = read(month)
            explanation = explain(bundle, flights)
            summaries[month] = summarize_month(explainer, flights, explanation, sample.get(month), p.worst_errors)
            if month in sample:
                files.write_table(months.month_path(report / "shap_values", month), explanation.table())
        gains = files.read_json(REPORTS / "train/importances.json")
        slices = files.read_rows(REPORTS / "evaluate/slices.csv", {"by", "label"})
        costly = costliest(slices, files.read_json(REPORTS / "metrics.json")["test"]["roc_auc"])
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
