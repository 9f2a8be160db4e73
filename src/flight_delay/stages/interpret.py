"""Stage: explain the model's predictions on a stratified sample of the test window."""

from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import progress, run_stage
from flight_delay.explain.explanation import Explanation, explain, global_importance
from flight_delay.explain.sample import stratified
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month
from flight_delay.plots import explanation as plots

PROCESSED = Path("data/processed")
BUNDLE = Path("models/bundle")
MODEL_IMPORTANCES = Path("reports/train/importances.json")
REPORT = Path("reports/interpret")


class Interpret(params.Parameters):
    """How many flights are explained, and which choice of them."""

    sample_rows: Annotated[int, Field(ge=1)]
    dependence_features: Annotated[int, Field(ge=0)]
    seed: Annotated[int, Field(ge=0)]


def main() -> int:
    p = params.load("interpret", Interpret)
    test_months = months.present_months(PROCESSED, "windows.test", params.load("windows", months.Windows).test)
    bundle = load_bundle(BUNDLE)

    read = partial(read_month, PROCESSED, bundle.manifest.inputs)
    positions = stratified({month: read(month).late for month in test_months}, p.sample_rows, p.seed)
    explanation = Explanation.concat(
        explain(bundle, read(month), positions[month]) for month in progress(test_months, "month")
    )
    importance = global_importance(explanation, files.read_json(MODEL_IMPORTANCES))

    with files.whole_folder(REPORT) as report:
        files.write_table(report / "shap_values.parquet", explanation.table())
        files.write_json(report / "importances.json", importance)
        for name, picture in plots.draw_all(explanation, importance, p.dependence_features).items():
            files.write_bytes(report / f"{name}.png", picture)
    return len(explanation.flight_id)


if __name__ == "__main__":
    run_stage("interpret", main)
