"""Stage: combine numbers and plots of all stages in one self-contained page."""

from flight_delay.core import files, months, params, paths
from flight_delay.core.errors import UserError
from flight_delay.core.runner import run_stage
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.features.parameters import FeatureParameters
from flight_delay.report.card import load_card
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import render_report
from flight_delay.report.plots.plot import read_plots

STAGES_WITH_PLOTS = ("evaluate", "learning_curves", "interpret", "check_data")


def main() -> int:
    splits = params.load_params("splits", months.Splits).by_name()
    features = params.load_params("build_features", FeatureParameters)
    explanation = files.read_json(paths.report("interpret") / "summary.json")
    manifest = paths.BUNDLE / "manifest.json"
    bundle = files.read_json(manifest)
    if explanation["model_sha256"] != bundle["model_sha256"]:
        raise UserError(f"{paths.report('interpret')}: explains another model than {manifest}; run `dvc repro --force`")
    inputs = Inputs(
        metrics=files.read_json(paths.METRICS),
        threshold_choice=files.read_json(paths.report("choose_threshold") / "metrics.json"),
        backtest=files.read_json(paths.report("backtest") / "by_month.json"),
        learning=files.read_json(paths.report("learning_curves") / "conclusions.json"),
        slices=files.read_csv_rows(paths.report("evaluate") / "slices.csv", {"by", "label"}),
        explanation=explanation,
        selection=files.read_json(paths.SELECTION),
        counts=files.read_json(paths.report("data") / "flights.json"),
        quality=files.read_json(paths.QUALITY),
        quality_examples=files.read_json(paths.report("data") / "quality.json"),
        findings=files.read_json(paths.report("check_data") / "findings.json"),
        manifest=files.read_json(paths.RAW_MANIFEST),
        bundle=bundle,
        card=load_card(),
        payoffs=params.load_params("choose_threshold", DecisionParameters).payoffs.model_dump(),
        splits={name: str(split) for name, split in splits.items()},
        late_threshold_minutes=features.late_threshold_minutes,
        horizon_hours=features.horizon_hours,
        plots=[plot for stage in STAGES_WITH_PLOTS for plot in read_plots(paths.report(stage))],
    )
    files.write_text(paths.PAGE, render_report(inputs))
    return len(inputs.plots)


if __name__ == "__main__":
    run_stage("report", main)
