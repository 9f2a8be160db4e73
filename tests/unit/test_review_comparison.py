"""review.comparison.comparison: what differs between two sides, and one verdict of two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.comparison import Change, changes, compared, overall
from flight_delay.review.comparison.snapshot import RawFile, Side

PAYOFFS = Payoffs(late_called_late=100, late_called_on_time=-500, on_time_called_late=-100, on_time_called_on_time=100)
IDS = [f"2013-11-0{day}-UA-{number}-EWR-0515" for day in (1, 2) for number in (7, 8)]
LATE = [True, False, True, False]


def predictions(probability: list[float], ids: list[str] = IDS, late: list[bool] = LATE) -> Predictions:
    dates = np.array([of[:10] for of in ids], "datetime64[D]")
    return Predictions(np.array(ids, object), dates, np.array(late), np.array(probability, np.float32))


POOR, GOOD = predictions([0.6, 0.4, 0.3, 0.7]), predictions([0.8, 0.2, 0.9, 0.1])
ELSEWHERE = predictions([0.5], ["2014-01-01-UA-7-EWR-0515"], [True])
SIDE = Side(
    label="mine",
    commit="c" * 40,
    parameters={"train_model.max_depth": "4"},
    stale=(),
    outputs={
        "models/bundle/model.ubj": "m",
        "data/raw/flights": "f",
        "data/raw/tables": "t",
        "data/processed": "p",
        "reports/evaluate": "e",
    },
    inputs={"src": "s"},
    origin={"source": "bts"},
    raw_files={"flights/2013-10.parquet": RawFile(1000, "x"), "flights/2013-11.parquet": RawFile(234, "y")},
    features=("carrier", "origin"),
    threshold=0.5,
    payoffs=PAYOFFS,
    backtest=POOR,
    test=POOR,
    destination=np.array(["IAH", "MIA", None, "BOS"], object),
)


@pytest.mark.parametrize(
    ("backtest", "test", "verdict"),
    [
        ("better", "better", "better"),
        ("better", "undecided", "better"),
        ("better", "none", "better"),
        ("better", "worse", "mixed"),
        ("better", "mixed", "mixed"),
        ("worse", "better", "worse"),
        ("worse", "mixed", "worse"),
        ("mixed", "better", "mixed"),
        ("undecided", "better", "undecided"),
        ("undecided", "worse", "undecided"),
        ("same", "same", "same"),
        ("same", "none", "same"),
        ("none", "same", "same"),
        ("same", "better", "undecided"),
        ("none", "better", "none"),
        ("none", "none", "none"),
        ("better", "outcomes_differ", "outcomes_differ"),
        ("outcomes_differ", "none", "outcomes_differ"),
    ],
)
def test_the_backtest_judges_and_the_test_may_only_take_a_better_back(backtest, test, verdict) -> None:
    assert overall(backtest, test) == verdict


def test_both_periods_are_compared_each_by_its_own_predictions() -> None:
    found = compared(replace(SIDE, test=GOOD), replace(SIDE, backtest=GOOD))
    assert (found.backtest.verdict, found.test.verdict, found.verdict) == ("better", "worse", "mixed")
    assert (found.disagreement.most[0].a, found.disagreement.most[0].b) == pytest.approx((0.1, 0.7))
    turned = compared(replace(SIDE, backtest=GOOD), replace(SIDE, test=GOOD))
    assert (turned.backtest.verdict, turned.test.verdict, turned.verdict) == ("worse", "better", "worse")


def test_money_is_counted_by_thresholds_of_each_and_payoffs_of_b() -> None:
    kind = Payoffs(late_called_late=0, late_called_on_time=-1, on_time_called_late=-1, on_time_called_on_time=0)
    # A calls only flights late that have 0.65 or more, B's are called by 0.5.
    profit = compared(replace(SIDE, threshold=0.65), replace(SIDE, payoffs=kind)).test.measures[-1]
    assert (profit.a, profit.b) == (-0.75, -0.5)
    back = compared(replace(SIDE, payoffs=kind), replace(SIDE, threshold=0.65)).test.measures[-1]
    assert (back.a, back.b) == (-100, -250)


def test_destinations_are_those_of_the_flight_whatever_else_each_side_has() -> None:
    order = [3, 0]
    a = replace(SIDE, test=predictions([0.4, 0.2], [IDS[of] for of in order], [LATE[of] for of in order]))
    found = compared(a, SIDE).disagreement
    assert [(of.flight_date[-1], of.flight_number, of.destination) for of in found.most] == [
        ("1", "7", "IAH"),
        ("2", "8", "BOS"),
    ]


def test_the_same_model_has_the_same_file_and_says_the_same_of_all_flights() -> None:
    other_file = replace(SIDE, outputs={**SIDE.outputs, "models/bundle/model.ubj": "other"})
    assert compared(SIDE, replace(SIDE, threshold=0.3)).same_model
    assert not compared(SIDE, other_file).same_model
    assert compared(SIDE, other_file).verdict == "same"
    assert not compared(SIDE, replace(SIDE, test=GOOD)).same_model
    assert not compared(SIDE, replace(SIDE, backtest=GOOD)).same_model


def test_other_outcomes_are_other_questions() -> None:
    other = predictions([0.6, 0.4, 0.3, 0.7], late=[True, True, True, False])
    found = compared(SIDE, replace(SIDE, test=other))
    assert (found.verdict, found.test.measures, found.disagreement) == ("outcomes_differ", (), None)
    found = compared(SIDE, replace(SIDE, backtest=other))
    assert (found.verdict, found.backtest.measures) == ("outcomes_differ", ())
    assert found.test.verdict == "same"
    assert found.disagreement is not None


def test_without_common_flights_there_is_no_verdict() -> None:
    nowhere = replace(SIDE, backtest=ELSEWHERE, test=ELSEWHERE, destination=np.array(["IAH"], object))
    found = compared(SIDE, nowhere)
    assert (found.verdict, found.disagreement) == ("none", None)
    assert (found.test.only_a, found.test.only_b) == (4, 1)


def test_changes_are_named_in_the_order_of_b_and_what_only_a_has_comes_last() -> None:
    a, b = {"gone": "1", "kept": "2", "moved": "3"}, {"moved": "4", "new": "5", "kept": "2"}
    assert changes(a, b) == (Change("moved", "3", "4"), Change("new", None, "5"), Change("gone", "1", None))


def test_inputs_and_parameters_that_differ_are_named() -> None:
    found = compared(SIDE, replace(SIDE, parameters={"train_model.max_depth": "6"}, inputs={"src": "t", "more": "u"}))
    assert found.parameters == (Change("train_model.max_depth", "4", "6"),)
    assert found.inputs == ("src", "more")
    assert compared(SIDE, SIDE).inputs == compared(SIDE, SIDE).parameters == ()


def test_data_that_differ_are_counted_and_named() -> None:
    same = compared(SIDE, SIDE).data
    assert same == type(same)(raw_same=True, processed_same=True, origin=(), other_content=(), only_a=(), only_b=())
    found = compared(
        SIDE,
        replace(
            SIDE,
            outputs={**SIDE.outputs, "data/raw/tables": "other", "data/processed": "other"},
            origin={"source": "bts", "version": "2"},
            raw_files={
                "flights/2013-11.parquet": RawFile(235, "z"),
                "flights/2013-12.parquet": RawFile(1000, "x"),
                "flights/2013-10.parquet": RawFile(1000, "x"),
                "tables/airports.parquet": RawFile(7, "a"),
            },
            features=("weather", "origin", "density"),
        ),
    ).data
    assert (found.raw_same, found.processed_same) == (False, False)
    assert found.origin == (
        Change("version", None, "2"),
        Change("months", "2, 2013-10 … 2013-11", "3, 2013-10 … 2013-12"),
        Change("rows", "1,234", "2,235"),
    )
    assert found.other_content == ("flights/2013-11.parquet",)
    assert (found.only_a, found.only_b) == (("carrier",), ("weather", "density"))
    flights = {**SIDE.outputs, "data/raw/flights": "other"}
    assert not compared(SIDE, replace(SIDE, outputs=flights)).data.raw_same
    assert compared(SIDE, replace(SIDE, raw_files={})).data.origin[0] == Change("months", "2, 2013-10 … 2013-11", "0")
