"""What a model takes for granted, and whether the data bear it out: by stated rules, from what the stages wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from flight_delay.evaluation.comparison import in_words
from flight_delay.evaluation.intervals import DRAWS, SEED, bootstrap_sum, interval
from flight_delay.features.columns import Column
from flight_delay.model.predictions import Predictions


class Assumption(NamedTuple):
    """Something taken for granted, whether the data bear it out, and what was seen."""

    says: str
    borne_out: Literal["yes", "no", "cannot tell"]
    seen: str


def months_are_alike(metrics: Mapping[str, Any], by_month: Mapping[str, Mapping[str, float]]) -> Assumption:
    """Borne out where the share of late flights and ROC AUC on test lie between those of the backtest's months.

    Args:
        metrics: as in reports/metrics.json.
        by_month: as in reports/backtest/by_month.json.
    """
    test = metrics["test"]
    ends = {
        name: (min(values), max(values)) for name in ("base_rate", "roc_auc") if (values := _column(by_month, name))
    }
    within = all(low <= test[name] <= high for name, (low, high) in ends.items())
    (rarest, commonest), (hardest, easiest) = ends["base_rate"], ends["roc_auc"]
    return Assumption(
        "Months to come are like those that it was chosen on.",
        "yes" if within else "no",
        f"{test['base_rate']:.1%} of the test flights were late, {rarest:.1%} to {commonest:.1%} in the months of the "
        f"backtest; ROC AUC is {test['roc_auc']:.3f} on test, {hardest:.3f} to {easiest:.3f} in those months.",
    )


def probabilities_are_right(test: Predictions) -> Assumption:
    """Borne out where the interval, over days, of late share less mean probability on test includes zero."""
    excess: Column = test.late - test.probability.astype(np.float64)
    low, high = interval(bootstrap_sum({"excess": excess}, test.flight_date, draws=DRAWS, seed=SEED)["excess"])
    return Assumption(
        "Probabilities are right on average.",
        "yes" if low <= 0 <= high else "no",
        f"On the test months {test.late.mean():.1%} were late and {test.probability.mean(dtype=np.float64):.1%} were "
        f"expected; the difference is {excess.mean():+.1%}, between {low:+.1%} and {high:+.1%} by the days that are drawn.",
    )


def better_than_simple(metrics: Mapping[str, Any]) -> Assumption:
    """Borne out where the model is better than logistic regression in one metric on test, and worse in none."""
    comparison = metrics["ladder"]["model_over_logistic"]
    verdicts = {of["verdict"] for of in comparison.values()}
    return Assumption(
        "Trees are worth their trouble: a straight line through the same features would not do.",
        "no" if "worse" in verdicts else "yes" if "better" in verdicts else "cannot tell",
        in_words(comparison, "logistic regression"),
    )


def outcomes_are_known(counts: Mapping[str, int], quality: Mapping[str, Any]) -> Assumption:
    """Nothing in the data can bear out that flights without an arrival, and those set aside, may be left out."""
    without = counts["cancelled"] + counts["diverted"]
    return Assumption(
        "Flights that never arrived may be left out of learning and judging.",
        "cannot tell",
        f"{without:,} of {counts['scheduled']:,} ({without / counts['scheduled']:.1%}) were cancelled or diverted, and "
        f"{quality['quarantined_rows']:,} were set aside; they are asked about when the model is used.",
    )


def nothing_leaks(findings: Sequence[Mapping[str, Any]], horizon_hours: int) -> Assumption:
    """Borne out as far as it is looked for: a leak that is found stops the pipeline."""
    drifted = [of for of in findings if of["check"] == "drift"]
    return Assumption(
        f"Nothing that it knows was unknown {horizon_hours} hours before departure.",
        "yes",
        "Features that read a column too early do not load, and a column that gives the outcome away stops the pipeline; "
        f"neither happened. {len(drifted)} columns are distributed differently in the test months.",
    )


def threshold_carries_over(
    metrics: Mapping[str, Any], curve: Mapping[str, Sequence[float]], threshold: float
) -> Assumption:
    """Borne out where the best threshold on test earns no more than the upper end of the interval of the chosen one's profit.

    Args:
        metrics: as in reports/metrics.json.
        curve: as in reports/evaluate/profit_curve.csv.
        threshold: the one that was chosen on the backtest.
    """
    best = int(np.argmax(curve["profit_per_flight"]))
    profit, high = metrics["money"]["expected_profit"]["model"], metrics["money"]["interval"]["high"]
    return Assumption(
        "The threshold that was best on the backtest is good on later months.",
        "yes" if curve["profit_per_flight"][best] <= high else "no",
        f"From {threshold:.0%} on, calls on the test months earned {profit:.1f} per flight; with hindsight "
        f"{curve['threshold'][best]:.0%} would have been best, with {curve['profit_per_flight'][best]:.1f}.",
    )


def _column(by_month: Mapping[str, Mapping[str, float]], name: str) -> list[float]:
    return [of[name] for of in by_month.values()]
