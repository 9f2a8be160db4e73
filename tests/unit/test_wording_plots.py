"""The wording of plots: titles and alternative texts. Their numbers and names are tested by module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from explanations import explanation_of

from flight_delay.explain.global_.importance import Importance
from flight_delay.explain.global_.interactions import InteractionPair, Interactions
from flight_delay.explain.global_.measures import Measures
from flight_delay.explain.global_.stability import rank_effects
from flight_delay.report.plots import importance
from flight_delay.report.plots.comparison import plot_profit, plot_slices, plot_staleness
from flight_delay.report.plots.dependence import describe_dependence
from flight_delay.report.plots.evaluation import plot_calibration_by_month
from flight_delay.report.plots.plot import Plot

CURVE = {"threshold": [0.0, 0.25, 0.5], "mean_profit": [-48.0, -22.0, -10.0]}
SLICE: dict[str, Any] = {
    "by": "carrier",
    "label": "UA",
    "rows": 500,
    "mean_profit": -30.0,
    "low": -50.0,
    "high": 20.0,
}
AGING: list[dict[str, Any]] = [
    {"last_training_month": last, "age_months": age, "month": month, "roc_auc": auc}
    for last, age, month, auc in (("01", 1, "03", 0.7), ("01", 2, "04", 0.66), ("02", 1, "04", 0.69))
]
GAP = {"month": "2013-09", "evaluated_on": "test", "predicted": 0.27, "observed": 0.14}


@pytest.mark.parametrize(
    ("draw", "title"),
    [
        (lambda: plot_slices([SLICE, SLICE | {"label": "AA", "mean_profit": 0.0}]), "Lowest for UA: -30 per flight, -15 for all"),
        (lambda: plot_staleness(AGING), "Without retraining, ROC AUC changes by -0.030 on average"),
        (lambda: plot_profit(CURVE, CURVE, 0.25), "Threshold 25%: -22.0 per flight on test (best -10.0)"),
        (lambda: plot_calibration_by_month([GAP]), "Largest gap in 2013-09: predicted 27.0%, observed 14.0%"),
    ],
)  # fmt: skip
def test_titles(draw: Callable[[], Plot], title: str) -> None:
    assert draw().title == title


LABELS = {
    "rate": "late flights",
    "carrier": "airline",
    "history": "the days before",
    "a": "time of day",
    "b": "busy day",
}
IMPORTANCES = [
    Importance("feature", "rate", 0.2, 0.18, 0.24, 0.6),
    Importance("group", "history", 0.3, 0.27, 0.36, 1.0),
]
MEASURES = [
    Measures("rate", "t", 1, 2, 1, 0.2, -0.01, -0.02, 0.01, 0.03, 900.0),
    Measures("carrier", "t", 2, 1, 2, 0.1, 0.02, 0.01, 0.03, 0.03, 100.0),
]
PAIRS = (InteractionPair("topic", "a", "b", 0.4, 0.3, 0.5),)
RANKS = rank_effects({"11": {"topic": {"a": 2.0, "b": 1.0}}, "12": {"topic": {"a": 1.0, "b": 2.0}}}, "month")


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda: importance.plot_importance(IMPORTANCES, {"rate": "history"}, LABELS), "Mean absolute SHAP values in log-odds, with 95 % intervals over days; the most important groups: the days before 0.30 (0.27 to 0.36); the most important features: late flights 0.20 (0.18 to 0.24)"),
        (lambda: importance.plot_importance_measures(MEASURES, LABELS), "Importance of features by three measures; first by SHAP: late flights, by permutation: airline, by gain: late flights"),
        (lambda: importance.plot_importance_measures([], {}), "Importance of features by three measures: no feature is used"),
        (lambda: importance.plot_interactions(Interactions(PAIRS, {"topic": 0.25}, 1_000), LABELS), "Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of 1,000 flights: time of day and busy day 0.400 (0.300 to 0.500)"),
        (lambda: importance.plot_interactions(Interactions((), {"topic": 0.0}, 9), LABELS), "Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of 9 flights: there are none"),
        (lambda: importance.plot_rank_stability(RANKS, LABELS), "Ranks of topics by importance; Kendall's tau between months is -1.00, time of day varies most, from 1 to 2; there are no seeds to compare"),
    ],
)  # fmt: skip
def test_alternative_texts(draw: Callable[[], Plot], text: str) -> None:
    assert draw().text == text


def test_the_text_of_dependence() -> None:
    rows = np.arange(80)
    departure, effect = np.where(rows >= 40, 1140.0, 425.0), np.where(rows >= 40, 0.3, -0.2)
    features = {"departure": np.where(rows < 4, np.nan, departure), "a": rows}
    explanation = explanation_of({"departure": effect, "a": effect}, features)
    labels, units = LABELS | {"departure": "departure"}, {"departure": "minutes after midnight"}
    assert describe_dependence(explanation, "departure", "a", labels, units) == (
        "SHAP values of departure, coloured by time of day: the median is lowest at 07:05 (-0.200) and highest at 19:00 "
        "(+0.300); rank correlation +1.00; 5.0 % of the flights have no value"
    )
