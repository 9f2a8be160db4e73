"""Display names of the model, its baselines and constant predictions."""

from __future__ import annotations

LABELS = {
    "base_rate": "base rate",
    "group_rate": "rate by airline and hour",
    "logistic": "logistic regression",
    "xgboost_defaults": "XGBoost, default parameters",
    "always_negative": "always on time",
    "always_positive": "always late",
}


def model_label(name: str) -> str:
    """Return the display name of a model, a baseline or a constant prediction."""
    return LABELS.get(name, name.replace("_", " "))
