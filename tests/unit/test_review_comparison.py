"""review.comparison.comparison: changes between two snapshots, and the verdict on both periods."""

from __future__ import annotations

from dataclasses import replace

import pytest
from snapshots import IDS, SNAPSHOT, TARGET, A, B, predictions

from flight_delay.evaluation.costs import Payoffs
from flight_delay.review.comparison.comparison import ValueChange, combine_periods, compare_pipelines, diff_values
from flight_delay.review.comparison.snapshot import RawFile

GOOD = predictions(B)


@pytest.mark.parametrize(
    ("backtest", "test", "verdict"),
    [
        ("better", "better", "better"),
        ("better", "not_significant", "better"),
        ("better", "none", "better"),
        ("better", "worse", "mixed"),
        ("better", "mixed", "mixed"),
        ("worse", "better", "worse"),
        ("mixed", "better", "mixed"),
        ("not_significant", "better", "not_significant"),
        ("not_significant", "worse", "not_significant"),
        ("same", "same", "same"),
        ("same", "none", "same"),
        ("none", "same", "same"),
        ("same", "better", "not_significant"),
        ("none", "better", "none"),
        ("better", "outcomes_differ", "outcomes_differ"),
        ("outcomes_differ", "none", "outcomes_differ"),
    ],
)
def test_the_backtest_decides_and_the_test_can_only_veto_better(backtest, test, verdict) -> None:
    assert combine_periods(backtest, test) == verdict


def test_both_periods_are_compared_each_by_its_own_predictions() -> None:
    one = compare_pipelines(replace(SNAPSHOT, test=GOOD), replace(SNAPSHOT, backtest=GOOD))
    assert (one.backtest.verdict, one.test.verdict, one.verdict) == ("better", "worse", "mixed")
    assert (one.disagreement.largest[0].a, one.disagreement.largest[0].b) == pytest.approx((0.1, 0.7))
    other = compare_pipelines(replace(SNAPSHOT, backtest=GOOD), replace(SNAPSHOT, test=GOOD))
    assert (other.backtest.verdict, other.test.verdict, other.verdict) == ("worse", "better", "worse")


def test_profit_uses_the_thresholds_of_each_and_the_payoffs_of_b() -> None:
    low = Payoffs(true_positive=0, false_negative=-1, false_positive=-1, true_negative=0)
    strict, cheap = replace(SNAPSHOT, threshold=0.65), replace(SNAPSHOT, payoffs=low)
    profits = [compare_pipelines(*pair).test.measures[-1] for pair in ((strict, cheap), (cheap, strict))]
    assert [(profit.a, profit.b) for profit in profits] == [(-0.75, -0.5), (-100, -250)]


def test_the_same_model_has_the_same_file_and_the_same_probabilities() -> None:
    other_file = replace(SNAPSHOT, outputs={**SNAPSHOT.outputs, "models/bundle/model.ubj": "other"})
    assert compare_pipelines(SNAPSHOT, replace(SNAPSHOT, threshold=0.3)).is_same_model
    assert compare_pipelines(SNAPSHOT, other_file).verdict == "same"
    for other in (other_file, replace(SNAPSHOT, test=GOOD), replace(SNAPSHOT, backtest=GOOD)):
        assert not compare_pipelines(SNAPSHOT, other).is_same_model


@pytest.mark.parametrize("name", ["test", "backtest"])
def test_different_targets_are_not_compared(name: str) -> None:
    other = predictions(A, [True, *TARGET[1:3], True])
    comparison = compare_pipelines(SNAPSHOT, replace(SNAPSHOT, **{name: other}))
    assert (comparison.verdict, getattr(comparison, name).measures) == ("outcomes_differ", ())
    assert (comparison.disagreement is None) == (name == "test")


def test_without_common_rows_there_is_no_verdict() -> None:
    other = predictions([0.5], [True], ["2014-01-01-7"])
    comparison = compare_pipelines(SNAPSHOT, replace(SNAPSHOT, backtest=other, test=other))
    assert (comparison.verdict, comparison.disagreement) == ("none", None)
    assert (comparison.test.only_a, comparison.test.only_b) == (len(IDS), 1)


def test_changes_are_in_the_order_of_b_and_those_of_a_come_last() -> None:
    a, b = {"gone": "1", "kept": "2", "moved": "3"}, {"moved": "4", "new": "5", "kept": "2"}
    assert diff_values(a, b) == (
        ValueChange("moved", "3", "4"), ValueChange("new", None, "5"), ValueChange("gone", "1", None),
    )  # fmt: skip


def test_inputs_parameters_and_data_that_differ_are_listed() -> None:
    same = compare_pipelines(SNAPSHOT, SNAPSHOT)
    assert same.inputs == same.parameters == ()
    assert same.data == type(same.data)(True, True, (), (), (), ())
    changed = replace(
        SNAPSHOT,
        parameters={"train_model.max_depth": "6"},
        inputs={"src": "t", "more": "u"},
        outputs={**SNAPSHOT.outputs, "data/raw/tables": "other", "data/processed": "other"},
        origin={"source": "bts", "version": "2"},
        raw_files={
            "rows/2013-11.parquet": RawFile(235, "z"), "rows/2013-12.parquet": RawFile(1000, "x"),
            "rows/2013-10.parquet": RawFile(1000, "x"), "tables/airports.parquet": RawFile(7, "a"),
        },
        features=("weather", "origin", "density"),
    )  # fmt: skip
    comparison = compare_pipelines(SNAPSHOT, changed)
    assert comparison.parameters == (ValueChange("train_model.max_depth", "4", "6"),)
    assert comparison.inputs == ("src", "more")
    data = comparison.data
    assert (data.has_same_raw_data, data.has_same_processed_data) == (False, False)
    assert data.other_content == ("rows/2013-11.parquet",)
    assert data.origin == (
        ValueChange("version", None, "2"),
        ValueChange("months", "2, 2013-10 … 2013-11", "3, 2013-10 … 2013-12"),
        ValueChange("rows", "1,234", "2,235"),
    )
    assert (data.only_a, data.only_b) == (("carrier",), ("weather", "density"))
    no_files = compare_pipelines(SNAPSHOT, replace(SNAPSHOT, raw_files={})).data
    assert no_files.has_same_raw_data
    assert no_files.origin[0] == ValueChange("months", "2, 2013-10 … 2013-11", "0")
