"""How the model and its rivals are called and coloured, wherever they are shown."""

from __future__ import annotations

COLOURS = {"model": "#0072B2", "logistic": "#D55E00"}  # the curves of others are not drawn
WORDS = {
    "base_rate": "base rate",
    "carrier_hour": "rate by airline and hour",
    "logistic": "logistic regression",
    "xgboost_defaults": "XGBoost as it comes",
}


def words(name: str) -> str:
    """What a model, a baseline or a constant answer is called, such as 'always late'."""
    return WORDS.get(name, name.replace("_", " "))
