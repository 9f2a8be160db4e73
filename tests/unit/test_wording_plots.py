"""The wording of plots: titles and alternative texts, with their numbers and names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from explanations import explanation_of
from plotted import AGING, BACKTEST_PROFIT, EXPLANATION, LABELS, PROFIT, UNITS, drawn

from flight_delay.report.plots.comparison import plot_profit, plot_staleness
from flight_delay.report.plots.dependence import describe_dependence
from flight_delay.report.plots.plot import Plot


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("training_curve", "Training: best after 2 rounds, log loss 0.5500"),
        ("roc", "ROC on test: AUC 0.620"),
        ("precision_recall", "Precision and recall on test: average precision 0.330"),
        ("metric_by_month", "ROC AUC by month: 0.600 to 0.660"),
        ("calibration", "Calibration on test: predicted 30.0%, observed 33.0%"),
        ("calibration_by_month", "Largest gap in 2013-09: predicted 27.0%, observed 14.0%"),
        ("confusion", "Threshold 25%: recall 40%"),
        ("baseline_comparison", "Model and baselines on test: highest ROC AUC 0.620, model"),
        ("model_staleness", "Without retraining, ROC AUC changes by -0.035 on average"),  # of retrained models of age 1
        ("profit", "Threshold 25%: -22.0 per flight on test (best -10.0)"),
        ("slices", "Lowest for UA: -30 per flight, -15 for all"),  # a small slice is not drawn but counts in the mean
        ("learning_curve", "1 month: ROC AUC 0.690 on 2013-10, 9 months: 0.700"),
        ("validation_curve", "Log loss 0.4500 at depth 1, which is used; 0.4400 at 9"),
        ("interactions", "Interactions of topics: 25% of all effects"),
    ],
)
def test_titles(name: str, title: str) -> None:
    assert drawn(name).title == title


@pytest.mark.parametrize(
    ("draw", "title"),
    [
        (lambda: plot_staleness(AGING[:1]), "Without retraining, ROC AUC changes by +0.000 on average"),
        (lambda: plot_profit(BACKTEST_PROFIT, PROFIT, 0.26), "Threshold 26%: -22.0 per flight on test (best -10.0)"),
    ],
)
def test_titles_of_one_month_and_between_thresholds(draw: Callable[[], Plot], title: str) -> None:
    assert draw().title == title


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("importance", "Mean absolute SHAP values in log-odds, with 95 % intervals over days; the most important groups: the days before 0.30 (0.27 to 0.36); the most important features: rate 0.20 (0.18 to 0.24), carrier 0.10 (0.09 to 0.12)"),
        ("measures", "Importance of features by three measures; first by SHAP: rate, by permutation: carrier, by gain: rate"),
        ("measures, none", "Importance of features by three measures: no feature is used"),
        ("interactions", "Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of 10 flights: time of day and busy day 0.400 (0.300 to 0.500)"),
        ("interactions, none", "Mean absolute interactions of topics in log-odds, with 95 % intervals for the sampling of 10 flights: there are none"),
        ("stability", "Ranks of topics by importance; Kendall's tau between months is -1.00, time of day varies most, from 1 to 2; there are no seeds to compare"),
    ],
)  # fmt: skip
def test_alternative_texts(name: str, text: str) -> None:
    assert drawn(name).text == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("unknown", "SHAP values of unknown; rank correlation +0.00; 100 % of the flights have no value"),
        (
            "carrier",
            "SHAP values of carrier: the median is lowest at B (-0.033) and highest at E (+0.002); 11 % of the flights "
            "have no value",
        ),
    ],
)
def test_texts_of_dependence_of_categories_and_missing_values(name: str, text: str) -> None:
    assert describe_dependence(EXPLANATION, name, None, LABELS, UNITS) == text


def test_the_text_of_dependence() -> None:
    rows = np.arange(80)
    departure, effect = np.where(rows >= 40, 1140.0, 425.0), np.where(rows >= 40, 0.3, -0.2)
    features = {"departure": np.where(rows < 4, np.nan, departure), "a": rows}
    explanation = explanation_of({"departure": effect, "a": effect}, features)
    labels, units = {"departure": "departure", "a": "time of day"}, {"departure": "minutes after midnight"}
    assert describe_dependence(explanation, "departure", "a", labels, units) == (
        "SHAP values of departure, coloured by time of day: the median is lowest at 07:05 (-0.200) and highest at 19:00 "
        "(+0.300); rank correlation +1.00; 5.0 % of the flights have no value"
    )
