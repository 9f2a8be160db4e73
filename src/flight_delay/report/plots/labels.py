"""Display names of the model and its baselines."""

from __future__ import annotations

LABELS = {
    "base_rate": "base rate",
    "carrier_hour": "rate by airline and hour",
    "logistic": "logistic regression",
    "xgboost_defaults": "XGBoost, default parameters",
}


def model_label(name: str) -> str:
    """Return the display name of a model, a baseline or a constant prediction such as 'always late'."""
    return LABELS.get(name, name.replace("_", " "))
