"""Explanations: SHAP values of flights, held together with the names and values of the features they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flight_delay.features.columns import Column, Columns
from flight_delay.model.bundle import Bundle
from flight_delay.model.calibration import to_probability
from flight_delay.model.encode import input_values
from flight_delay.model.examples import Examples

# Contributions are float32 and come from many trees: so far, in probability, may their sum be from the prediction.
ADDS_UP_WITHIN = 1e-4


@dataclass(frozen=True)
class Explanation:
    """Why the model says what it says of some flights.

    Every column has the shape (rows,). `shap` holds, by feature, what it adds to the log-odds of being late; with
    `expected` the columns of a row add up to the log-odds of `probability` as it was before calibration.
    """

    flight_id: Column
    flight_date: Column
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

    def take(self, positions: Column) -> Explanation:
        """The explanation of some of the flights."""

        def taken(of: Columns) -> Columns:
            return {name: values[positions] for name, values in of.items()}

        rest = {name: values for name, values in vars(self).items() if name not in ("features", "shap")}
        return Explanation(**taken(rest), features=taken(self.features), shap=taken(self.shap))

    def table(self) -> pa.Table:
        """As a table: keys, outcome, probability, expected log-odds, then a column 'shap_<feature>' for each feature."""
        keys = {
            "flight_id": self.flight_id,
            "flight_date": self.flight_date,
            "late": self.late,
            "probability": self.probability,
        }
        shap = {f"shap_{name}": values for name, values in self.shap.items()}
        return pa.Table.from_pydict({**keys, "expected_log_odds": self.expected, **shap})


def together(shap: Columns, group_of: Mapping[str, str]) -> Columns:
    """Add up the effects of the features of a group, flight by flight, so that it does not matter which of two correlated features a tree used.

    Args:
        shap: by feature, effects of shape (rows,).
        group_of: the group of each feature.

    Returns:
        By group, in the order in which the groups first occur: float64 of shape (rows,).
    """
    sums: Columns = {}
    for name, values in shap.items():
        group = group_of[name]
        sums[group] = sums[group] + values if group in sums else values.astype(np.float64)
    return sums


def explain(bundle: Bundle, examples: Examples, positions: Column | None = None) -> Explanation:
    """Explain flights, exactly: XGBoost's `pred_contribs` is what `shap.TreeExplainer` computes.

    Args:
        bundle: the model.
        examples: flights.
        positions: which of them; all by default.

    Raises:
        RuntimeError: the contributions to a flight do not add up to its prediction within `ADDS_UP_WITHIN`.
    """
    chosen = slice(None) if positions is None else positions
    columns = {name: values[chosen] for name, values in examples.features.items()}
    explained = bundle.predict_with_contributions(columns)
    values = explained.contributions
    added_up = to_probability(values.sum(axis=1, dtype=np.float64))
    gap = np.abs(added_up - explained.before_calibration).max(initial=0)
    if gap > ADDS_UP_WITHIN:
        raise RuntimeError(f"contributions add up to a probability that is {gap:.2g} away from the predicted one")
    names = [feature.name for feature in bundle.manifest.features]
    return Explanation(
        flight_id=examples.row_id[chosen],
        flight_date=examples.date[chosen],
        late=examples.target[chosen],
        probability=explained.probability,
        expected=values[:, -1],
        features=input_values(columns, bundle.manifest.features),
        shap={name: values[:, position] for position, name in enumerate(names)},
    )
