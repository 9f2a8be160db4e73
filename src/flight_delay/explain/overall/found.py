"""All that is found out about the explanations of the test months: month by month first, then put together; and its summary in
words and numbers, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import Explanation
from flight_delay.explain.flight.reasons import Reasons, reasons_of
from flight_delay.explain.overall.agreement import Agreement, agreement
from flight_delay.explain.overall.errors import CostlySlice, Worst, every_error, worst
from flight_delay.explain.overall.importance import DailySums, Importance, daily_sums, importance
from flight_delay.explain.overall.interactions import Interactions, Pair, interaction_values, interactions
from flight_delay.explain.overall.permutation import permutation_importance
from flight_delay.explain.overall.sampled import Sampled, outside, sampled
from flight_delay.explain.overall.stability import Standing, sizes, sizes_of, standings
from flight_delay.explain.overall.turns import MonthRecord, Turn, turns
from flight_delay.explain.overall.twins import Twins, across_topics
from flight_delay.explain.sample import stratified
from flight_delay.features.columns import Column
from flight_delay.model.booster import Trained
from flight_delay.model.examples import Examples


class OfMonth(NamedTuple):
    """What is kept of a month, so that memory does not grow with the number of flights."""

    sums: DailySums
    sample: Explanation
    errors: Worst


class Effort(NamedTuple):
    """How many flights are looked at for interactions, how often features are shuffled, how many errors are told, and the seed."""

    interaction_rows: int
    permutations: int
    worst_errors: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is found out about the explanations of the test flights.

    Attributes:
        model: that is explained.
        sample: of the flights, for pictures.
        importances: of features, topics and groups, of all flights.
        outside: what the sample says otherwise than its intervals allow.
        agreements: importance by three measures.
        interactions: of features and topics, on some of the sample.
        standings: ranks by month and seed.
        turns: effects that turn between months.
        twins: features of different topics that go together.
        misses: late flights with the lowest probabilities, the worst first.
        false_alarms: flights on time with the highest probabilities, the worst first.
        slices: parts of the data that cost most.
    """

    model: Explainer
    flights: int
    sample: Explanation
    importances: Sequence[Importance]
    outside: Sequence[Sampled]
    agreements: Sequence[Agreement]
    interactions: Interactions
    standings: Sequence[Standing]
    turns: Sequence[Turn]
    twins: Sequence[Twins]
    misses: Sequence[Reasons]
    false_alarms: Sequence[Reasons]
    slices: Sequence[CostlySlice]

    def features(self) -> list[dict[str, Any]]:
        """Features as JSON has them, the most important first."""
        return [
            {
                "feature": row.name,
                "topic": self.model.topic_of[row.name],
                "group": self.model.group_of[row.name],
                **{name: getattr(row, name) for name in ("mean_abs_shap", "low", "high", "share")},
            }
            for row in self.importances
            if row.level == "feature"
        ]

    def tables(self) -> dict[str, tuple[Sequence[str], Sequence[Sequence[Any]]]]:
        """Header and rows of every table, by name."""
        return {
            "importance": (Importance._fields, self.importances),
            "measures": (Agreement._fields, self.agreements),
            "interactions": (Pair._fields, self.interactions.pairs),
            "stability": (Standing._fields, self.standings),
        }

    def summary(self, pictures: Mapping[str, str]) -> dict[str, Any]:
        """What the report says, as JSON has it.

        Args:
            pictures: what each picture shows, by name.
        """
        return {
            "model_sha256": self.model.bundle.manifest.model_sha256,
            "flights": self.flights,
            "sample": {"flights": len(self.sample.flight_id), "outside": [of.name for of in self.outside]},
            "disagreements": [row.words for row in self.agreements if row.words],
            "twins": [of.words for of in self.twins],
            "turns": [of.words for of in self.turns],
            "misses": [_told(of) for of in self.misses],
            "false_alarms": [_told(of) for of in self.false_alarms],
            "slices": [of.words for of in self.slices],
            "pictures": dict(pictures),
        }


def of_month(model: Explainer, flights: Examples, explanation: Explanation, chosen: Column, effort: Effort) -> OfMonth:
    """Take what is kept of a month.

    Args:
        model: that is explained.
        flights: of the month, with what sentences quote.
        explanation: of the same flights.
        chosen: positions of those that are in the sample.
        effort: how many errors are kept.
    """
    quotable = replace(explanation, features=explanation.features | flights.features)
    return OfMonth(
        daily_sums(explanation, model.topic_of, model.group_of),
        explanation.take(chosen),
        worst(quotable, effort.worst_errors),
    )


def put_together(
    model: Explainer,
    parts: Sequence[OfMonth],
    *,
    by_month: Mapping[str, MonthRecord],
    seed: int,
    others: Mapping[int, Trained],
    model_importances: Mapping[str, Mapping[str, float]],
    constrained: bool,
    slices: Sequence[CostlySlice],
    effort: Effort,
) -> Found:
    """Put months together, and ask of their sample what takes longer than SHAP values.

    Args:
        model: that is explained.
        parts: the test months.
        by_month: records of months after training, in order of time.
        seed: that the model was trained with.
        others: models that differ from it in the seed only.
        model_importances: by feature, XGBoost's own.
        constrained: whether the model is held to the effects that features are declared to have.
        slices: parts of the data that cost most.
        effort: how much is done.
    """
    bundle, topic_of, group_of = model.bundle, model.topic_of, model.group_of
    sample = Explanation.concat(part.sample for part in parts)
    importances = importance([part.sums for part in parts])
    flights = sum(int(part.sums.flights.sum()) for part in parts)
    drops = permutation_importance(bundle, sample, topic_of, group_of, repeats=effort.permutations, seed=effort.seed)
    few = sample.take(stratified({"all": sample.late}, effort.interaction_rows, effort.seed)["all"])
    errors = worst(every_error(part.errors for part in parts), effort.worst_errors)
    by_seed = {
        str(seed): sizes(sample.shap, topic_of),
        **{
            str(of): sizes_of(trained, bundle.manifest.features, sample.features, topic_of)
            for of, trained in others.items()
        },
    }
    held = {feature.name for feature in bundle.manifest.features if constrained and feature.effect}
    return Found(
        model=model,
        flights=flights,
        sample=sample,
        importances=importances,
        outside=outside(sampled(sample, flights, topic_of, group_of), importances),
        agreements=agreement(
            importances,
            drops,
            model_importances,
            topic_of,
            days=sum(len(part.sums.dates) for part in parts),
            labels=model.labels,
        ),
        interactions=interactions(interaction_values(bundle, few.features), list(topic_of), topic_of),
        standings=[
            *standings({month: of.sizes for month, of in by_month.items()}, "month"),
            *standings(by_seed, "seed"),
        ],
        turns=turns(by_month, held, model.labels),
        twins=across_topics(sample.features, sample.shap, topic_of, model.labels),
        misses=reasons_of(errors.misses, bundle, model.topics, model.reference),
        false_alarms=reasons_of(errors.false_alarms, bundle, model.topics, model.reference),
        slices=slices,
    )


def _told(reasons: Reasons) -> dict[str, Any]:
    return {
        "flight_id": reasons.flight_id,
        "probability": round(reasons.probability, 6),
        "base": round(reasons.base, 6),
        "reasons": [{"sentence": of.sentence, "points": round(100 * of.probability, 1)} for of in reasons.reasons],
    }
