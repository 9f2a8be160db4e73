"""Replay recorded predictions with a stored bundle, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from flight_delay.core import paths
from flight_delay.core.months import list_months
from flight_delay.evaluation.comparison import require_same_rows
from flight_delay.model.bundle import load_bundle
from flight_delay.model.examples import read_month
from flight_delay.model.predictions import Predictions

PREDICTIONS = paths.report("evaluate") / "predictions"


class ReplayedPredictions(NamedTuple):
    """Number of predictions, of differing ones, and the largest difference."""

    rows: int
    changed: int
    largest_difference: float


def replay(folder: Path) -> ReplayedPredictions:
    """Predict all recorded rows again with the bundle and the installed code.

    Args:
        folder: holds models/bundle, data/processed and reports/evaluate/predictions.

    Raises:
        UserError: a file is missing, or the bundle has another format.
        ValueError: the recorded rows are not those of data/processed.
    """
    bundle = load_bundle(folder / paths.BUNDLE)
    differences = []
    for month in list_months(folder / PREDICTIONS):
        recorded = Predictions.read(folder / PREDICTIONS, month)
        examples = read_month(folder / paths.PROCESSED, bundle.manifest.inputs, month)
        replayed = Predictions.from_examples(examples, bundle.predict_probability(examples.features))
        require_same_rows({"recorded": recorded, "replayed": replayed})
        differences.append(np.abs(replayed.probability.astype(np.float64) - recorded.probability))
    every = np.concatenate(differences)
    return ReplayedPredictions(len(every), int(np.count_nonzero(every)), float(every.max(initial=0)))
