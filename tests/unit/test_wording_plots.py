"""The wording of plots: titles above pictures, and sentences for those who do not see them. Numbers and names in them are tested
in the files named after the modules."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from flight_delay.report.plots.interactions import interactions_text

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.interactions import Interactions, Pair
from flight_delay.explain.global_.measures import Measures
from flight_delay.explain.global_.stability import rank_effects
from flight_delay.report.plots import comparison, importance, stability, threshold
from flight_delay.report.plots.dependence import dependence_text

TitlesOf = Callable[[ModuleType], list[str]]
SLICES: list[dict[str, Any]] = [
    {"by": "carrier", "label": label, "flights": 500, "profit_per_flight": profit, "low": -50.0, "high": 20.0}
    for label, profit in (("UA", -30.0), ("AA", 0.0))
]
AGING: list[dict[str, Any]] = [
    {"trained_through": through, "age_months": age, "month": month, "roc_auc": auc}
    for through, age, month, auc in (
        ("2013-01", 1, "2013-03", 0.7),
        ("2013-01", 2, "2013-04", 0.66),
        ("2013-02", 1, "2013-04", 0.69),
    )
]


def test_titles_of_comparisons(titles_of: TitlesOf) -> None:
    titles = titles_of(comparison)
    comparison.slices(SLICES)
    comparison.aging(AGING)
    assert titles == ["Least on UA: -30 per flight, -15 on all", "Not retraining moves ROC AUC by -0.030 on average"]


def test_titles_of_decisions(titles_of: TitlesOf) -> None:
    titles = titles_of(threshold)
    curve = {"threshold": [0.0, 0.25, 0.5], "profit_per_flight": [-48.0, -22.0, -10.0]}
    threshold.profit(curve, curve, 0.25)
    threshold.said_and_seen([{"month": "2013-09", "judged": "test", "predicted": 0.27, "observed": 0.14}])
    assert titles == [
        "Late from 25% on: -22.0 per flight on test (best -10.0)",
        "Farthest off: 2013-09, said 27.0%, were 14.0%",
    ]


LABELS = {
    "rate": "late flights",
    "carrier": "airline",
    "history": "the days before",
    "a": "time of day",
    "b": "busy day",
}


def test_importances() -> None:
    rows = [Importance("feature", "rate", 0.2, 0.18, 0.24, 0.6), Importance("group", "history", 0.3, 0.27, 0.36, 1.0)]
    assert importance.by_level_text(rows, LABELS) == (
        "Mean absolute SHAP values in log-odds, with 95 % intervals over days. Of 1 groups, the most important are the days "
        "before 0.30 (0.27 to 0.36). Of 1 features, the most important are late flights 0.20 (0.18 to 0.24)."
    )


def test_measures() -> None:
    rows = [
        Measures("rate", "t", 1, 2, 1, 0.2, -0.01, -0.02, 0.01, 0.03, 900.0),
        Measures("carrier", "t", 2, 1, 2, 0.1, 0.02, 0.01, 0.03, 0.03, 100.0),
    ]
    assert importance.measures_text(rows, LABELS) == (
        "Importance of features by three measures. First by SHAP: late flights, by permutation: airline, by gain: late flights."
    )
    assert importance.measures_text([], {}) == "Importance by SHAP, permutation and gain: no feature is used."


def test_interactions() -> None:
    pairs = (Pair("topic", "a", "b", 0.4, 0.3, 0.5),)
    result = Interactions(pairs, {"feature": 0.64, "topic": 0.25}, 1_000)
    assert interactions_text(result, LABELS) == (
        "Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of 1,000 flights: time of day "
        "and busy day 0.400 (0.300 to 0.500). They are 25% of all effects."
    )
    assert "1,000 flights: there are none." in interactions_text(Interactions((), result.share, 1_000), LABELS)


def test_stability() -> None:
    months = {"11": {"topic": {"a": 2.0, "b": 1.0}}, "12": {"topic": {"a": 1.0, "b": 2.0}}}
    assert stability.stability_text(rank_effects(months, "month"), LABELS) == (
        "Ranks of topics by importance. Between months, Kendall's tau is -1.00; time of day varies most, from 1 to 2."
    )


def test_dependence() -> None:
    rows = np.arange(80)
    departure, effect = np.where(rows >= 40, 1140.0, 425.0), np.where(rows >= 40, 0.3, -0.2)
    explanation = Explanation(
        flight_id=rows, flight_date=rows, late=rows > 9, probability=rows / 80, expected=rows,
        features={"departure": np.where(rows < 4, np.nan, departure), "a": rows},
        shap={"departure": effect, "a": effect},
    )  # fmt: skip
    labels, units = LABELS | {"departure": "departure"}, {"departure": "minutes after midnight"}
    assert dependence_text(explanation, "departure", "a", labels, units) == (
        "Effect of departure on the log-odds of being late, flight by flight, coloured by time of day: the median is lowest at "
        "07:05 (-0.200) and highest at 19:00 (+0.300); rank correlation +1.00; 5.0 % of the flights have no value."
    )
