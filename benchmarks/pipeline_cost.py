"""Measure the cost of orchestration, as ratios from one run.

    python benchmarks/pipeline_cost.py --runs 3

compares a cold `dvc repro` of the committed pipeline with one plain process that does the same work, and a `dvc repro`
where nothing has changed with one in an empty DVC project of as many stages. Every run is in a clone of its own, the
two in turn. Medians of CPU and wall seconds, and the peak memory of every stage."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import yaml

from flight_delay.review.clean_clone import clean_environment

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = clean_environment(Path.home())


class Cost(NamedTuple):
    """Seconds of a command and of all that it started."""

    cpu: float
    wall: float


def measured(command: list[str], folder: Path, log: Path, **environment: str) -> Cost:
    """Run a command to its end; its CPU seconds are the operating system's own account."""
    with log.open("w") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**ENVIRONMENT, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)


def clone(folder: Path) -> Path:
    """A fresh clone of the committed pipeline, without cache."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(folder)], check=True)
    return folder


def empty_project(folder: Path, stages: int) -> Path:
    """A DVC project of as many stages that do nothing, run once."""
    folder.mkdir()
    made = {f"stage_{n}": {"cmd": f"echo {n} > {n}.txt", "outs": [f"{n}.txt"]} for n in range(stages)}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": made}))
    (folder / ".dvc").mkdir()
    shutil.copy(REPOSITORY / ".dvc/config", folder / ".dvc/config")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["dvc", "repro", "--quiet"], cwd=folder, env=ENVIRONMENT, check=True)
    return folder


def show(title: str, ours: list[Cost], other: list[Cost], goal: str) -> None:
    """Print medians of both and the ratio of the medians."""
    print(f"\n{title} (goal: {goal})")
    for name in Cost._fields:
        a, b = (statistics.median(getattr(cost, name) for cost in costs) for costs in (ours, other))
        print(f"  {name:4} {a:7.2f} s against {b:7.2f} s: ratio {a / b:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default 3)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="flight-delay-cost-") as temporary:
        folder = Path(temporary)
        log = folder / "log"
        cold, plain, memory = [], [], {}
        for _ in range(runs):
            cold.append(measured(["dvc", "repro"], clone(folder / "cold"), log))
            memory = dict(re.findall(r"(\w+): done, .* peak memory (\d+) MiB", log.read_text()))
            script = [sys.executable, str(REPOSITORY / "benchmarks/plain_pipeline.py")]
            plain.append(measured(script, clone(folder / "plain"), log, PYTHONPATH="src"))
        show("cold `dvc repro` against one plain process", cold, plain, "at most 1.5 in CPU")

        stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
        empty = empty_project(folder / "empty", len(stages))
        ours, theirs = [], []
        for _ in range(3 * runs):
            ours.append(measured(["dvc", "repro"], folder / "cold", log))
            theirs.append(measured(["dvc", "repro"], empty, log))
        show("`dvc repro` with nothing to do against an empty project", ours, theirs, "at most 1.2")

        print("\npeak memory by stage, MiB")
        for stage, mib in memory.items():
            print(f"  {stage:16} {mib:>5}")


if __name__ == "__main__":
    main()
