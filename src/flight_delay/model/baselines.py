"""What a model has to beat, rung by rung: the base rate, a rate by airline and hour, a logistic regression on the model's
features, and XGBoost as it comes."""

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

from flight_delay.core.engine import Worker
from flight_delay.features.columns import Columns
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, predict, train_booster
from flight_delay.model.encode import encode, learn_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data

Predictor = Callable[[Columns], Any]

# What a dispatcher would look up, whatever features a model uses.
CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
DEPARTURE = Feature(name="departure_minutes", kind="quantitative", group="schedule")
PRIOR_FLIGHTS = 20
MINUTES_AN_HOUR = 60

# https://xgboost.readthedocs.io/en/stable/parameter.html, and the 100 rounds of its scikit-learn interface.
XGBOOST_DEFAULTS = BoosterParameters(
    max_rounds=100, early_stopping_rounds=100, learning_rate=0.3, max_depth=6, min_child_weight=1.0, subsample=1.0,
    colsample_bytree=1.0, reg_lambda=1.0, max_bin=256, monotone=False, seed=0,
)  # fmt: skip


def base_rate(train: Examples) -> Predictor:
    """Say the share of late training flights for every flight."""
    share = float(train.target.mean())
    return lambda columns: np.full(len(next(iter(columns.values()))), share)


def carrier_hour_rate(train: Examples) -> Predictor:
    """Say the late share of the airline's training flights in the scheduled hour, as if `PRIOR_FLIGHTS` more of the base rate
    had been among them."""
    overall = float(train.target.mean())
    frame = _carrier_hour(train.features).assign(target=train.target)
    seen = frame.groupby(["carrier", "hour"], dropna=False)["target"].agg(["sum", "size"])
    rates = ((seen["sum"] + PRIOR_FLIGHTS * overall) / (seen["size"] + PRIOR_FLIGHTS)).rename("rate").reset_index()
    rates["carrier"] = rates["carrier"].astype(object)  # where all are missing, pandas takes them for numbers

    def probability(columns: Columns) -> Any:
        return _carrier_hour(columns).merge(rates, how="left")["rate"].fillna(overall).to_numpy()

    return probability


def logistic_regression(train: Examples, features: Sequence[Feature], regularization_strength: float) -> Predictor:
    """Fit a logistic regression: smooth in what the timetable says (cubic splines), linear in counts, rates and weather, a
    coefficient for every category.

    Args:
        train: examples to learn from.
        features: to use.
        regularization_strength: weight of the squared coefficients against the log loss, 1 / C.

    Returns:
        A function from feature columns to probabilities of shape (rows,).
    """
    categories = [of.name for of in features if of.kind == "categorical"]
    curved = [of.name for of in features if of.kind == "quantitative" and of.group == "schedule"]
    linear = [of.name for of in features if of.kind == "quantitative" and of.group != "schedule"]
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
        # Few columns and many rows: Newton's method reaches the optimum in a few steps, where L-BFGS stops short of it.
        LogisticRegression(C=1 / regularization_strength, solver="newton-cholesky"),
    )
    # One thread: with more, sums are taken in another order, and the last bits of the coefficients change.
    with threadpool_limits(limits=1):
        model.fit(_frame(train.features, features), train.target)

    def probability(columns: Columns) -> Any:
        with threadpool_limits(limits=1):
            return model.predict_proba(_frame(columns, features))[:, 1]

    return probability


def xgboost_defaults(train: Examples, features: Sequence[Feature], worker: Worker | None = None) -> Predictor:
    """Fit XGBoost with its default parameters, without early stopping."""
    encoding = learn_encoding(features, [train])
    data = load_training_data(encoding, {"train": train}.__getitem__, ["train"], [], XGBOOST_DEFAULTS.max_bin, worker)
    trained = train_booster(XGBOOST_DEFAULTS, data, worker=worker)
    return lambda columns: predict(trained.booster, encode(columns, encoding))


class Setting(NamedTuple):
    """What a baseline may use: features, the strength of regularisation, and a number of threads."""

    features: Sequence[Feature]
    regularization_strength: float
    worker: Worker | None = None


# From the lowest to the highest; each is compared with the one before it.
BASELINES: dict[str, Callable[[Examples, Setting], Predictor]] = {
    "base_rate": lambda train, _: base_rate(train),
    "carrier_hour": lambda train, _: carrier_hour_rate(train),
    "logistic": lambda train, use: logistic_regression(train, use.features, use.regularization_strength),
    "xgboost_defaults": lambda train, use: xgboost_defaults(train, use.features, use.worker),
}


def _carrier_hour(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame({"carrier": columns[CARRIER.name], "hour": columns[DEPARTURE.name] // MINUTES_AN_HOUR})


def _frame(columns: Columns, features: Sequence[Feature]) -> pd.DataFrame:
    return pd.DataFrame({of.name: pd.Series(columns[of.name], dtype=columns[of.name].dtype) for of in features})
