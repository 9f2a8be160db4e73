"""What a model has to beat: the base rate, and a logistic regression on the same features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer
from threadpoolctl import threadpool_limits

from flight_delay.features.columns import Columns
from flight_delay.features.registry import FEATURES
from flight_delay.model.examples import Examples

Predictor = Callable[[Columns], Any]


def base_rate(train: Examples) -> Predictor:
    """Say the share of late training flights for every flight."""
    share = float(train.late.mean())
    return lambda columns: np.full(len(next(iter(columns.values()))), share)


def logistic_regression(train: Examples, regularization_strength: float) -> Predictor:
    """Fit a logistic regression: smooth in quantitative features (cubic splines), a coefficient for every category.

    Args:
        train: examples to learn from.
        regularization_strength: weight of the squared coefficients against the log loss, 1 / C.

    Returns:
        A function from feature columns to probabilities of shape (rows,).
    """
    names = {kind: [f.name for f in FEATURES if f.kind == kind] for kind in ("quantitative", "categorical")}
    smooth = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), SplineTransformer(n_knots=7))
    model = make_pipeline(
        ColumnTransformer(
            [
                ("quantitative", smooth, names["quantitative"]),
                ("categorical", OneHotEncoder(handle_unknown="ignore"), names["categorical"]),
            ],
            sparse_threshold=1.0,
        ),
        LogisticRegression(C=1 / regularization_strength, max_iter=2000),
    )
    # One thread: with more, sums are taken in another order, and the last bits of the coefficients change.
    with threadpool_limits(limits=1):
        model.fit(_frame(train.features), train.late)

    def probability(columns: Columns) -> Any:
        with threadpool_limits(limits=1):
            return model.predict_proba(_frame(columns))[:, 1]

    return probability


def _frame(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame({f.name: pd.Series(columns[f.name], dtype=columns[f.name].dtype) for f in FEATURES})
