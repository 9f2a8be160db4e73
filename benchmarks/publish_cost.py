"""What publishing adds to `dvc repro`, as ratios from one run: medians of CPU and wall seconds.

    python benchmarks/publish_cost.py --runs 3

compares `dvc repro` with one of all stages but `publish`: cold, each in a fresh clone, and where nothing has changed. Runs go to
a database file, or to the server that `--tracking-uri` names."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import yaml
from pipeline_cost import REPOSITORY, clone, measured, show

STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
WITHOUT = ["dvc", "repro", *(name for name in STAGES if name != "publish")]
WITH = ["dvc", "repro"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--tracking-uri", help="of a server (default: mlflow.db in the clone)")
    arguments = parser.parse_args()
    server = {"MLFLOW_TRACKING_URI": arguments.tracking_uri} if arguments.tracking_uri else {}
    with tempfile.TemporaryDirectory(prefix="flight-delay-cost-") as temporary:
        folder = Path(temporary)
        log = folder / "log"
        cold: dict[str, list] = {"with": [], "without": []}
        for _ in range(arguments.runs):
            cold["without"].append(measured(WITHOUT, clone(folder / "project"), log))
            cold["with"].append(measured(WITH, clone(folder / "project"), log, **server))
        show("cold `dvc repro` against one without `publish`", cold["with"], cold["without"], "none")
        nothing: dict[str, list] = {"with": [], "without": []}
        for _ in range(3 * arguments.runs):
            nothing["without"].append(measured(WITHOUT, folder / "project", log))
            nothing["with"].append(measured(WITH, folder / "project", log, **server))
        show(
            "`dvc repro` with nothing to do against one without `publish`", nothing["with"], nothing["without"], "none"
        )


if __name__ == "__main__":
    main()
