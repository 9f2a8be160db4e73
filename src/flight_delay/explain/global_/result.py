"""Explanation of the model on the test split, merged from its months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from flight_delay.core import files
from flight_delay.core.content import Source
from flight_delay.core.params import Parameters
from flight_delay.explain.explainer import Explainer
from flight_delay.explain.explanation import Explanation, explain
from flight_delay.explain.flights import read_arrived
from flight_delay.explain.global_.errors import CostlySlice, WorstErrors, concat_errors, worst_errors
from flight_delay.explain.global_.importance import DailySums, Importance, compute_importance, daily_sums
from flight_delay.explain.global_.interactions import (
    InteractionPair,
    Interactions,
    interaction_values,
    measure_interactions,
)
from flight_delay.explain.global_.measures import Measures, compare_measures
from flight_delay.explain.global_.permutation import permutation_importance
from flight_delay.explain.global_.sign_changes import MonthEffects, SignChange, find_sign_changes, month_effects
from flight_delay.explain.global_.stability import Rank, mean_effects, mean_effects_by_seed, rank_effects
from flight_delay.explain.local.reasons import Reasons, select_reasons
from flight_delay.explain.probability_scale import probability_points_per_0_1_log_odds
from flight_delay.explain.sample import stratified_sample
from flight_delay.features.columns import Column
from flight_delay.model.booster import BoosterParameters, Trained


class InterpretParameters(Parameters):
    """Sizes of samples, and how much is reported."""

    sample_rows: Annotated[int, Field(ge=2)]
    interaction_rows: Annotated[int, Field(ge=2)]
    n_repeats: Annotated[int, Field(ge=1)]
    n_extra_seeds: Annotated[int, Field(ge=0)]
    n_worst_errors: Annotated[int, Field(ge=1)]
    n_dependence_plots: Annotated[int, Field(ge=0)]
    seed: Annotated[int, Field(ge=0)]


class TestMonth(NamedTuple):
    """Summary of a test month."""

    sums: DailySums
    sample: Explanation
    errors: WorstErrors


class MonthSummary(NamedTuple):
    """Summary of a month after training; only a test month has `test`."""

    effects: MonthEffects
    test: TestMonth | None


@dataclass(frozen=True, kw_only=True)
class GlobalExplanation:
    """Explanation of the model on the test split."""

    explainer: Explainer
    flights: int  # of the test split
    sample: Explanation
    importances: Sequence[Importance]  # of features, topics and groups, on all flights
    measures: Sequence[Measures]
    interactions: Interactions  # on a part of the sample
    ranks: Sequence[Rank]
    sign_changes: Sequence[SignChange]
    misses: Sequence[Reasons]  # late flights with the lowest probabilities, the worst first
    false_alarms: Sequence[Reasons]  # flights on time with the highest probabilities, the worst first
    slices: Sequence[CostlySlice]

    def write(self, folder: Path) -> None:
        """Write tables, importances, reference values and summary into a folder."""
        files.write_csv(folder / "importance.csv", Importance._fields, self.importances)
        files.write_csv(folder / "importance_measures.csv", Measures._fields, self.measures)
        files.write_csv(folder / "interactions.csv", InteractionPair._fields, self.interactions.pairs)
        files.write_csv(folder / "stability.csv", Rank._fields, self.ranks)
        files.write_json(folder / "importances.json", self.feature_importances())
        files.write_json(folder / "reference.json", self.explainer.reference.model_dump(mode="json"))
        bundle, expected = self.explainer.bundle, float(self.sample.expected[0])
        points = probability_points_per_0_1_log_odds(expected, bundle.decision.calibration)
        summary = {
            "model_sha256": bundle.manifest.model_sha256,
            "flights": self.flights,
            "sample_flights": len(self.sample.expected),
            "points_per_tenth": round(points, 2),
            "sign_changes": [change.sentence(self.explainer.labels) for change in self.sign_changes],
            "misses": [_summarize_reasons(reasons) for reasons in self.misses],
            "false_alarms": [_summarize_reasons(reasons) for reasons in self.false_alarms],
            "slices": [costly.sentence for costly in self.slices],
        }
        files.write_json(folder / "summary.json", summary)

    def feature_importances(self) -> list[dict[str, Any]]:
        """Return features with topic, group and importance, the most important first."""
        topic_of, group_of = self.explainer.topic_of, self.explainer.group_of
        return [
            {"feature": name, "topic": topic_of[name], "group": group_of[name]}
            | {"mean_abs_shap": mean, "low": low, "high": high, "share": share}
            for level, name, mean, low, high, share in self.importances
            if level == "feature"
        ]


def explain_month(
    flights_file: Source, explainer: Explainer, sampled: Column | None, n_errors: int
) -> tuple[MonthSummary, bytes]:
    """Explain the flights of a month after training that arrived.

    With summaries, memory does not grow with the number of months.

    Args:
        flights_file: processed flights of the month.
        explainer: of the model.
        sampled: of a test month, positions of the flights in the sample; None for other months.
        n_errors: number of misses, and of false alarms, of a test month.

    Returns:
        The summary, and the Parquet file of the SHAP values of a test month.
    """
    flights = read_arrived(flights_file, explainer.bundle)
    explanation = explain(explainer.bundle, flights)
    effects = month_effects(explanation, explainer.topic_of)
    if sampled is None:
        return MonthSummary(effects, None), b""
    quotable = replace(explanation, features=explanation.features | flights.features)
    sums = daily_sums(explanation, explainer.topic_of, explainer.group_of)
    month = TestMonth(sums, explanation.take(sampled), worst_errors(quotable, n_errors))
    return MonthSummary(effects, month), files.table_bytes(explanation.table())


def merge_months(
    explainer: Explainer,
    p: InterpretParameters,
    booster: BoosterParameters,
    months: Mapping[str, MonthSummary],
    extra_seeds: Mapping[int, Trained],
    gains: Mapping[str, Mapping[str, float]],
    slices: Sequence[CostlySlice],
) -> GlobalExplanation:
    """Merge the summaries of months.

    Measures that take longer than SHAP values are computed on the sample.

    Args:
        explainer: of the model.
        p: sizes and seed.
        booster: parameters of the model.
        months: summaries of the months after training, in order of time.
        extra_seeds: by seed, models that differ from the model in the seed only.
        gains: by feature, XGBoost's own importances.
        slices: the costliest slices of the data.
    """
    bundle, topic_of, features = explainer.bundle, explainer.topic_of, explainer.bundle.manifest.features
    tests = [month.test for month in months.values() if month.test is not None]
    sample = Explanation.concat(test.sample for test in tests)
    small = sample.take(stratified_sample({"all": sample.late}, p.interaction_rows, p.seed)["all"])
    importances = compute_importance(test.sums for test in tests)
    drops = permutation_importance(bundle, sample, topic_of, repeats=p.n_repeats, seed=p.seed)
    errors = worst_errors(concat_errors(test.errors for test in tests), p.n_worst_errors)
    by_month = {month: summary.effects.mean_effects for month, summary in months.items()}
    by_seed = {str(booster.seed): mean_effects(sample.shap, topic_of)}
    by_seed |= mean_effects_by_seed(extra_seeds, features, sample.features, topic_of)
    constrained = [feature.name for feature in features if booster.monotone_constraints and feature.effect]
    return GlobalExplanation(
        explainer=explainer,
        flights=sum(int(test.sums.rows.sum()) for test in tests),
        sample=sample,
        importances=importances,
        measures=compare_measures(importances, drops, gains, topic_of),
        interactions=measure_interactions(interaction_values(bundle, small.features), list(topic_of), topic_of),
        ranks=[*rank_effects(by_month, "month"), *rank_effects(by_seed, "seed")],
        sign_changes=find_sign_changes({month: summary.effects for month, summary in months.items()}, constrained),
        misses=select_reasons(errors.misses, explainer),
        false_alarms=select_reasons(errors.false_alarms, explainer),
        slices=slices,
    )


def _summarize_reasons(reasons: Reasons) -> dict[str, Any]:
    return {
        "flight_id": reasons.flight_id,
        "probability": round(reasons.probability, 6),
        "base": round(reasons.base, 6),
        "reasons": [
            {"sentence": reason.sentence, "points": round(100 * reason.probability, 1)} for reason in reasons.reasons
        ],
    }
