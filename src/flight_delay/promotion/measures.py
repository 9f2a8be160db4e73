"""What the gate measures beside metrics: how calibrated probabilities are, where a model is worse than another, and how large
it is. Pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from flight_delay.evaluation.curves import calibration
from flight_delay.evaluation.slices import UNKNOWN
from flight_delay.features.columns import Columns
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Predictions, Probability


class Size(NamedTuple):
    """How large a model is: features that it is given, and nodes of all its trees, leaves included."""

    features: int
    nodes: int

    def simpler_than(self, other: Size) -> bool:
        """Whether it has no more features and no more nodes, and fewer of one."""
        return self != other and self.features <= other.features and self.nodes <= other.nodes


class SliceLoss(NamedTuple):
    """A part of the flights: what divides them, which part, and by how much log loss per flight is above that of another
    model there."""

    by: str
    label: str
    flights: int
    worse: float


def size_of(selected: int, rounds: int, importances: Mapping[str, Mapping[str, float]]) -> Size:
    """The size of a model of one tree per round.

    Args:
        selected: features that it is given.
        rounds: trees that it keeps.
        importances: by feature, 'weight' is how many splits use it (`booster.importances`). Every split is a node and adds one
            leaf to the one that a tree begins with.
    """
    splits = sum(round(of["weight"]) for of in importances.values())
    return Size(selected, 2 * splits + rounds)


def expected_calibration_error(late: Outcome, probability: Probability, bins: int) -> float:
    """Mean distance between predicted and observed share of late flights, over bins that hold equally many flights.

    The expected calibration error of Naeini, Cooper & Hauskrecht 2015 (https://doi.org/10.1609/aaai.v29i1.9602), with bins by
    quantiles instead of widths, as in Nixon et al. 2019 (https://arxiv.org/abs/1904.01685): few flights have a high probability.

    Args:
        late: outcomes, shape (rows,).
        probability: predicted probability of being late, shape (rows,).
        bins: into which flights are divided in order of their probability.
    """
    apart = [
        flights * abs(predicted - observed)
        for predicted, observed, flights in calibration(late, probability, bins).rows
    ]
    return float(sum(apart) / len(late))


def slice_losses(labels: Columns, champion: Predictions, candidate: Predictions, min_flights: int) -> list[SliceLoss]:
    """By how much the log loss of a candidate is above the champion's, in every part of the flights that is large enough.

    Args:
        labels: by division, texts of shape (rows,) that say which part a flight is in; None counts as 'unknown'.
        champion: predictions, of the same flights in the same order.
        candidate: predictions.
        min_flights: smaller parts are left out.

    Returns:
        The part in which the candidate is worst comes first; of equal ones, in order of divisions and labels.
    """
    worse = log_loss_by_flight(candidate) - log_loss_by_flight(champion)
    found = []
    for by, column in labels.items():
        known = np.array([UNKNOWN if label is None else label for label in column], dtype=str)
        names, part, flights = np.unique(known, return_inverse=True, return_counts=True)
        mean = np.bincount(part, worse, minlength=len(names)) / flights
        found += [
            SliceLoss(by, str(names[at]), int(flights[at]), round(float(mean[at]), 6) + 0.0)
            for at in np.flatnonzero(flights >= min_flights)
        ]
    return sorted(found, key=lambda of: -of.worse)


def log_loss_by_flight(of: Predictions) -> Any:
    """Negative logarithm of the probability that was given to what came about, float64 of shape (rows,), clipped as in
    `evaluation.intervals`."""
    exact, tiny = of.probability.astype(np.float64), np.finfo(np.float64).eps
    return -np.log(np.clip(np.where(of.late, exact, 1 - exact), tiny, 1 - tiny))
