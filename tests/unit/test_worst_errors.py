"""explain.global_.errors: the worst of single flights, month by month as at once, and the cost of slices in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from explanations import explanation_of
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.explain.explanation import Explanation
from flight_delay.explain.global_.errors import concat_errors, costliest_slices, worst_errors


def explanation(flights: list[tuple[str, bool, float]]) -> Explanation:
    ids, late, probability = (
        (np.array(column) for column in zip(*flights, strict=True)) if flights else (np.empty(0),) * 3
    )
    minutes = np.arange(len(flights), dtype=np.float32)
    columns = {
        "flight_id": ids.astype(object),
        "late": late.astype(bool),
        "probability": probability.astype(np.float32),
    }
    return explanation_of({"minutes": minutes / 10}, {"minutes": minutes}, **columns)


FLIGHTS = [
    ("a", True, 0.2),
    ("b", True, 0.1),
    ("c", False, 0.6),
    ("d", False, 0.7),
    ("e", True, 0.9),
    ("f", False, 0.1),
]


def test_misses_are_late_flights_with_low_probabilities_and_false_alarms_the_others_with_high_ones() -> None:
    errors = worst_errors(explanation(FLIGHTS), 2)
    assert errors.misses.flight_id.tolist() == ["b", "a"]
    assert errors.false_alarms.flight_id.tolist() == ["d", "c"]
    assert errors.misses.features["minutes"].tolist() == [1, 0]
    assert errors.misses.shap["minutes"].tolist() == pytest.approx([0.1, 0.0])


def test_ties_are_broken_by_flight_id_and_errors_may_be_fewer() -> None:
    equal = [(name, late, 0.5) for late in (True, False) for name in ("b", "c", "a")]
    errors = worst_errors(explanation(equal), 2)
    assert errors.misses.flight_id.tolist() == errors.false_alarms.flight_id.tolist() == ["a", "b"]
    assert worst_errors(explanation(FLIGHTS[:2]), 10).false_alarms.flight_id.tolist() == []


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.9])), min_size=1, max_size=30),
    st.integers(1, 5),
    st.integers(0, 30),
)
def test_errors_of_parts_contain_the_errors_of_the_whole(
    outcomes: list[tuple[bool, float]], count: int, cut: int
) -> None:
    flights = [(f"{place:02d}", *outcome) for place, outcome in enumerate(outcomes)]
    parts = [worst_errors(explanation(part), count) for part in (flights[:cut], flights[cut:])]
    for merged, whole in zip(
        worst_errors(concat_errors(parts), count), worst_errors(explanation(flights), count), strict=True
    ):
        assert merged.flight_id.tolist() == whole.flight_id.tolist()
        assert merged.probability.tolist() == whole.probability.tolist()


def part(by: str, label: str, flights: int, lost: float, **other: Any) -> dict[str, Any]:
    usual = {
        "base_rate": 0.3,
        "mean_prediction": 0.3,
        "roc_auc": 0.65,
        "high": -1000.0,
        "mean_profit": 100 - lost,
    }
    return {"by": by, "label": label, "rows": float(flights), "mean_avoidable_loss": lost, **usual, **other}


SLICES = [
    part("carrier", "AA", 100, 50.0),
    part("carrier", "UA", 300, 110.0, base_rate=0.4),
    part("carrier", "others (9 labels)", 100, 900.0),
    part("hour", "17:00", 200, 300.0, roc_auc=0.55),
    part("hour", "08:00", 300, 300.0 / 3),
    part("month", "2013-11", 500, 246.0),
]


def test_the_costliest_slice_of_a_division_has_its_cost_above_the_average() -> None:
    costliest = costliest_slices(SLICES, 0.65)
    # On average an hour's flights lose (200 * 300 + 300 * 100) / 500 = 180;
    # a carrier's (5 000 + 33 000 + 90 000) / 500 = 256.
    assert [(row.by, row.label, row.flights, row.excess_cost) for row in costliest] == [("hour", "17:00", 200, 24_000)]


def test_slices_are_ordered_by_cost_and_limited() -> None:
    slices = [
        part(by, label, 10, lost)
        for by, lost in (("a", 3.0), ("b", 9.0), ("c", 6.0))
        for label, lost in (("x", lost), ("y", 0.0))
    ]
    assert [row.by for row in costliest_slices(slices, 0.65, 2)] == ["b", "c"]
    assert [row.excess_cost for row in costliest_slices(slices, 0.65, 9)] == [45, 30, 15]


@pytest.mark.parametrize(("high", "chance"), [(None, True), (21.0, True), (20.0, True), (19.0, False)])
def test_a_difference_within_the_interval_is_not_significant(high: float | None, chance: bool) -> None:
    # Of both together a flight earns 20 on average.
    slices = [part("carrier", "UA", 100, 130.0, high=high), part("carrier", "AA", 100, 30.0)]
    (costliest,) = costliest_slices(slices, 0.65)
    assert costliest.sentence.endswith(").") == chance  # a doubt in brackets
