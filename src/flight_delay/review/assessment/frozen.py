"""The frozen inputs and outputs of a review, asked by today's code: does the model still say what was recorded, where is it
most wrong, and why. Reads a folder in which they lie, and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from flight_delay.core.months import months_in
from flight_delay.evaluation.comparison import same_flights
from flight_delay.explain.explanation import Explanation, explain
from flight_delay.explain.overall.errors import worst_positions
from flight_delay.features.columns import Column
from flight_delay.model.bundle import Bundle, load_bundle
from flight_delay.model.examples import Examples, read_month
from flight_delay.model.predictions import Predictions

BUNDLE = Path("models/bundle")
PROCESSED = Path("data/processed")
RECORDED = Path("reports/evaluate/predictions")
REASONS = 3


class Reproduced(NamedTuple):
    """How the predictions of today's code compare with those that were recorded."""

    flights: int
    different: int
    largest_difference: float


class Error(NamedTuple):
    """A flight that the model was wrong about. `reasons` are the features that moved it most to the wrong side, with their
    values and what they added to the log-odds."""

    flight_id: str
    destination: str
    probability: float
    late: bool
    reasons: Sequence[tuple[str, str, float]]


def reproduce(folder: Path) -> Reproduced:
    """Ask the bundle in a folder about all flights whose predictions were recorded there.

    Raises:
        UserError: a file is missing, or the bundle is none of this format.
        ValueError: the recorded flights are others.
    """
    bundle = load_bundle(folder / BUNDLE)
    flights = different = 0
    largest = 0.0
    for month in months_in(folder / RECORDED):
        recorded, said = Predictions.read(folder / RECORDED, month), _predicted(bundle, folder, month)[1]
        same_flights({"recorded": recorded, "today's code": said})
        apart = np.abs(said.probability.astype(np.float64) - recorded.probability)
        flights, different = flights + len(apart), different + int(np.count_nonzero(apart))
        largest = max(largest, float(apart.max(initial=0)))
    return Reproduced(flights, different, largest)


def worst_errors(folder: Path, months: Sequence[str], count: int = 10) -> tuple[list[Error], list[Error]]:
    """The late flights that were given the lowest probabilities, and the flights on time that were given the highest.

    Args:
        folder: in which bundle and processed data lie.
        months: to look at.
        count: of each kind.

    Returns:
        Misses and false alarms, the worst first; of equal ones the flight whose id comes first.

    Raises:
        UserError: a file is missing, or the bundle is none of this format.
    """
    bundle = load_bundle(folder / BUNDLE)
    misses: list[Error] = []
    false_alarms: list[Error] = []
    for month in months:
        examples, said = _predicted(bundle, folder, month)
        for late, found in ((True, misses), (False, false_alarms)):
            positions = worst_positions(said.flight_id, said.late, said.probability, late, count)
            found.extend(_explained(bundle, examples, positions))
    misses.sort(key=lambda of: (of.probability, of.flight_id))
    false_alarms.sort(key=lambda of: (-of.probability, of.flight_id))
    return misses[:count], false_alarms[:count]


def _predicted(bundle: Bundle, folder: Path, month: str) -> tuple[Examples, Predictions]:
    examples = read_month(folder / PROCESSED, bundle.manifest.inputs, month)
    return examples, Predictions.of(examples, bundle.predict_late(examples.features))


def _explained(bundle: Bundle, examples: Examples, positions: Column) -> list[Error]:
    explanation = explain(bundle, examples, positions)
    destination = examples.features.get("destination")
    return [
        Error(
            flight_id=str(explanation.flight_id[row]),
            destination="" if destination is None or destination[position] is None else str(destination[position]),
            probability=float(explanation.probability[row]),
            late=bool(explanation.late[row]),
            reasons=_reasons(explanation, row),
        )
        for row, position in enumerate(positions)
    ]


def _reasons(explanation: Explanation, row: int) -> list[tuple[str, str, float]]:
    """What moved a flight most to the wrong side: down if it was late, up if not."""
    added = {name: float(values[row]) for name, values in explanation.shap.items()}
    wrong = sorted(added, key=lambda name: added[name] if explanation.late[row] else -added[name])
    return [(name, _value(explanation.features[name][row]), added[name]) for name in wrong[:REASONS]]


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    number = float(value) if value is not None else float("nan")  # type: ignore[arg-type]
    return "missing" if np.isnan(number) else f"{number:.3g}"
