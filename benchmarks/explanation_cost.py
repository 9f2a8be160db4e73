"""How many flights are explained per CPU second, beside `shap.TreeExplainer` on the same matrix of the same model.

    python benchmarks/explanation_cost.py --runs 5

explains a month of this checkout (after `dvc repro`), in turns, and prints medians, the ratio, and how far both are
apart. Both predict as well, to check that contributions add up."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shap

from flight_delay.core.months import list_months
from flight_delay.explain.explanation import explain
from flight_delay.model.bundle import load_bundle
from flight_delay.model.encode import encode
from flight_delay.model.examples import read_month

PROCESSED, BUNDLE = Path("data/processed"), Path("models/bundle")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and the CPU seconds of all threads that it took."""
    started = time.process_time()
    given = work()
    return given, time.process_time() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of each, in turns (default: 5)")
    parser.add_argument("--month", help="to explain (default: the last one)")
    arguments = parser.parse_args()

    bundle = load_bundle(BUNDLE)
    examples = read_month(PROCESSED, bundle.manifest.inputs, arguments.month or list_months(PROCESSED)[-1])
    explainer = shap.TreeExplainer(bundle.booster)
    ours, theirs = [], []
    for _ in range(arguments.runs):
        explanation, seconds = timed(lambda: explain(bundle, examples))  # encoding and columns by name are part of it
        ours.append(seconds)
        values, seconds = timed(lambda: explainer.shap_values(encode(examples.features, bundle.manifest.features)))
        theirs.append(seconds)
    rows = len(examples)
    apart = np.abs(np.column_stack(list(explanation.shap.values())) - np.asarray(values)).max()
    for name, seconds in (("explain", ours), ("shap.TreeExplainer", theirs)):
        print(f"{name}: {rows / statistics.median(seconds):,.0f} flights per CPU second (median of {len(seconds)})")
    print(f"ratio {statistics.median(theirs) / statistics.median(ours):.2f}; largest difference {apart:.2g} log-odds")


if __name__ == "__main__":
    main()
