"""Effects that change sign between months, from a summary of each month."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import NamedTuple

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.dependence import rank_correlation
from flight_delay.explain.global_.stability import MeanEffects, mean_effects
from flight_delay.model.encode import is_missing

MIN_ROWS = 100  # of a month, or of a category in a month, for a clear direction
# Spearman's correlation of values and effects: "medium" (Cohen 1988, ch. 3), three standard errors of 100 flights.
MIN_CORRELATION = 0.3
MIN_EFFECT = 0.05  # mean effect of a category in log-odds: about one percentage point at a probability of 25 %
MIN_SHARE = 0.02  # of the importance of all features, in both months


class Direction(NamedTuple):
    """Direction of an effect in a month.

    `size` is Spearman's correlation of a number and its effect, or the mean effect of a category.
    """

    size: float
    rows: int


class MonthEffects(NamedTuple):
    """Mean absolute effects and directions of a month.

    Keys of `directions` are a feature and a category, which is None for a number.
    """

    mean_effects: MeanEffects
    directions: Mapping[tuple[str, str | None], Direction]


class SignChange(NamedTuple):
    """Another sign of the effect of a feature or category in a later month."""

    feature: str
    category: str | None
    from_month: str
    to_month: str
    before: float
    after: float

    def sentence(self, labels: Mapping[str, str]) -> str:
        """Describe the change; `labels` has the label of every feature."""
        name = labels[self.feature] if self.category is None else f"{labels[self.feature]} {self.category}"
        measure = "rank correlation with its value" if self.category is None else "mean effect in log-odds"
        return (
            f"The effect of {name} changes sign between {self.from_month} and {self.to_month}: "
            f"{measure} {self.before:+.2f}, then {self.after:+.2f}."
        )


def month_effects(explanation: Explanation, topic_of: Mapping[str, str]) -> MonthEffects:
    """Summarize effects and their directions in a month."""
    directions: dict[tuple[str, str | None], Direction] = {}
    for name, values in explanation.features.items():
        effects, known = explanation.shap[name], ~is_missing(values)
        if values.dtype != object:
            directions[name, None] = Direction(rank_correlation(values, effects), int(known.sum()))
            continue
        for category in sorted(set(values[known].tolist())):
            in_category = effects[values == category]
            directions[name, category] = Direction(float(in_category.mean(dtype=float)), len(in_category))
    return MonthEffects(mean_effects(explanation.shap, topic_of), directions)


def find_sign_changes(months: Mapping[str, MonthEffects], constrained: Collection[str] = ()) -> list[SignChange]:
    """Find effects that change sign between months of a clear direction.

    Months without a clear direction are skipped. A direction is clear if the absolute correlation is at least 0.3, or
    the absolute mean effect of a category at least 0.05 log-odds, of at least 100 rows, and the feature has at least
    2 % of the importance of all.

    Args:
        months: effects by month, in order of time.
        constrained: features with a monotone constraint, whose effect cannot change sign; they are left out.

    Returns:
        By feature and category in order of first occurrence, then in order of time.
    """
    keys = dict.fromkeys(key for month in months.values() for key in month.directions if key[0] not in constrained)
    changes = []
    for feature, category in keys:
        clear = [
            (name, round(month.directions[feature, category].size, 6))
            for name, month in months.items()
            if _is_clear(month, feature, category)
        ]
        changes += [
            SignChange(feature, category, first, second, before, after)
            for (first, before), (second, after) in pairwise(clear)
            if before * after < 0
        ]
    return changes


def _is_clear(month: MonthEffects, feature: str, category: str | None) -> bool:
    direction = month.directions.get((feature, category))
    if direction is None or direction.rows < MIN_ROWS:
        return False
    effects = month.mean_effects["feature"]
    is_large = abs(direction.size) >= (MIN_CORRELATION if category is None else MIN_EFFECT)
    return is_large and effects[feature] >= MIN_SHARE * (sum(effects.values()) or 1.0)
