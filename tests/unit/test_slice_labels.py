"""evaluation.slices: what divides flights is read off them, and every division is measured on the same calls and profits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.evaluation.bootstrap import DRAWS, SEED
from flight_delay.evaluation.costs import Payoffs
from flight_delay.evaluation.slices import SLICED_BY, labels_of, slice_all, slice_metrics
from flight_delay.evaluation.threshold import profit_per_flight
from flight_delay.model.examples import Examples
from flight_delay.model.predictions import Predictions

ROWS = 300
PAYOFFS = Payoffs(late_called_late=100, late_called_on_time=-500, on_time_called_late=-100, on_time_called_on_time=100)


def examples(**features: list[Any]) -> Examples:
    given_features = {
        "carrier": ["UA"], "origin": ["EWR"], "destination": ["LAX"], "day_of_week": ["Sat"], "departure_minutes": [600.0],
    } | features  # fmt: skip
    rows = max(map(len, given_features.values()))
    columns = {
        of.name: np.array((given_features[of.name] * rows)[:rows], np.float32 if of.kind == "quantitative" else object)
        for of in SLICED_BY
    }
    dates = np.array(["2013-11-30", "2013-12-01"], "datetime64[D]")[np.arange(rows) % 2]
    return Examples(np.arange(rows).astype(str).astype(object), dates, columns, np.arange(rows) % 2 == 0)


def predictions(rows: int = ROWS) -> Predictions:
    random = np.random.default_rng(4)
    probability = (random.integers(0, 20, rows) / 20).astype(np.float32)
    dates = np.datetime64("2013-12-01") + random.integers(31, size=rows)
    return Predictions(
        np.arange(rows).astype(str).astype(object), dates, random.random(rows) < probability, probability
    )


LABELS = {
    "origin": np.array(["EWR", "JFK", "LGA"], object)[np.arange(ROWS) % 3],
    "carrier": np.array(["AA", "UA", None, "WN"], object)[np.arange(ROWS) ** 2 % 4],
    "all": np.full(ROWS, "all", object),
}


def test_flights_are_divided_by_what_they_are() -> None:
    labels = labels_of(
        examples(
            carrier=["UA", "AA"], origin=["EWR", "JFK"], destination=["LAX", "SFO"], day_of_week=["Sat", "Sun"],
            departure_minutes=[59.0, 1439.0],
        )
    )  # fmt: skip
    assert {name: column.tolist() for name, column in labels.items()} == {
        "carrier": ["UA", "AA"],
        "origin": ["EWR", "JFK"],
        "hour": ["00:00", "23:00"],
        "route": ["EWR–LAX", "JFK–SFO"],
        "day_of_week": ["Sat", "Sun"],
        "month": ["2013-11", "2013-12"],
    }


@given(st.lists(st.integers(0, 1440), min_size=1))
def test_hours_are_those_of_the_clock_and_sort_as_texts(minutes: list[int]) -> None:
    hours = labels_of(examples(departure_minutes=[float(of) for of in minutes]))["hour"].tolist()
    assert hours == [f"{of // 60:02d}:00" for of in minutes]
    assert sorted(hours) == [f"{of // 60:02d}:00" for of in sorted(minutes)]


def test_every_label_is_a_text_of_its_flight() -> None:
    of = examples(carrier=[f"C{row}" for row in range(50)])
    for name, column in labels_of(of).items():
        assert column.shape == (50,), name
        assert {type(label) for label in column} == {str}, name


def test_no_flights_have_no_labels() -> None:
    whole = examples()
    none = {name: column[:0] for name, column in whole.features.items()}
    labels = labels_of(Examples(whole.row_id[:0], whole.date[:0], none, whole.target[:0]))
    assert {len(column) for column in labels.values()} == {0}


def test_labels_need_what_slices_are_made_from_and_nothing_else() -> None:
    whole = examples()
    for of in SLICED_BY:
        rest = {name: column for name, column in whole.features.items() if name != of.name}
        with pytest.raises(KeyError, match=of.name):
            labels_of(Examples(whole.row_id, whole.date, rest, whole.target))
    assert set(whole.features) == {of.name for of in SLICED_BY}


@pytest.mark.parametrize("min_flights", [1, 80])
@pytest.mark.parametrize("threshold", [0.25, 0.5])
def test_every_division_is_measured_as_it_is_alone(threshold: float, min_flights: int) -> None:
    of = predictions()
    called = of.probability >= threshold
    assert (of.probability == threshold).any()  # from the threshold on, itself included
    profit, best = (profit_per_flight(of.target, calls, PAYOFFS) for calls in (called, of.target))
    expected = []
    for name, labels in LABELS.items():
        expected += slice_metrics(
            name, labels, of.target, of.probability, called, profit, best, of.date,
            min_flights=min_flights, draws=DRAWS, seed=SEED,
        )  # fmt: skip
    assert slice_all(LABELS, of, threshold, PAYOFFS, min_flights=min_flights) == expected


def test_every_flight_is_in_one_part_of_every_division_and_all_lose_the_same_altogether() -> None:
    of = predictions()
    rows = slice_all(LABELS, of, 0.3, PAYOFFS, min_flights=30)
    assert list(dict.fromkeys(row.by for row in rows)) == list(LABELS)
    called = of.probability >= 0.3
    misses, false_alarms = int((of.target & ~called).sum()), int((~of.target & called).sum())
    assert min(misses, false_alarms) > 0
    for name in LABELS:
        parts = [row for row in rows if row.by == name]
        assert sum(row.flights for row in parts) == ROWS
        assert sum(row.lost for row in parts) == pytest.approx(600 * misses + 200 * false_alarms)


def test_calls_that_are_always_right_lose_nothing() -> None:
    of = predictions()
    sure = Predictions(of.row_id, of.date, of.target, of.target.astype(np.float32))
    for row in slice_all(LABELS, sure, 0.5, PAYOFFS, min_flights=1):
        assert (row.lost, row.profit_per_flight, row.recall, row.false_alarm_rate) == (0, 100, 1, 0)


def test_without_a_division_there_is_nothing_to_measure() -> None:
    assert slice_all({}, predictions(), 0.3, PAYOFFS, min_flights=1) == []
