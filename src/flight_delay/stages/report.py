"""Stage: put numbers and pictures together in one self-contained page."""

from flight_delay.core import files, months, params, paths
from flight_delay.core.errors import UserError
from flight_delay.core.runner import run_stage
from flight_delay.evaluation.costs import DecisionParameters
from flight_delay.features.parameters import FeatureParameters
from flight_delay.report.card import load_card
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import render
from flight_delay.report.pictures import PICTURES


def main() -> int:
    windows = params.load_params("windows", months.Splits).by_name()
    features = params.load_params("build_features", FeatureParameters)
    names = [picture.name for of in PICTURES.values() for picture in of]
    explanation = files.read_json(paths.REPORTS / "interpret/summary.json")
    manifest = paths.BUNDLE / "manifest.json"
    bundle = files.read_json(manifest)
    if explanation["model_sha256"] != bundle["model_sha256"]:
        raise UserError(
            f"{paths.REPORTS}/interpret: explains another model than {manifest}; `dvc repro` brings them together"
        )
    explained = [f"interpret/{name}" for name in explanation["pictures"]]
    profiles = [f"check_data/{path.stem}" for path in sorted((paths.REPORTS / "check_data").glob("profile_*.png"))]
    inputs = Inputs(
        metrics=files.read_json(paths.METRICS),
        decided=files.read_json(paths.REPORTS / "decide/metrics.json"),
        backtest=files.read_json(paths.REPORTS / "backtest/by_month.json"),
        learning=files.read_json(paths.REPORTS / "learning_curves/reading.json"),
        slices=files.read_csv_rows(paths.REPORTS / "evaluate/slices.csv", {"by", "label"}),
        explanation=explanation,
        selection=files.read_json(paths.SELECTION),
        counts=files.read_json(paths.REPORTS / "data/flights.json"),
        quality=files.read_json(paths.QUALITY),
        details=files.read_json(paths.REPORTS / "data/quality.json"),
        findings=files.read_json(paths.REPORTS / "check_data/findings.json"),
        manifest=files.read_json(paths.RAW_MANIFEST),
        bundle=bundle,
        card=load_card(),
        payoffs=params.load_params("decide", DecisionParameters).payoffs.model_dump(),
        windows={name: str(window) for name, window in windows.items()},
        late_minutes=features.late_minutes,
        horizon_hours=features.horizon_hours,
        pictures={name: files.read_bytes(paths.REPORTS / f"{name}.png") for name in [*names, *explained, *profiles]},
    )
    files.write_text(paths.PAGE, render(inputs))
    return len(names)


if __name__ == "__main__":
    run_stage("report", main)
