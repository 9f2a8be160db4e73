"""evaluation.backtest: no model sees the month that it is judged on, or a later one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.months import months_between
from flight_delay.evaluation.backtest import rolling_origin_folds

MONTHS = months_between("2013-01", "2013-10")


def test_the_origin_moves_on_by_a_month_training_grows_and_the_first_model_predicts_all() -> None:
    assert rolling_origin_folds(MONTHS, "2013-07", 2, max_folds=12) == [
        (MONTHS[:5], "2013-06", ["2013-07", "2013-08", "2013-09", "2013-10"]),
        (MONTHS[:6], "2013-07", ["2013-08", "2013-09"]),
        (MONTHS[:7], "2013-08", ["2013-09", "2013-10"]),
        (MONTHS[:8], "2013-09", ["2013-10"]),
    ]


@pytest.mark.parametrize(("max_folds", "first"), [(3, "2013-08"), (4, "2013-07"), (5, "2013-07")])
def test_of_more_folds_the_latest_stay_and_the_first_of_them_predicts_all(max_folds: int, first: str) -> None:
    assert rolling_origin_folds(MONTHS, "2013-07", 2, max_folds) == rolling_origin_folds(MONTHS, first, 2, 12)


@given(st.sets(st.sampled_from(months_between("2011-11", "2014-10")), min_size=3), st.integers(1, 40), st.data())
def test_no_origin_sees_its_months_or_later_ones_whatever_months_there_are(
    chosen: set[str], test_months: int, data: st.DataObject
) -> None:
    months = sorted(chosen)
    first = data.draw(st.sampled_from(months[2:]))
    steps = rolling_origin_folds(months, first, test_months, max_folds=len(months))
    predicted = [month for month in months if month >= first]
    assert [step.test_months[0] for step in steps] == predicted
    assert steps[0].test_months == predicted
    for step in steps:
        assert step.train_months
        assert [*step.train_months, step.validation_month] == [month for month in months if month < step.test_months[0]]
    for step in steps[1:]:
        assert step.test_months == [month for month in months if month >= step.test_months[0]][:test_months]
