"""Three measures of importance: SHAP, permutation and XGBoost's gain.

SHAP values measure how far a feature moves predictions, permutation how much worse the ranking is without it, and gain
how much its splits improved the loss in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.permutation import Drop


class Measures(NamedTuple):
    """Ranks among the features that trees use, and values, by three measures."""

    feature: str
    topic: str
    shap_rank: int
    permutation_rank: int
    gain_rank: int
    mean_abs_shap: float  # log-odds
    drop: float  # of average precision
    drop_low: float
    drop_high: float
    topic_drop: float  # of average precision, all features of the topic permuted together
    total_gain: float  # of XGBoost, in training


def compare_measures(
    importances: Sequence[Importance],
    drops: Sequence[Drop],
    model_importances: Mapping[str, Mapping[str, float]],
    topic_of: Mapping[str, str],
) -> list[Measures]:
    """Rank features by SHAP, permutation importance and gain, ties by name.

    Args:
        importances: of all levels.
        drops: of features and topics.
        model_importances: by feature, XGBoost's 'total_gain'.
        topic_of: the topic of each feature.

    Returns:
        A row per feature that a tree uses, the largest mean absolute SHAP value first.
    """
    shap = {row.name: row.mean_abs_shap for row in importances if row.level == "feature"}
    gains = {name: row["total_gain"] for name, row in model_importances.items() if row["total_gain"] > 0}
    drop_of = {(row.level, row.name): row for row in drops}
    used = [name for name in shap if name in gains]
    shap_rank, gain_rank = (_rank({name: values[name] for name in used}) for values in (shap, gains))
    permutation_rank = _rank({name: drop_of["feature", name].drop for name in used})
    return [
        Measures(
            feature=name,
            topic=topic_of[name],
            shap_rank=rank,
            permutation_rank=permutation_rank[name],
            gain_rank=gain_rank[name],
            mean_abs_shap=shap[name],
            drop=drop_of["feature", name].drop,
            drop_low=drop_of["feature", name].low,
            drop_high=drop_of["feature", name].high,
            topic_drop=drop_of["topic", topic_of[name]].drop,
            total_gain=float(f"{gains[name]:.6g}"),
        )
        for name, rank in shap_rank.items()
    ]


def _rank(values: Mapping[str, float]) -> dict[str, int]:
    """Rank from 1, the largest value first, ties by name."""
    ordered = sorted(values, key=lambda name: (-values[name], name))
    return {name: rank for rank, name in enumerate(ordered, 1)}
