"""evaluation.slices: every flight is in one part, and parts are measured as the whole is."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from flight_delay.core.errors import UserError
from flight_delay.evaluation.bootstrap import bootstrap_sum, day_weights, interval
from flight_delay.evaluation.slices import SliceRow, slice_metrics

ROWS = 900


def invented(rows: int = ROWS) -> dict[str, Any]:
    """Flights of carriers of very different sizes, the smallest with a flight or two."""
    random = np.random.default_rng(11)
    carrier = np.sqrt(random.integers(400, size=rows)).astype(int)
    labels = np.array([f"C{of:02}" for of in 20 - carrier], dtype=object)
    labels[random.random(rows) < 0.05] = None
    labels[:3] = ["one flight", "two flights", "two flights"]
    late = random.random(rows) < 0.3
    probability = np.round(1 / (1 + np.exp(1 - random.normal(1.5 * late, 1))), 2).astype(np.float32)
    called_late = probability >= 0.5
    worth = random.gamma(2, 10, size=rows)
    best = np.where(late, worth, 0.0)
    return {
        "labels": labels,
        "target": late,
        "probability": probability,
        "predicted_positive": called_late,
        "profit": np.where(called_late == late, best, -worth / 2),
        "best_profit": best,
        "date": np.datetime64("2013-12-01") + random.integers(31, size=rows),
    }


FLIGHTS = invented()


def sliced(flights: dict[str, Any], min_flights: int = 1, draws: int = 50, seed: int = 2) -> list[SliceRow]:
    return slice_metrics("carrier", **flights, min_flights=min_flights, draws=draws, seed=seed)


def chosen(flights: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
    return {name: values[rows] for name, values in flights.items()}


def test_a_slice_is_that_worked_out_by_hand() -> None:
    flights = {
        "labels": np.array(["A", "B", "A", "A", "A"], object),
        "target": np.array([True, False, False, True, False]),
        "probability": np.array([0.75, 0.5, 0.5, 0.5, 0.25], np.float32),
        "predicted_positive": np.array([True, True, True, False, False]),
        "profit": np.array([10.0, -3.0, -2.0, -1.0, 0.0]),
        "best_profit": np.array([10.0, 0.0, 0.0, 6.0, 0.0]),
        "date": np.array([1, 1, 2, 2, 2]),
    }
    a, b = sliced(flights, draws=200)
    # Of four pairs of a late and a punctual flight, three are in the right order and one is tied.
    assert a._replace(low=0, high=0) == SliceRow(
        by="carrier", label="A", flights=4, base_rate=0.5, mean_prediction=0.5, roc_auc=0.875, recall=0.5,
        false_alarm_rate=0.5, profit_per_flight=1.75, low=0, high=0, lost=9.0, lost_per_flight=2.25,
    )  # fmt: skip
    assert (a.low, a.high) == (-1.0, 10.0)  # day 2 twice, and day 1 twice
    assert b == SliceRow("carrier", "B", 1, 0.0, 0.5, None, None, 1.0, -3.0, None, None, 3.0, 3.0)


@pytest.mark.parametrize("min_flights", [1, 30])
def test_every_part_is_measured_like_its_flights_alone(min_flights: int) -> None:
    labels = np.array([label or "unknown" for label in FLIGHTS["labels"]])
    weights, day = day_weights(FLIGHTS["date"], 50, 2)
    rows = sliced(FLIGHTS, min_flights)
    own = {row.label for row in rows}
    for row in rows:
        inside = ~np.isin(labels, list(own)) if row.label.startswith("others") else labels == row.label
        part = chosen(FLIGHTS, inside)
        late, called, exact = part["target"], part["predicted_positive"], part["probability"].astype(np.float64)
        both = 0 < late.sum() < len(late)
        assert row.flights == inside.sum()
        assert row.base_rate == pytest.approx(late.mean(), abs=1e-6)
        assert row.mean_prediction == pytest.approx(exact.mean(), abs=1e-6)
        assert row.roc_auc == (pytest.approx(metrics.roc_auc_score(late, exact), abs=1e-6) if both else None)
        assert row.recall == (pytest.approx(called[late].mean(), abs=1e-6) if late.any() else None)
        assert row.false_alarm_rate == (pytest.approx(called[~late].mean(), abs=1e-6) if not late.all() else None)
        assert row.profit_per_flight == pytest.approx(part["profit"].mean(), abs=1e-6)
        assert row.lost == pytest.approx((part["best_profit"] - part["profit"]).sum(), abs=1e-6)
        assert row.lost_per_flight == pytest.approx(row.lost / row.flights, abs=1e-6)
        if len(np.unique(part["date"])) < 2:
            assert (row.low, row.high) == (None, None)
            continue
        drawn = [of[day][inside] for of in weights]
        means = [np.average(part["profit"], weights=of) for of in drawn if of.any()]
        assert (row.low, row.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=1e-6)
    assert {row.roc_auc is None for row in sliced(FLIGHTS)} == {True, False}  # or the case was not tried


@pytest.mark.parametrize("min_flights", [1, 30, ROWS + 1])
def test_parts_add_up_to_the_whole(min_flights: int) -> None:
    rows = sliced(FLIGHTS, min_flights)
    assert sum(row.flights for row in rows) == ROWS
    assert sum(row.lost for row in rows) == pytest.approx((FLIGHTS["best_profit"] - FLIGHTS["profit"]).sum(), abs=1e-4)
    for column, values in (
        ("base_rate", "target"),
        ("mean_prediction", "probability"),
        ("profit_per_flight", "profit"),
    ):
        total = sum(getattr(row, column) * row.flights for row in rows)
        assert total == pytest.approx(FLIGHTS[values].sum(), abs=0.01)


def test_labels_with_fewer_flights_than_asked_for_are_put_together_last() -> None:
    labels = np.repeat(np.array(["A", "B", "C", "D"], object), [50, 20, 19, 1])
    rows = sliced({**chosen(FLIGHTS, np.arange(90)), "labels": labels}, min_flights=20)
    assert {row.label: row.flights for row in rows} == {"A": 50, "B": 20, "others (2 labels)": 20}
    assert rows[-1].label == "others (2 labels)"
    costly = {**chosen(FLIGHTS, np.arange(90)), "labels": labels, "best_profit": np.where(labels > "B", 1e6, 0)}
    assert sliced(costly, min_flights=20)[-1].label == "others (2 labels)"
    assert sliced(costly, min_flights=2)[-1].label == "others (1 label)"
    assert not [row for row in sliced(costly, min_flights=1) if row.label.startswith("others")]
    assert [(row.label, row.flights) for row in sliced(costly, min_flights=51)] == [("others (4 labels)", 90)]


def test_the_part_that_lost_most_is_first_and_labels_decide_between_equals() -> None:
    lost = [row.lost for row in sliced(FLIGHTS)]
    assert lost == sorted(lost, reverse=True)
    labels = np.tile(np.array(["B", "C", "A"], object), ROWS // 3)
    equal = {**FLIGHTS, "labels": labels, "profit": np.ones(ROWS), "best_profit": np.where(labels == "C", 2.0, 1.5)}
    assert [row.label for row in sliced(equal)] == ["C", "A", "B"]


def test_flights_without_a_label_are_unknown() -> None:
    rows = {row.label: row.flights for row in sliced(FLIGHTS)}
    assert rows["unknown"] == sum(label is None for label in FLIGHTS["labels"])
    assert [row.label for row in sliced({**FLIGHTS, "labels": np.full(ROWS, None)})] == ["unknown"]


def test_a_slice_of_everything_is_measured_as_the_whole_is() -> None:
    (row,) = sliced({**FLIGHTS, "labels": np.full(ROWS, "all", object)})
    whole = bootstrap_sum({"profit": FLIGHTS["profit"]}, FLIGHTS["date"], draws=50, seed=2)["profit"]
    assert (row.low, row.high) == pytest.approx(interval(whole), abs=1e-6)
    assert row.low is not None
    assert row.low < row.profit_per_flight == pytest.approx(FLIGHTS["profit"].mean(), abs=1e-6)
    exact = FLIGHTS["probability"].astype(np.float64)
    assert row.roc_auc == pytest.approx(metrics.roc_auc_score(FLIGHTS["target"], exact), abs=1e-6)
    assert row.recall == pytest.approx(metrics.recall_score(FLIGHTS["target"], FLIGHTS["predicted_positive"]), abs=1e-6)


@pytest.mark.parametrize("late", [True, False])
def test_a_slice_of_one_class_has_no_area_under_a_curve(late: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (row,) = sliced({**FLIGHTS, "labels": np.full(ROWS, "all", object), "target": np.full(ROWS, late)})
    called = pytest.approx(FLIGHTS["predicted_positive"].mean(), abs=1e-6)
    assert row.roc_auc is None
    assert (row.recall, row.false_alarm_rate) == ((called, None) if late else (None, called))
    assert row.base_rate == late


def test_the_same_probability_for_every_flight_ranks_like_chance_in_every_part() -> None:
    rows = sliced({**FLIGHTS, "probability": np.full(ROWS, 0.3)}, min_flights=30)
    assert len(rows) > 5
    assert {row.roc_auc for row in rows} == {0.5}


@given(st.permutations(range(80)), st.sampled_from([1, 5]))
def test_the_order_of_flights_does_not_matter(order: list[int], min_flights: int) -> None:
    flights = chosen(FLIGHTS, np.arange(80))
    for row, shuffled in zip(
        sliced(flights, min_flights), sliced(chosen(flights, np.array(order)), min_flights), strict=True
    ):
        assert shuffled[:3] == row[:3]
        assert shuffled[3:] == pytest.approx(row[3:], abs=1.1e-6)


def test_rows_are_written_as_json_with_six_digits_and_no_negative_zero() -> None:
    rows = sliced({**FLIGHTS, "profit": FLIGHTS["best_profit"] + 1e-12})
    for row in rows:
        numbers = [value for value in row if isinstance(value, float)]
        assert [str(value) for value in numbers] == [str(round(value, 6) + 0.0) for value in numbers]
        assert json.loads(json.dumps(row._asdict(), allow_nan=False)) == row._asdict()


def test_flights_of_a_single_day_are_refused() -> None:
    with pytest.raises(UserError, match=" 1 day"):
        sliced({**FLIGHTS, "date": np.full(ROWS, np.datetime64("2013-12-24"))})


def test_of_thousands_of_labels_none_is_lost() -> None:
    rows = 20_000
    labels = np.array([f"route {of}" for of in np.arange(rows) % 4_000], object)
    parts = sliced({**invented(rows), "labels": labels}, draws=100)
    assert len(parts) == 4_000
    assert {part.flights for part in parts} == {5}
