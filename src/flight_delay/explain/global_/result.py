"""Explanations of the test months: each month is summarized first, then the months are combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from flight_delay.core.params import Parameters
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.errors import CostlySlice, Worst, every_error, worst
from flight_delay.explain.global_.importance import DailySums, Importance, daily_sums, importance
from flight_delay.explain.global_.interactions import Interactions, Pair, interaction_values, interactions
from flight_delay.explain.global_.measures import Measures, compare_measures
from flight_delay.explain.global_.permutation import permutation_importance
from flight_delay.explain.global_.sign_changes import MonthEffects, SignChange, month_effects, sign_changes
from flight_delay.explain.global_.stability import Rank, mean_effects, mean_effects_by_seed, rank_effects
from flight_delay.explain.local.reasons import Reasons, reasons_of
from flight_delay.explain.probability_scale import points_per_tenth
from flight_delay.explain.sample import stratified
from flight_delay.features.columns import Column
from flight_delay.model.booster import BoosterParameters, Trained
from flight_delay.model.examples import Examples


class InterpretParameters(Parameters):
    """Sizes of samples, and how much is reported."""

    sample_rows: Annotated[int, Field(ge=2)]
    interaction_rows: Annotated[int, Field(ge=2)]
    permutations: Annotated[int, Field(ge=1)]
    other_seeds: Annotated[int, Field(ge=0)]
    worst_errors: Annotated[int, Field(ge=1)]
    dependence_features: Annotated[int, Field(ge=0)]
    seed: Annotated[int, Field(ge=0)]


class TestMonth(NamedTuple):
    """What is kept of a test month, so that memory does not grow with the number of flights."""

    sums: DailySums
    sample: Explanation
    errors: Worst


class MonthSummary(NamedTuple):
    """What is kept of a month after training; `test` is None outside of the test months."""

    effects: MonthEffects
    test: TestMonth | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """Explanations of the test months.

    Attributes:
        explainer: of the model.
        flights: number of test flights.
        sample: of the flights, for pictures.
        importances: of features, topics and groups, on all flights.
        measures: importance by SHAP, permutation and gain.
        interactions: of features and topics, on a part of the sample.
        ranks: of features and topics by month and by seed.
        sign_changes: effects that change sign between months.
        misses: late flights with the lowest probabilities, the worst first.
        false_alarms: flights on time with the highest probabilities, the worst first.
        slices: the costliest slices of the data.
    """

    explainer: Explainer
    flights: int
    sample: Explanation
    importances: Sequence[Importance]
    measures: Sequence[Measures]
    interactions: Interactions
    ranks: Sequence[Rank]
    sign_changes: Sequence[SignChange]
    misses: Sequence[Reasons]
    false_alarms: Sequence[Reasons]
    slices: Sequence[CostlySlice]

    def documents(self, pictures: Mapping[str, str]) -> dict[str, Any]:
        """Content of every JSON file, by name; `pictures` is the alternative text of each picture, by name."""
        bundle, expected = self.explainer.bundle, float(self.sample.expected[0])
        return {
            "importances": self.feature_importances(),
            "reference": self.explainer.reference.model_dump(mode="json"),
            "summary": {
                "model_sha256": bundle.manifest.model_sha256,
                "flights": self.flights,
                "sample_flights": len(self.sample.flight_id),
                "points_per_tenth": round(points_per_tenth(expected, bundle.decision.calibration), 2),
                "sign_changes": [change.sentence(self.explainer.labels) for change in self.sign_changes],
                "misses": [_error(reasons) for reasons in self.misses],
                "false_alarms": [_error(reasons) for reasons in self.false_alarms],
                "slices": [costly.sentence for costly in self.slices],
                "pictures": dict(pictures),
            },
        }

    def feature_importances(self) -> list[dict[str, Any]]:
        """Features with topic, group and importance, the most important first, for JSON."""
        topic_of, group_of = self.explainer.topic_of, self.explainer.group_of
        return [
            {"feature": name, "topic": topic_of[name], "group": group_of[name]}
            | {"mean_abs_shap": mean, "low": low, "high": high, "share": share}
            for level, name, mean, low, high, share in self.importances
            if level == "feature"
        ]

    def tables(self) -> dict[str, tuple[Sequence[str], Sequence[Sequence[Any]]]]:
        """Header and rows of every table, by name."""
        return {
            "importance": (Importance._fields, self.importances),
            "measures": (Measures._fields, self.measures),
            "interactions": (Pair._fields, self.interactions.pairs),
            "stability": (Rank._fields, self.ranks),
        }


def summarize_month(
    explainer: Explainer, flights: Examples, explanation: Explanation, sampled: Column | None, worst_errors: int
) -> MonthSummary:
    """Summarize a month after training.

    Args:
        explainer: of the model.
        flights: of the month, with the features that reasons quote.
        explanation: of the same flights.
        sampled: of a test month, positions of the flights that are in the sample; None for other months.
        worst_errors: misses, and false alarms, that are kept of a test month.
    """
    effects = month_effects(explanation, explainer.topic_of)
    if sampled is None:
        return MonthSummary(effects, None)
    quotable = replace(explanation, features=explanation.features | flights.features)
    sums = daily_sums(explanation, explainer.topic_of, explainer.group_of)
    return MonthSummary(effects, TestMonth(sums, explanation.take(sampled), worst(quotable, worst_errors)))


def combine_months(
    explainer: Explainer,
    p: InterpretParameters,
    booster: BoosterParameters,
    months: Mapping[str, MonthSummary],
    other_seeds: Mapping[int, Trained],
    gains: Mapping[str, Mapping[str, float]],
    slices: Sequence[CostlySlice],
) -> Result:
    """Combine months, and compute on their sample what takes longer than SHAP values.

    Args:
        explainer: of the model.
        p: sizes and seed.
        booster: parameters that the model was trained with.
        months: summaries of the months after training, in order of time.
        other_seeds: models that differ from it in the seed only.
        gains: by feature, XGBoost's own importances.
        slices: the costliest slices of the data.
    """
    bundle, topic_of, features = explainer.bundle, explainer.topic_of, explainer.bundle.manifest.features
    tests = [month.test for month in months.values() if month.test is not None]
    sample = Explanation.concat(test.sample for test in tests)
    small = sample.take(stratified({"all": sample.late}, p.interaction_rows, p.seed)["all"])
    importances = importance(test.sums for test in tests)
    drops = permutation_importance(bundle, sample, topic_of, repeats=p.permutations, seed=p.seed)
    errors = worst(every_error(test.errors for test in tests), p.worst_errors)
    misses, false_alarms = (reasons_of(wrong, bundle, explainer.topics, explainer.reference) for wrong in errors)
    by_month = {month: summary.effects.mean_effects for month, summary in months.items()}
    by_seed = {str(booster.seed): mean_effects(sample.shap, topic_of)}
    by_seed |= mean_effects_by_seed(other_seeds, features, sample.features, topic_of)
    constrained = [feature.name for feature in features if booster.monotone and feature.effect]
    return Result(
        explainer=explainer,
        flights=sum(int(test.sums.flights.sum()) for test in tests),
        sample=sample,
        importances=importances,
        measures=compare_measures(importances, drops, gains, topic_of),
        interactions=interactions(interaction_values(bundle, small.features), list(topic_of), topic_of),
        ranks=[*rank_effects(by_month, "month"), *rank_effects(by_seed, "seed")],
        sign_changes=sign_changes({month: summary.effects for month, summary in months.items()}, constrained),
        misses=misses,
        false_alarms=false_alarms,
        slices=slices,
    )


def _error(flight: Reasons) -> dict[str, Any]:
    return {
        "flight_id": flight.flight_id,
        "probability": round(flight.probability, 6),
        "base": round(flight.base, 6),
        "reasons": [
            {"sentence": reason.sentence, "points": round(100 * reason.probability, 1)} for reason in flight.reasons
        ],
    }
