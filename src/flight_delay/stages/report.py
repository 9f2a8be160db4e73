"""Stage: put numbers and pictures together in one self-contained page."""

from pathlib import Path

from flight_delay.core import files, months, params
from flight_delay.core.errors import UserError
from flight_delay.core.runner import run_stage
from flight_delay.evaluation.payoffs import DecisionParameters
from flight_delay.features.parameters import FeatureParameters
from flight_delay.report.card import load_card
from flight_delay.report.inputs import Inputs
from flight_delay.report.page import render
from flight_delay.report.pictures import PICTURES

REPORTS = Path("reports")
PAGE = REPORTS / "index.html"
MANIFEST = Path("data/raw/manifest.json")
SELECTION = Path("data/selection.json")
BUNDLE = Path("models/bundle/manifest.json")


def main() -> int:
    windows = params.load("windows", months.Windows).named()
    features = params.load("build_features", FeatureParameters)
    names = [picture.name for of in PICTURES.values() for picture in of]
    explanation = files.read_json(REPORTS / "interpret/summary.json")
    bundle = files.read_json(BUNDLE)
    if explanation["model_sha256"] != bundle["model_sha256"]:
        raise UserError(f"{REPORTS}/interpret: explains another model than {BUNDLE}; `dvc repro` brings them together")
    explained = [f"interpret/{name}" for name in explanation["pictures"]]
    profiles = [f"check_data/{path.stem}" for path in sorted((REPORTS / "check_data").glob("profile_*.png"))]
    paths = {name: REPORTS / f"{name}.png" for name in [*names, *explained, *profiles]}
    inputs = Inputs(
        metrics=files.read_json(REPORTS / "metrics.json"),
        decided=files.read_json(REPORTS / "decide/metrics.json"),
        backtest=files.read_json(REPORTS / "backtest/by_month.json"),
        learning=files.read_json(REPORTS / "learning_curves/reading.json"),
        slices=files.read_rows(REPORTS / "evaluate/slices.csv", {"by", "label"}),
        explanation=explanation,
        selection=files.read_json(SELECTION),
        counts=files.read_json(REPORTS / "data/flights.json"),
        quality=files.read_json(REPORTS / "quality.json"),
        details=files.read_json(REPORTS / "data/quality.json"),
        findings=files.read_json(REPORTS / "check_data/findings.json"),
        manifest=files.read_json(MANIFEST),
        bundle=bundle,
        card=load_card(),
        payoffs=params.load("decide", DecisionParameters).payoffs.model_dump(),
        windows={name: str(window) for name, window in windows.items()},
        late_minutes=features.late_minutes,
        horizon_hours=features.horizon_hours,
        pictures={name: files.read_bytes(path) for name, path in paths.items()},
    )
    files.write_text(PAGE, render(inputs))
    return len(names)


if __name__ == "__main__":
    run_stage("report", main)
