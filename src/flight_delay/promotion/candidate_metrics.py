"""Metrics of a candidate that only the gate uses.

They are calibration error, log loss by slice against the champion, and model size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from flight_delay.evaluation.curves import calibration_curve
from flight_delay.evaluation.slices import UNKNOWN
from flight_delay.features.columns import Columns
from flight_delay.model.examples import Outcome
from flight_delay.model.predictions import Predictions, Probability, log_loss_per_row


class ModelSize(NamedTuple):
    """Number of input features, and of nodes of all trees, leaves included."""

    features: int
    nodes: int

    def is_simpler_than(self, other: ModelSize) -> bool:
        """Return whether neither number is larger and at least one is smaller."""
        return self != other and self.features <= other.features and self.nodes <= other.nodes


class SliceLoss(NamedTuple):
    """A slice with the candidate's mean log loss minus the champion's."""

    by: str
    label: str
    rows: int
    increase: float


def model_size(features: int, trees: int, importances: Mapping[str, Mapping[str, float]]) -> ModelSize:
    """Compute the size of a model.

    Args:
        features: number of input features.
        trees: number of trees, one per boosting round.
        importances: by feature; 'weight' is the number of splits that use it (`booster.importances`). A tree with n
            splits has 2 n + 1 nodes.
    """
    splits = sum(round(importance["weight"]) for importance in importances.values())
    return ModelSize(features, 2 * splits + trees)


def expected_calibration_error(target: Outcome, probability: Probability, bins: int) -> float:
    """Compute the expected calibration error over bins of equally many rows.

    It is that of Naeini, Cooper & Hauskrecht 2015 (https://doi.org/10.1609/aaai.v29i1.9602), but with quantile bins as
    in Nixon et al. 2019 (https://arxiv.org/abs/1904.01685), because few rows have a high probability.

    Args:
        target: shape (rows,).
        probability: predicted, shape (rows,).
        bins: number of bins.
    """
    curve = calibration_curve(target, probability, bins).rows
    return float(sum(rows * abs(predicted - observed) for predicted, observed, rows in curve) / len(target))


def slice_losses(labels: Columns, champion: Predictions, candidate: Predictions, min_rows: int) -> list[SliceLoss]:
    """Compute candidate minus champion log loss by slice, largest first.

    Args:
        labels: slice of each row, shape (rows,), by division, such as 'month'; None counts as 'unknown'.
        champion: predictions, of the same rows in the same order.
        candidate: predictions.
        min_rows: smaller slices are left out.
    """
    increase = pd.Series(
        log_loss_per_row(candidate.target, candidate.probability)
        - log_loss_per_row(champion.target, champion.probability)
    )
    losses = []
    for by, column in labels.items():
        label = pd.Series(column, dtype=object).fillna(UNKNOWN).astype(str)
        table = increase.groupby(label).agg(["size", "mean"])
        slices = table[table["size"] >= min_rows].itertuples(name=None)
        losses += [SliceLoss(by, name, rows, round(mean, 6) + 0.0) for name, rows, mean in slices]
    return sorted(losses, key=lambda loss: -loss.increase)
