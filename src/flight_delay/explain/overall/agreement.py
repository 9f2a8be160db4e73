"""Measures of importance beside each other, and in words where they disagree. A reason is only given where the numbers
show it; where they do not, the sentence says what the measures count and no more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

from flight_delay.explain.overall.importance import Importance
from flight_delay.explain.overall.permutation import Drop

# Two measures disagree from so many places on, where at least one of them calls the feature important: it has the
# average share of the used features, or more. Places in the tail are chance.
PLACES = 5
# An effect moves whole days where this share of its variance lies between days.
WHOLE_DAYS = 0.5
# Features say the same where shuffling them together costs so many times what shuffling each alone costs in sum.
TWINS = 1.5
# Few flights are moved far where the root mean square is so many times the mean; a normal distribution has 1.25.
FAR, EVEN = 1.5, 1.1


class Agreement(NamedTuple):
    """What three measures say of a feature that trees use: place among these features, and value."""

    feature: str
    topic: str
    shap_rank: int
    permutation_rank: int
    gain_rank: int
    mean_abs_shap: float  # log-odds
    drop: float  # of average precision
    drop_low: float
    drop_high: float
    topic_drop: float  # of average precision, all features of the topic shuffled together
    total_gain: float  # of XGBoost, on the flights that it was trained on
    words: str  # sentences that say where measures disagree and why; empty where they do not


class _Case(NamedTuple):
    """What the words about a feature are made from."""

    row: Agreement
    manner: Importance
    topic: Drop
    alone: float  # drops of the topic's features, each shuffled alone, in sum
    twins: tuple[str, ...]  # the other used features of the topic, in words, the most important first
    features: int
    days: int

    @property
    def by_chance(self) -> float:
        """Rank correlation that so many independent days reach by chance with a probability of 2.5 %."""
        return NormalDist().inv_cdf(0.975) / math.sqrt(max(self.days - 1, 1))


def agreement(
    importances: Sequence[Importance],
    drops: Sequence[Drop],
    model_importances: Mapping[str, Mapping[str, float]],
    topic_of: Mapping[str, str],
    *,
    days: int,
    labels: Mapping[str, str] | None = None,
) -> list[Agreement]:
    """Put SHAP, permutation and gain beside each other, feature by feature.

    Args:
        importances: of all levels, as `importance` gives them.
        drops: of all levels, as `permutation_importance` gives them.
        model_importances: by feature, XGBoost's 'total_gain'.
        topic_of: the topic of each feature.
        days: how many days the flights of `importances` are of.
        labels: features in words; others are called by their names.

    Returns:
        A row per feature that a tree uses, the largest mean absolute SHAP value first.
    """
    shap = {row.name: row for row in importances if row.level == "feature"}
    shuffled = {(row.level, row.name): row for row in drops}
    gains = {name: of["total_gain"] for name, of in model_importances.items() if name in shap and of["total_gain"] > 0}
    drop_of = {name: shuffled["feature", name] for name in gains}
    ranks = [
        _ranks({name: of(name) for name in gains})
        for of in (lambda name: shap[name].mean_abs_shap, lambda name: drop_of[name].drop, gains.__getitem__)
    ]
    rows = [
        Agreement(
            feature=name, topic=topic_of[name],
            shap_rank=ranks[0][name], permutation_rank=ranks[1][name], gain_rank=ranks[2][name],
            mean_abs_shap=shap[name].mean_abs_shap,
            drop=drop_of[name].drop, drop_low=drop_of[name].low, drop_high=drop_of[name].high,
            topic_drop=shuffled["topic", topic_of[name]].drop, total_gain=float(f"{gains[name]:.6g}"), words="",
        )
        for name in ranks[0]
    ]  # fmt: skip
    important = {
        measure: {row.feature for row in rows if getattr(row, measure) * len(rows) >= _total(rows, measure) > 0}
        for measure in ("mean_abs_shap", "drop", "total_gain")
    }
    labels = labels or {}

    def case(row: Agreement) -> _Case:
        of_topic = [other for other in rows if other.topic == row.topic]
        twins = tuple(in_words(other.feature, labels) for other in of_topic if other is not row)
        alone = sum(other.drop for other in of_topic)
        return _Case(row, shap[row.feature], shuffled["topic", row.topic], alone, twins, len(rows), days)

    def words(row: Agreement) -> str:
        said = []
        if row.feature in important["mean_abs_shap"] | important["drop"]:
            said.append(_against_permutation(case(row), in_words(row.feature, labels)))
        if row.feature in important["mean_abs_shap"] | important["total_gain"]:
            said.append(_against_gain(case(row), in_words(row.feature, labels)))
        return " ".join(sentence for sentence in said if sentence)

    return [row._replace(words=words(row)) for row in rows]


def in_words(name: str, labels: Mapping[str, str]) -> str:
    """What a feature, topic or group is called: its label, or its name with blanks."""
    return labels.get(name, name.replace("_", " "))


def _ranks(values: Mapping[str, float]) -> dict[str, int]:
    """Places from 1, the largest value first, by name where they are equal."""
    ordered = sorted(values, key=lambda name: (-values[name], name))
    return {name: place for place, name in enumerate(ordered, 1)}


def _total(rows: Sequence[Agreement], measure: str) -> float:
    return float(sum(max(getattr(row, measure), 0.0) for row in rows))


def _against_permutation(case: _Case, name: str) -> str:
    row = case.row
    if abs(row.shap_rank - row.permutation_rank) < PLACES:
        return ""
    places = f"(place {row.shap_rank} of {case.features} by SHAP, {row.permutation_rank} by permutation)"
    if row.shap_rank < row.permutation_rank:
        return f"{_capital(name)} moves predictions more than shuffling it costs {places}: {_moves_more(case)}."
    return f"Shuffling {name} costs more than it moves predictions {places}: {_costs_more(case)}."


def _moves_more(case: _Case) -> str:
    row, found = case.row, case.manner.with_late_days
    if case.twins and case.topic.low > 0 and case.topic.drop >= TWINS * case.alone:
        return (
            f"what it says, {_listed(case.twins)} {'says' if len(case.twins) == 1 else 'say'} too; shuffled together they "
            f"cost {case.topic.drop:.4f} of average precision, one at a time {case.alone:.4f} in sum"
        )
    if (case.manner.between_days or 0) >= WHOLE_DAYS and (found is None or found <= case.by_chance):
        return (
            f"it moves all flights of a day together ({100 * (case.manner.between_days or 0):.0f} % of its effect's variance lies between "
            f"days), and these {case.days} days do not show that days that it raises are late more often"
            + ("" if found is None else f" (rank correlation {found:.2f})")
        )
    if case.topic.low <= 0 and row.drop_low <= 0:
        also = f", nor without {_listed(case.twins)} as well" if case.twins else ""
        return f"these flights are not surely ranked worse without it{also} (average precision falls by {_between(case.topic)})"
    return "SHAP counts moves of all flights, average precision the order of those that seem likeliest to be late"


def _costs_more(case: _Case) -> str:
    row, found = case.row, case.manner.with_late_days
    if row.drop_low <= 0:
        return f"this may be chance (average precision falls by {_between(row)})"
    if (case.manner.between_days or 0) >= WHOLE_DAYS and (found or 0) > case.by_chance:
        return (
            f"it moves all flights of a day together ({100 * (case.manner.between_days or 0):.0f} % of its effect's variance lies between "
            f"days), and days that it raises were late more often (rank correlation {found:.2f})"
        )
    if (case.manner.concentration or 0) >= FAR:
        return f"it moves few flights, but those far (root mean square {case.manner.concentration:.1f} times the mean)"
    return "it moves flights little, but flights are ranked better for it"


def _against_gain(case: _Case, name: str) -> str:
    row = case.row
    if abs(row.shap_rank - row.gain_rank) < PLACES:
        return ""
    concentration = case.manner.concentration or 0
    places = f"(place {row.shap_rank} of {case.features} by SHAP, {row.gain_rank} by gain)"
    why = "gain counts the flights that the model was trained on, SHAP these"
    if row.gain_rank < row.shap_rank:
        if concentration >= FAR:
            why = f"it moves few flights far (root mean square {concentration:.1f} times the mean), and gain grows with the square"
        return f"Splits by {name} gained more in training than it moves these predictions {places}: {why}."
    if 0 < concentration <= EVEN:
        why = f"it moves many flights about equally far (root mean square {concentration:.1f} times the mean), and gain grows with the square"
    return f"{_capital(name)} moves these predictions more than splits by it gained in training {places}: {why}."


def _between(of: Drop | Agreement) -> str:
    low, high = (of.low, of.high) if isinstance(of, Drop) else (of.drop_low, of.drop_high)
    return f"{low:.4f} to {high:.4f}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
