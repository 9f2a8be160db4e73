"""Stage: put numbers and pictures together in one self-contained page."""

from pathlib import Path

from flight_delay.core import files, months, params
from flight_delay.core.runner import run_stage
from flight_delay.features.target import TargetParameters
from flight_delay.report.page import EXPLANATION_PICTURES, RESULT_PICTURES, render

REPORTS = Path("reports")
PAGE = REPORTS / "index.html"
MANIFEST = Path("data/raw/manifest.json")


def main() -> int:
    windows = params.load("windows", months.Windows).named()
    names = [picture.name for picture in (*RESULT_PICTURES, *EXPLANATION_PICTURES)]
    importances = files.read_json(REPORTS / "interpret/importances.json")
    dependence = [f"interpret/dependence_{row['feature']}" for row in importances]
    profiles = [f"check_data/{path.stem}" for path in sorted((REPORTS / "check_data").glob("profile_*.png"))]
    paths = {name: REPORTS / f"{name}.png" for name in [*names, *dependence, *profiles]}
    page = render(
        metrics=files.read_json(REPORTS / "metrics.json"),
        counts=files.read_json(REPORTS / "data/flights.json"),
        quality=files.read_json(REPORTS / "quality.json"),
        details=files.read_json(REPORTS / "data/quality.json"),
        findings=files.read_json(REPORTS / "check_data/findings.json"),
        manifest=files.read_json(MANIFEST),
        **params.load("build_features", TargetParameters).model_dump(),
        windows={name: str(window) for name, window in windows.items()},
        pictures={name: files.read_bytes(path) for name, path in paths.items() if name in names or path.exists()},
    )
    files.write_text(PAGE, page)
    return len(names)


if __name__ == "__main__":
    run_stage("report", main)
