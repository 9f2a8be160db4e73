"""report.sections: rows of the tables of the report."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flight_delay.report import sections
from flight_delay.report.plots.labels import model_label

BETTER = {"difference": 0.1, "low": 0.05, "high": 0.15, "verdict": "better"}
UNDECIDED = {"difference": 0.1, "low": -0.05, "high": 0.15, "verdict": "not_significant"}
JUDGED = ("roc_auc", "average_precision", "log_loss")


def steps(*models: str) -> list[dict[str, Any]]:
    """Comparisons of each model with the one before."""
    compared = {
        model: {"compared_with": than, **dict.fromkeys(JUDGED, BETTER)} for than, model in itertools.pairwise(models)
    }
    comparison = {"step_comparisons": compared, "vs_logistic": dict.fromkeys(JUDGED, UNDECIDED)}
    return sections.step_comparisons({"baseline_comparison": comparison})


def test_comparisons_end_with_the_model_and_logistic_regression_once() -> None:
    short = steps("base_rate", "logistic", "model")
    assert [(row["name"], row["baseline"]) for row in short] == [
        ("logistic regression", "base rate"),
        ("model", "logistic regression"),
    ]
    long = steps("logistic", "xgboost_defaults", "model")
    assert [(row["name"], row["baseline"]) for row in long][1:] == [
        ("model", model_label("xgboost_defaults")),
        ("model", "logistic regression"),
    ]
    assert long[-1]["roc_auc"] == {**UNDECIDED, "verdict": "not significant"}
    assert long[0]["log_loss"]["verdict"] == "better"


def test_profits_begin_with_the_model_and_go_down() -> None:
    profit = {"base_rate": -50, "logistic": -10, "model": -20, "always_positive": -30, "perfect": 100}
    differences = {"base_rate": BETTER, "logistic": UNDECIDED, "always_positive": BETTER}
    rows = sections.profit_rows({"mean_profit": profit, "differences": differences})
    assert [(row["name"], row["profit"]) for row in rows] == [
        ("model", -20),
        ("logistic regression", -10),
        ("always late", -30),
        ("base rate", -50),
    ]
    assert rows[0]["more"] is None
    assert rows[1]["more"]["verdict"] == "not significant"


def test_slices_keep_their_order_within_a_division() -> None:
    rows = [
        {"by": by, "label": label} for by, label in (("day_of_week", "Tue"), ("hour", "17"), ("day_of_week", "Sun"))
    ]
    divisions = sections.slices_by_division(rows)
    assert {by: [row["label"] for row in division] for by, division in divisions.items()} == {
        "day of week": ["Tue", "Sun"],
        "hour": ["17"],
    }


def test_dropped_features_are_listed_by_rule_the_most_frequent_first() -> None:
    every = [("a", "excluded"), ("b", "noise"), ("c", "noise"), ("d", "constant"), ("e", "duplicated")]
    selection = {"dropped": [{"feature": name, "rule": rule, "reason": f"{name} is"} for name, rule in every]}
    first, *others = sections.dropped_features(selection).values()
    assert first == [("b", "b is"), ("c", "c is")]
    assert [len(features) for features in others] == [1, 1, 1]
    assert sections.dropped_features({"dropped": []}) == {}


GROUPS = ("schedule", "density", "history", "weather")


COLUMNS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["quantitative", "categorical", "indicator"]), "group": st.sampled_from(GROUPS)}
    ),
)


@given(columns=COLUMNS)
def test_every_column_of_the_model_is_counted_once(columns: list[dict[str, str]]) -> None:
    counts = sections.feature_counts({"features": columns})
    assert sum(counts.values()) == len(columns)
    *groups, last = counts
    assert last not in GROUPS
    assert counts[last] == len([column for column in columns if column["kind"] == "indicator"])
    assert groups == [group for group in GROUPS if group in groups]
    assert 0 not in [counts[group] for group in groups]
