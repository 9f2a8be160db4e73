"""Effects that change sign between months. Of a month only a small record is kept, so that memory does not grow with the number
of flights; importances of months are compared in `explain.global_.stability`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import NamedTuple

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.dependence import rank_correlation
from flight_delay.explain.global_.stability import MeanEffects, mean_effects
from flight_delay.model.encode import is_missing

MIN_FLIGHTS = 100  # of a month, or of a category in a month, whose direction is judged
# Spearman's correlation of values and effects: "medium" (Cohen 1988, ch. 3), three standard errors of 100 flights.
MIN_CORRELATION = 0.3
MIN_EFFECT = 0.05  # mean effect of a category in log-odds: about one percentage point where one in four flights is late
MIN_SHARE = 0.02  # of the importance of all features, that a feature has in both months


class Direction(NamedTuple):
    """Direction of an effect: of a number, Spearman's correlation of values and effects; of a category, its mean effect."""

    size: float
    flights: int


class MonthEffects(NamedTuple):
    """Mean absolute effects of a month, and directions by feature and category (None: of a number)."""

    mean_effects: MeanEffects
    directions: Mapping[tuple[str, str | None], Direction]


class SignChange(NamedTuple):
    """The effect of a feature, or of one of its categories, has another sign in a later month."""

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
    """Summarize the explanations of a month, or of a sample of it."""
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


def sign_changes(months: Mapping[str, MonthEffects], constrained: Collection[str] = ()) -> list[SignChange]:
    """Find effects that change sign from one clear direction to the other; months between that are not clear are skipped.

    A direction is clear where a correlation is 0.3 or more, or the mean effect of a category 0.05 log-odds or more, on either side of
    zero, of 100 flights or more, and the feature has 2 % of the importance of all.

    Args:
        months: effects by month, in order of time.
        constrained: features with a monotone constraint, which are not judged: all else the same, their effect cannot change sign.

    Returns:
        By feature and category in order of their first occurrence, then in order of time.
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
    if direction is None or direction.flights < MIN_FLIGHTS:
        return False
    effects = month.mean_effects["feature"]
    is_large = abs(direction.size) >= (MIN_CORRELATION if category is None else MIN_EFFECT)
    return is_large and effects[feature] >= MIN_SHARE * (sum(effects.values()) or 1.0)
