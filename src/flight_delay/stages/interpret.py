"""Stage: explain the model's predictions on the test months: what matters, how surely, in which way, and where it is wrong."""

from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.engine import Worker, background
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import explain
from flight_delay.explain.overall.errors import costliest
from flight_delay.explain.overall.found import Effort, of_month, put_together
from flight_delay.explain.overall.stability import retrained
from flight_delay.explain.overall.turns import month_record
from flight_delay.explain.reference import learn
from flight_delay.explain.sample import stratified
from flight_delay.explain.scheduled import read_month
from flight_delay.explain.topics import family_of, load_topics
from flight_delay.model.booster import BoosterParameters, Trained
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import Examples
from flight_delay.model.examples import read_month as read_examples
from flight_delay.plots.explanation import draw_all
from flight_delay.plots.naming import Naming

PROCESSED = Path("data/processed")
BUNDLE = Path("models/bundle")
MODEL_IMPORTANCES = Path("reports/train/importances.json")
SLICES = Path("reports/evaluate/slices.csv")
METRICS = Path("reports/metrics.json")
REPORT = Path("reports/interpret")


class Interpret(params.Parameters):
    """How many flights are drawn for what takes longer than SHAP values, and how much is shown."""

    sample_rows: Annotated[int, Field(ge=2)]
    interaction_rows: Annotated[int, Field(ge=2)]
    permutations: Annotated[int, Field(ge=1)]
    other_seeds: Annotated[int, Field(ge=0)]
    worst_errors: Annotated[int, Field(ge=1)]
    dependence_features: Annotated[int, Field(ge=0)]
    seed: Annotated[int, Field(ge=0)]


def main() -> int:
    p = params.load("interpret", Interpret)
    parameters = params.load("train_model", BoosterParameters)
    windows = {
        name: months.present_months(PROCESSED, f"windows.{name}", window)
        for name, window in params.load("windows", months.Windows).named().items()
    }
    bundle, dictionary = load_bundle(BUNDLE), load_dictionary()
    topics = load_topics().covering(bundle.manifest.features)
    features, read_inputs = bundle.manifest.features, partial(read_examples, PROCESSED, bundle.manifest.inputs)
    effort = Effort(p.interaction_rows, p.permutations, p.worst_errors, p.seed)

    def read(month: str) -> Examples:
        return read_month(PROCESSED, bundle, month).arrived()

    seeds = range(parameters.seed + 1, parameters.seed + 1 + p.other_seeds)

    def train_other_seeds(worker: Worker) -> dict[int, Trained]:
        return retrained(parameters, features, read_inputs, windows["train"], windows["validation"], seeds, worker)

    records, parts = {}, []
    with background(train_other_seeds) as others, files.whole_folder(REPORT) as report:
        log.info("  what is usual")
        model = Explainer(bundle, topics, learn(bundle, read, windows["train"]))
        outcomes = {month: read_examples(PROCESSED, (), month).late for month in windows["test"]}
        chosen = stratified(outcomes, p.sample_rows, p.seed)
        for month in progress([*windows["validation"], *windows["test"]], "month"):
            flights = read(month)
            explanation = explain(bundle, flights)
            records[month] = month_record(explanation, model.topic_of)
            if month in chosen:
                files.write_table(months.month_path(report / "shap_values", month), explanation.table())
                parts.append(of_month(model, flights, explanation, chosen[month], effort))
        found = put_together(
            model,
            parts,
            by_month=records,
            seed=parameters.seed,
            others=others.result(),
            model_importances=files.read_json(MODEL_IMPORTANCES),
            constrained=parameters.monotone,
            slices=costliest(files.read_rows(SLICES, {"by", "label"}), files.read_json(METRICS)["test"]["roc_auc"]),
            effort=effort,
        )
        for name in [of.name for of in found.outside]:
            log.warning("  %s matters otherwise to the sample than to all flights; enlarge interpret.sample_rows", name)
        for said in [*(of.words for of in found.turns), *(of.words for of in found.twins)]:
            log.warning("  %s", said)
        units = {of.name: dictionary.features[family_of(of.name)].unit for of in features if of.kind == "quantitative"}
        drawn = draw_all(found, Naming(model.labels, units), p.dependence_features)
        for name, picture in drawn.items():
            files.write_bytes(report / f"{name}.png", picture.png)
        for name, (header, rows) in found.tables().items():
            files.write_csv(report / f"{name}.csv", header, rows)
        files.write_json(report / "importances.json", found.features())
        files.write_json(report / "reference.json", model.reference.model_dump(mode="json"))
        files.write_json(report / "summary.json", found.summary({name: of.shows for name, of in drawn.items()}))
    return found.flights


if __name__ == "__main__":
    run_stage("interpret", main)
