"""SHAP values of flights with the features that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flight_delay.features.columns import Column, Columns, Rows
from flight_delay.model.bundle import Bundle
from flight_delay.model.calibration import to_probability
from flight_delay.model.encode import input_values
from flight_delay.model.examples import Examples

# SHAP values are float32 sums over many trees; in probability, their total may differ from the prediction by this much.
ADDS_UP_WITHIN = 1e-4


@dataclass(frozen=True)
class Explanation(Rows):
    """Predictions for flights and their SHAP values.

    Every column has the shape (rows,). `shap` holds the effect of each feature on the log-odds of being late; effects
    and `expected` of a row add up to the log-odds of the prediction before calibration. `probability` is calibrated.
    """

    flight_id: Column
    flight_date: Column
    late: Column
    probability: Column
    expected: Column
    features: Columns
    shap: Columns

    def table(self) -> pa.Table:
        """Return keys, outcomes and predictions with a column 'shap_<feature>' each."""
        keys = {
            "flight_id": self.flight_id,
            "flight_date": self.flight_date,
            "late": self.late,
            "probability": self.probability,
        }
        shap = {f"shap_{name}": values for name, values in self.shap.items()}
        return pa.Table.from_pydict({**keys, "expected_log_odds": self.expected, **shap})


def sum_by_group(shap: Columns, group_of: Mapping[str, str]) -> Columns:
    """Sum effects by group.

    Trees choose arbitrarily between correlated features of a group.

    Args:
        shap: by feature, effects of shape (rows,).
        group_of: the group of each feature.

    Returns:
        By group, in order of first occurrence: float64 of shape (rows,).
    """
    sums: Columns = {}
    for name, values in shap.items():
        group = group_of[name]
        sums[group] = sums[group] + values if group in sums else values.astype(np.float64)
    return sums


def explain(bundle: Bundle, examples: Examples) -> Explanation:
    """Compute exact SHAP values by XGBoost's `pred_contribs`.

    `shap.TreeExplainer` computes the same values.

    Args:
        bundle: the model.
        examples: flights.

    Raises:
        RuntimeError: the SHAP values of a flight do not add up to its prediction within `ADDS_UP_WITHIN`.
    """
    explained = bundle.predict_with_contributions(examples.features)
    values = explained.contributions
    total = to_probability(values.sum(axis=1, dtype=np.float64))
    gap = np.abs(total - explained.before_calibration).max(initial=0)
    if gap > ADDS_UP_WITHIN:
        raise RuntimeError(f"SHAP values add up to a probability that differs from the prediction by {gap:.2g}")
    return Explanation(
        flight_id=examples.row_id,
        flight_date=examples.date,
        late=examples.target,
        probability=explained.probability,
        expected=values[:, -1],
        features=input_values(examples.features, bundle.manifest.features),
        shap={feature.name: values[:, place] for place, feature in enumerate(bundle.manifest.features)},
    )
