"""Explanations: SHAP values of flights, held together with the names and values of the features they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from flight_delay.features.columns import Column, Columns
from flight_delay.model.bundle import Bundle
from flight_delay.model.encode import values_of
from flight_delay.model.examples import Examples


@dataclass(frozen=True)
class Explanation:
    """Why the model says what it says of some flights.

    Every column has the shape (rows,). `shap` holds, by feature, what it adds to the log-odds of being late; with
    `expected` the columns of a row add up to the log-odds of `probability` as it was before calibration.
    """

    flight_id: Column
    late: Column
    probability: Column
    expected: Column
    features: Columns
    shap: Columns

    @staticmethod
    def concat(parts: Iterable[Explanation]) -> Explanation:
        """Join explanations, such as those of several months."""
        every = list(parts)

        def joined(of: list[Columns]) -> Columns:
            return {name: np.concatenate([columns[name] for columns in of]) for name in of[0]}

        return Explanation(
            **joined([{k: v for k, v in vars(part).items() if k not in ("features", "shap")} for part in every]),
            features=joined([part.features for part in every]),
            shap=joined([part.shap for part in every]),
        )

    def table(self) -> pa.Table:
        """As a table: keys, outcome, probability, expected log-odds, then a column 'shap_<feature>' for each feature."""
        keys = {"flight_id": self.flight_id, "late": self.late, "probability": self.probability}
        shap = {f"shap_{name}": values for name, values in self.shap.items()}
        return pa.Table.from_pydict({**keys, "expected_log_odds": self.expected, **shap})


def explain(bundle: Bundle, examples: Examples, positions: Column) -> Explanation:
    """Explain the chosen flights, exactly: XGBoost's `pred_contribs` is what `shap.TreeExplainer` computes.

    Args:
        bundle: the model.
        examples: flights.
        positions: which of them.
    """
    columns = {name: values[positions] for name, values in examples.features.items()}
    values = bundle.contributions(columns)
    names = [feature.name for feature in bundle.manifest.features]
    return Explanation(
        flight_id=examples.flight_id[positions],
        late=examples.late[positions],
        probability=bundle.predict_late(columns),
        expected=values[:, -1],
        features=values_of(columns, bundle.manifest.features),
        shap={name: values[:, position] for position, name in enumerate(names)},
    )


def global_importance(
    explanation: Explanation, model_importances: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """How much each feature matters: mean absolute SHAP value in log-odds, and XGBoost's own importances beside it.

    Returns:
        A row per feature, the most important first.
    """
    rows = [
        {
            "feature": name,
            "mean_abs_shap": round(float(np.abs(values).mean(dtype=np.float64)), 6),
            **{kind: float(f"{value:.6g}") for kind, value in model_importances[name].items()},
        }
        for name, values in explanation.shap.items()
    ]
    return sorted(rows, key=lambda row: (-row["mean_abs_shap"], row["feature"]))
