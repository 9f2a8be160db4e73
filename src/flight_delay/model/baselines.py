"""Baselines: base rate, rate by group, logistic regression, default XGBoost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from flight_delay.core.workers import Worker
from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.features.segments import lookup_groups
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

Predictor = Callable[[Columns], Any]

# Pseudo-count of `group_rate`: rows with the base rate.
SMOOTHING_ROWS = 20

# Defaults of https://xgboost.readthedocs.io/en/stable/parameter.html; 100 rounds as in its scikit-learn interface.
XGBOOST_DEFAULTS = BoosterParameters(
    num_boost_round=100, early_stopping_rounds=100, learning_rate=0.3, max_depth=6, min_child_weight=1.0, subsample=1.0,
    colsample_bytree=1.0, reg_lambda=1.0, max_bin=256, monotone_constraints=False, seed=0,
    external_memory=False, sharded=False,
)  # fmt: skip


def base_rate(train: Examples) -> Predictor:
    """Predict the share of positive training rows for every row."""
    share = float(train.target.mean())
    return lambda columns: np.full(len(next(iter(columns.values()))), share)


def group_rate(train: Examples) -> Predictor:
    """Predict the rate of the group, smoothed towards the base rate.

    The pseudo-count is `SMOOTHING_ROWS`. Groups are those of `features.segments.lookup_groups`; an unknown group gets
    the base rate.
    """
    base = float(train.target.mean())
    groups = pd.DataFrame(lookup_groups(train.features))
    keys = list(groups.columns)
    counts = groups.assign(target=train.target).groupby(keys, dropna=False)["target"].agg(["sum", "size"])
    rates = ((counts["sum"] + SMOOTHING_ROWS * base) / (counts["size"] + SMOOTHING_ROWS)).rename("rate").reset_index()
    # Where all labels are missing, pandas infers a numeric type.
    rates = rates.astype({key: object for key in keys if groups[key].dtype == object})

    def probability(columns: Columns) -> Any:
        return pd.DataFrame(lookup_groups(columns)).merge(rates, how="left")["rate"].fillna(base).to_numpy()

    return probability


def logistic_regression(train: Examples, features: Sequence[Feature], c: float) -> Predictor:
    """Fit a logistic regression: splines of schedule features, others linear.

    Args:
        train: examples to fit.
        features: features of the model.
        c: inverse of the regularization strength, `C` of scikit-learn.
    """
    categories = [feature.name for feature in features if feature.kind == "categorical"]
    numbers = [feature for feature in features if feature.kind == "quantitative"]
    curved = [feature.name for feature in numbers if feature.group == "schedule"]
    linear = [feature.name for feature in numbers if feature.group != "schedule"]
    impute = partial(SimpleImputer, strategy="median", keep_empty_features=True)
    model = make_pipeline(
        ColumnTransformer(
            [
                ("curved", make_pipeline(impute(add_indicator=True), SplineTransformer(n_knots=7)), curved),
                ("linear", make_pipeline(impute(), StandardScaler()), linear),
                ("categories", OneHotEncoder(handle_unknown="ignore"), categories),
            ],
            sparse_threshold=1.0,
        ),
        # With few columns and many rows, Newton's method converges in a few steps, where L-BFGS stops early.
        LogisticRegression(C=c, solver="newton-cholesky"),
    )
    # One thread: more would change the order of sums, and the last bits of the coefficients.
    with threadpool_limits(limits=1):
        model.fit(_frame(train.features, features), train.target)

    def probability(columns: Columns) -> Any:
        with threadpool_limits(limits=1):
            return model.predict_proba(_frame(columns, features))[:, 1]

    return probability


def xgboost_defaults(train: Examples, features: Sequence[Feature], worker: Worker | None = None) -> Predictor:
    """Fit XGBoost with its default parameters, without early stopping."""
    encoding = fit_encoding(features, [train])
    data = load_training_data(encoding, {"train": train}.__getitem__, ["train"], [], XGBOOST_DEFAULTS.max_bin, worker)
    trained = train_booster(XGBOOST_DEFAULTS, data, worker=worker)
    return lambda columns: predict(trained.booster, encode(columns, encoding))


class BaselineSettings(NamedTuple):
    """Settings that baselines may use."""

    features: Sequence[Feature]
    C: float
    worker: Worker | None = None


# The simplest first; each is compared with the one before it.
BASELINES: dict[str, Callable[[Examples, BaselineSettings], Predictor]] = {
    "base_rate": lambda train, _: base_rate(train),
    "group_rate": lambda train, _: group_rate(train),
    "logistic": lambda train, settings: logistic_regression(train, settings.features, settings.C),
    "xgboost_defaults": lambda train, settings: xgboost_defaults(train, settings.features, settings.worker),
}


def _frame(columns: Columns, features: Sequence[Feature]) -> pd.DataFrame:
    return pd.DataFrame(
        {feature.name: pd.Series((column := columns[feature.name]), dtype=column.dtype) for feature in features}
    )
