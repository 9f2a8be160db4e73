"""The wording of plots: titles above pictures, and sentences for those who do not see them. Numbers and names in them are tested
in the files named after the modules."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.overall.agreement import Agreement
from flight_delay.explain.overall.importance import Importance, Level
from flight_delay.explain.overall.interactions import Interactions, Pair
from flight_delay.explain.overall.stability import standings
from flight_delay.plots import comparison, decision, importance, stability
from flight_delay.plots.dependence_words import dependence_words
from flight_delay.plots.interactions import interactions_words
from flight_delay.plots.naming import Naming

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
    titles = titles_of(decision)
    curve = {"threshold": [0.0, 0.25, 0.5], "profit_per_flight": [-48.0, -22.0, -10.0]}
    decision.profit(curve, curve, 0.25)
    decision.said_and_seen([{"month": "2013-09", "judged": "test", "predicted": 0.27, "observed": 0.14}])
    assert titles == [
        "Late from 25% on: -22.0 per flight on test (best -10.0)",
        "Farthest off: 2013-09, said 27.0%, were 14.0%",
    ]


def row(level: Level, name: str, value: float) -> Importance:
    return Importance(level, name, value, 0.9 * value, 1.2 * value, 0.1, 0.1, 0.1, 1.2)


IMPORTANCES = [
    row("feature", "late_rate", 0.2),
    row("feature", "carrier", 0.1),
    row("group", "history", 0.3),
    row("group", "weather", 0.1),
]
GROUP = {"late_rate": "history", "carrier": "schedule"}
NOTHING = [row("feature", "unused", 0.0)]
AGREEMENTS = [
    Agreement(name, "late", place, 3 - place, place, 0.2, 0.01 * place, 0, 0.02, 0.03, 900.0, "Why." if place == 1 else "")
    for place, name in ((1, "late_rate"), (2, "carrier"))
]  # fmt: skip


def test_titles_of_importances(monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    monkeypatch.setattr(importance, "_headed", lambda _, title: titles.append(title))
    importance.by_level(IMPORTANCES, GROUP, {"history": "the days before"})
    importance.by_level(NOTHING, GROUP)
    importance.measures(AGREEMENTS)
    assert titles == [
        "How far predictions are moved: the days before by 0.30",
        "How far predictions are moved",
        "Three measures disagree on 1 of 2 features (orange)",
    ]


def test_importances_in_words() -> None:
    assert importance.by_level_words(IMPORTANCES, {"late_rate": "late flights"}) == (
        "Of 2 groups, history moves predictions most: by 0.30 log-odds on average (95 % interval 0.27 to 0.36); in order: "
        "history 0.30, weather 0.10. Of 2 features, late flights moves predictions most: by 0.20 log-odds on average (95 % "
        "interval 0.18 to 0.24); in order: late flights 0.20, carrier 0.10."
    )
    assert importance.by_level_words(NOTHING) == "No feature moves predictions."


def test_measures_in_words() -> None:
    assert importance.measures_words(AGREEMENTS, {"late_rate": "late flights"}) == (
        "SHAP puts late flights first, permutation carrier, gain late flights. They disagree on 1 of 2 features: late flights."
    )
    alike = [of._replace(permutation_rank=of.shap_rank, words="") for of in AGREEMENTS]
    assert importance.measures_words(alike) == (
        "SHAP, permutation and gain all put late rate first. They disagree on none of 2 features."
    )
    assert importance.measures_words([]) == "No feature is used."


RANKS = standings(
    {"11": {"topic": {"a": 3.0, "b": 2.0, "c": 1.0}}, "12": {"topic": {"a": 3.0, "b": 1.0, "c": 2.0}}}, "month"
)


def test_stability() -> None:
    assert stability._title(RANKS, "topic") == "Ranks of topics agree: Kendall's tau 0.33 between months"
    assert stability._title(RANKS[:3], "topic") == "Ranks of topics"
    assert stability.stability_words(RANKS, Naming({"b": "busy day"})) == (
        "Between months, two topics stand in the same order in 67% of all pairs of months (Kendall's tau 0.33); of the "
        "first 3 of 3, most moves busy day (rank 2 in 11, 3 in 12) and c (rank 2 in 12, 3 in 11)."
    )
    still = [row._replace(source="seed") for row in RANKS[:3] + [row._replace(label="12") for row in RANKS[:3]]]
    assert stability.stability_words(still, Naming()) == (
        "Between seeds, two topics stand in the same order in 100% of all pairs of seeds (Kendall's tau 1.00); none of the "
        "first 3 of 3 moves."
    )


def test_interactions() -> None:
    pairs = (Pair("feature", "b", "c", 0.6, 0.5, 0.7), Pair("feature", "a", "b", 0.4, 0.3, 0.5))
    found = Interactions(pairs, {"feature": 0.64, "topic": 0.0}, 1_000)
    assert interactions_words(found, "feature", Naming({"b": "hour of day"})) == (
        "Of features, hour of day and c work together most: 0.600 log-odds on average (95 % interval 0.500 to 0.700, for the "
        "choice of 1,000 flights). Next are a and hour of day with 0.400. 64% of what the model does is done by features "
        "together, the rest by each alone."
    )
    assert interactions_words(found, "topic", Naming()) == (
        "No two topics work together: the effect of each is the same whatever the others are."
    )


def test_dependence() -> None:
    # 20 flights of either origin at 07:05, where both are alike, and at 19:00, where they are not; four without a time.
    rows = np.arange(80)
    late, origin = rows >= 40, np.array(["EWR", "JFK"], object)[rows % 2]
    effect = np.where(late, np.where(origin == "JFK", 0.3, 0.1), -0.2)
    features = {
        "departure": np.where(late, 1140.0, 425.0),
        "origin": origin,
        "constant": np.zeros(80),
        "level": rows % 7.0,
    }
    explanation = Explanation(
        flight_id=rows.astype(str).astype(object), flight_date=np.datetime64("2013-11-01") + rows % 10, late=late,
        probability=np.full(80, 0.3), expected=np.full(80, -1.2, np.float32), features=features,
        shap={"departure": effect, "origin": -effect, "constant": np.zeros(80), "level": np.where(rows % 2, 0.1, -0.1)},
    )  # fmt: skip
    naming = Naming({}, {"departure": "minutes after midnight"})
    assert dependence_words(explanation, "departure", "origin", naming) == (
        "The effect of departure is lowest at 07:05 (median −0.200 log-odds) and highest at 19:00 (+0.200); on the whole it rises. "
        "Origin changes it most at 19:00: +0.300 on average with origin JFK, +0.100 with origin EWR."
    )
    assert dependence_words(explanation, "origin", "departure", naming) == (
        "The effect of origin is lowest at JFK (median −0.050 log-odds) and highest at EWR (+0.050). Departure changes it most at "
        "JFK: +0.200 on average with low departure, −0.300 with high departure."
    )
    assert dependence_words(explanation, "constant", "origin", naming) == (
        "The model makes nothing of constant: its effect is zero on all 80 flights."
    )
    assert dependence_words(explanation, "level", None, naming).endswith("; it runs neither up nor down throughout.")
    features["departure"] = np.where(rows < 4, np.nan, features["departure"])
    assert dependence_words(explanation, "departure", None, naming).endswith(
        "; on the whole it rises. 5.0% of the flights have no value; their median effect is −0.200."
    )
