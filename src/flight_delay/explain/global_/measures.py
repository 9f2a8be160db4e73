"""Three measures of importance side by side: SHAP, permutation and XGBoost's gain. They answer different questions: how far does
a feature move predictions, how much worse are flights ranked without it, and how much did its splits help in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.permutation import Drop


class Measures(NamedTuple):
    """Rank among the features that trees use, and value, by three measures."""

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
    total_gain: float  # of XGBoost, on the training flights


def compare_measures(
    importances: Sequence[Importance],
    drops: Sequence[Drop],
    model_importances: Mapping[str, Mapping[str, float]],
    topic_of: Mapping[str, str],
) -> list[Measures]:
    """Rank features by SHAP, permutation importance and gain; ties are broken by name.

    Args:
        importances: of all levels.
        drops: of features and topics.
        model_importances: by feature, XGBoost's 'total_gain'.
        topic_of: the topic of each feature.

    Returns:
        A row per feature that a tree uses, the largest mean absolute SHAP value first.
    """
    shap = {row.name: row.mean_abs_shap for row in importances if row.level == "feature"}
    gains = {
        name: row["total_gain"] for name, row in model_importances.items() if name in shap and row["total_gain"] > 0
    }
    drop_of = {(row.level, row.name): row for row in drops}
    shap_ranks = _ranks({name: shap[name] for name in gains})
    drop_ranks = _ranks({name: drop_of["feature", name].drop for name in gains})
    gain_ranks = _ranks(gains)
    return [
        Measures(
            name, topic_of[name], rank, drop_ranks[name], gain_ranks[name], shap[name],
            *drop_of["feature", name][2:], drop_of["topic", topic_of[name]].drop, float(f"{gains[name]:.6g}"),
        )
        for name, rank in shap_ranks.items()
    ]  # fmt: skip


def _ranks(values: Mapping[str, float]) -> dict[str, int]:
    """Ranks from 1, the largest value first, by name where they are equal."""
    ordered = sorted(values, key=lambda name: (-values[name], name))
    return {name: rank for rank, name in enumerate(ordered, 1)}
