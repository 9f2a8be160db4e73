"""Metrics of a candidate that only the gate uses: calibration error, log loss by slice against the champion, and model size."""

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
        """Whether it is larger in neither and smaller in at least one."""
        return self != other and self.features <= other.features and self.nodes <= other.nodes


class SliceLoss(NamedTuple):
    """A slice of the flights, and the log loss per flight of the candidate minus that of the champion there."""

    by: str
    label: str
    flights: int
    increase: float


def model_size(features: int, trees: int, importances: Mapping[str, Mapping[str, float]]) -> ModelSize:
    """The size of a model.

    Args:
        features: number of input features.
        trees: number of trees, one per boosting round.
        importances: by feature; 'weight' is the number of splits that use it (`booster.importances`). A tree with n splits
            has 2 n + 1 nodes.
    """
    splits = sum(round(importance["weight"]) for importance in importances.values())
    return ModelSize(features, 2 * splits + trees)


def expected_calibration_error(late: Outcome, probability: Probability, bins: int) -> float:
    """Mean absolute difference of predicted and observed share of late flights, over bins of equally many flights.

    The expected calibration error of Naeini, Cooper & Hauskrecht 2015 (https://doi.org/10.1609/aaai.v29i1.9602), with quantile
    bins instead of equal widths, as in Nixon et al. 2019 (https://arxiv.org/abs/1904.01685): few flights have a high probability.

    Args:
        late: outcomes, shape (rows,).
        probability: predicted probability of being late, shape (rows,).
        bins: number of bins.
    """
    rows = calibration_curve(late, probability, bins).rows
    return float(sum(flights * abs(predicted - observed) for predicted, observed, flights in rows) / len(late))


def slice_losses(labels: Columns, champion: Predictions, candidate: Predictions, min_flights: int) -> list[SliceLoss]:
    """Log loss of the candidate minus that of the champion in every slice, the largest increase first.

    Args:
        labels: by division, such as 'carrier', the slice that a flight is in, shape (rows,); None counts as 'unknown'.
        champion: predictions, of the same flights in the same order.
        candidate: predictions.
        min_flights: smaller slices are left out.
    """
    increase = pd.Series(
        log_loss_per_row(candidate.target, candidate.probability)
        - log_loss_per_row(champion.target, champion.probability)
    )
    losses = []
    for by, column in labels.items():
        label = pd.Series(column, dtype=object).fillna(UNKNOWN).astype(str)
        table = increase.groupby(label).agg(["size", "mean"])
        rows = table[table["size"] >= min_flights].itertuples(name=None)
        losses += [SliceLoss(by, name, flights, round(mean, 6) + 0.0) for name, flights, mean in rows]
    return sorted(losses, key=lambda loss: -loss.increase)
