"""drift: weeks are whole and consecutive; thresholds say from how many weeks they come."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.drift.psi import MODERATE, Bins, count_bins, fit_bins
from flight_delay.drift.thresholds import (
    DriftThresholds,
    compute_thresholds,
    false_alarm_bound,
    load_thresholds,
    save_thresholds,
)
from flight_delay.drift.weeks import Scores, count_days, days_of_month, days_until, list_weeks, sum_days, sum_scores

LAST = datetime.date(2013, 10, 31)
LABELS = Bins(kind="categorical", frequent=("a", "b"))
SCORES = Bins(kind="quantitative", edges=(0.2, 0.4))
ROWS = 200  # of a day


def scores_of(*values: float, day: datetime.date = LAST) -> Scores:
    return sum_scores(np.array(values, np.float32), np.full(len(values), day, "datetime64[D]"), SCORES, 0.3, [day])[day]


def thresholds_of(weeks: int, later: str = "b", **changes: object) -> DriftThresholds:
    """Thresholds of a steady column, and of one whose values change with the months."""
    days = days_until(LAST, 7 * weeks)
    steady = np.array(["a", "b"] * (ROWS // 2), object)
    inputs = {
        day: {"steady": LABELS.count(steady), "jumps": LABELS.count(np.full(ROWS, later if day.month % 2 else "a"))}
        for day in days
    }
    inputs |= changes.get("inputs", {})
    scores = {day: scores_of(*[0.3] * ROWS) for day in days}
    scores |= changes.get("scores", {})
    return compute_thresholds({"steady": LABELS, "jumps": LABELS}, inputs, SCORES, scores)


def test_weeks_end_with_the_last_day_and_are_compared_to_eight_weeks() -> None:
    weeks = list_weeks(days_until(LAST, 7 * 10 + 3))
    assert [week.days[0] for week in weeks] == list(days_until(LAST, 70)[::7])
    assert [len(week.days) for week in weeks] == [7] * 10
    assert [len(week.reference) for week in weeks] == [0] * 8 + [56] * 2
    assert weeks[-1].days[-1] == LAST
    assert weeks[-1].reference == days_until(weeks[-2].days[-1], 56)


def test_weeks_with_a_missing_day_are_left_out_here_and_in_references() -> None:
    gap = LAST - datetime.timedelta(7 * 10)  # the last day of a week
    weeks = list_weeks(set(days_until(LAST, 7 * 30)) - {gap})
    assert all(gap not in week.days + week.reference for week in weeks)
    assert len(weeks) == 29
    assert [bool(week.reference) for week in weeks] == [False] * 8 + [True] * 11 + [False] * 8 + [True] * 2


@pytest.mark.parametrize("days", [(), days_until(LAST, 6)])
def test_too_few_days_have_no_week(days: tuple[datetime.date, ...]) -> None:
    assert list_weeks(days) == []


def test_days_of_a_month() -> None:
    assert days_of_month("2012-02") == days_until(datetime.date(2012, 2, 29), 29)


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["a", "b", "c", None]))), st.randoms())
def test_counts_of_days_add_up_to_those_of_the_week_in_any_order(rows: list[tuple[int, str]], random: object) -> None:
    week = days_until(LAST, 7)
    columns = {"x": np.array([value for _, value in rows], object)}
    shuffled = list(rows)
    random.shuffle(shuffled)

    def by_day(some: list[tuple[int, str]]) -> dict[datetime.date, dict[str, np.ndarray]]:
        date = np.array([week[day] for day, _ in some], "datetime64[D]")
        return count_days({"x": np.array([value for _, value in some], object)}, {"x": LABELS}, date, week)

    counted = by_day(rows)
    total = sum_days({day: counts["x"] for day, counts in counted.items()}, week)
    assert total.tolist() == count_bins(columns, {"x": LABELS})["x"].tolist()
    assert all(counted[day]["x"].tolist() == counts["x"].tolist() for day, counts in by_day(shuffled).items())


@given(st.lists(st.floats(0, 1, width=32)), st.randoms())
def test_sums_of_scores_do_not_depend_on_the_order(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    one, other = (scores_of(*some) for some in (values, shuffled))
    assert (one.counts.tolist(), *one[1:]) == (other.counts.tolist(), *other[1:])


def test_scores_are_summed_by_day() -> None:
    before = LAST - datetime.timedelta(1)
    date = np.array([before, LAST, before], "datetime64[D]")
    sums = sum_scores(np.array([0.25, 0.5, 0.75], np.float32), date, SCORES, 0.5, days_until(LAST, 3))
    assert [(some.counts.tolist(), *some[1:]) for some in sums.values()] == [
        ([0, 0, 0, 0, 0], 0, 0),
        ([0, 1, 1, 0, 0], 1, 1),
        ([0, 0, 1, 0, 0], 0.5, 1),
    ]


@pytest.mark.parametrize(("weeks", "bound"), [(1, 0.95), (9, 0.283129), (18, 0.153318), (1000, 0.002991)])
def test_the_bound_is_that_of_the_rule_of_three(weeks: int, bound: float) -> None:
    assert false_alarm_bound(weeks) == bound


def test_a_column_with_noisy_weeks_is_not_monitored() -> None:
    columns = thresholds_of(26).columns
    assert columns["steady"].is_monitored
    assert not columns["jumps"].is_monitored
    assert columns["steady"].weeks_with_false_alarm == 0 < columns["jumps"].weeks_with_false_alarm
    assert columns["steady"].psi.largest < MODERATE < columns["jumps"].psi.largest


def test_every_threshold_says_from_how_many_weeks_it_comes() -> None:
    thresholds = thresholds_of(26)
    steady, scores = thresholds.columns["steady"], thresholds.scores
    compared = [steady.psi, thresholds.columns["jumps"].psi, scores.psi]
    counted = [steady.missing_share, steady.unknown_share, scores.mean_probability, scores.positive_share]
    assert {(some.weeks, some.false_alarm_rate_bound) for some in compared} == {(18, false_alarm_bound(18))}
    assert {(some.weeks, some.false_alarm_rate_bound) for some in counted} == {(26, false_alarm_bound(26))}


def test_shares_and_means_are_those_of_whole_weeks() -> None:
    unusual = LABELS.count(np.array(["x"] * 14 + [None] * 28 + ["a"] * (ROWS - 42), object))
    scores = scores_of(*[0.1] * ROWS)
    thresholds = thresholds_of(10, inputs={LAST: {"steady": unusual, "jumps": unusual}}, scores={LAST: scores})
    steady = thresholds.columns["steady"]
    assert (steady.unknown_share.smallest, steady.unknown_share.largest) == (0, 0.01)
    assert (steady.missing_share.median, steady.missing_share.largest) == (0, 0.02)
    mean, positive = thresholds.scores.mean_probability, thresholds.scores.positive_share
    assert (mean.smallest, mean.largest) == (round((6 * 0.3 + 0.1) / 7, 6), 0.3)
    assert (positive.smallest, positive.largest) == (round(6 / 7, 6), 1)


def test_numbers_have_no_unknown_share() -> None:
    bins = fit_bins("quantitative", np.arange(10.0))
    inputs = {day: {"x": bins.count(np.arange(10.0))} for day in days_until(LAST, 70)}
    scores = {day: scores_of(0.5) for day in inputs}
    assert compute_thresholds({"x": bins}, inputs, SCORES, scores).columns["x"].unknown_share is None


@pytest.mark.parametrize(("weeks", "compared", "whole"), [(8, 0, 8), (9, 1, 9)])
def test_too_few_weeks_give_no_threshold(weeks: int, compared: int, whole: int) -> None:
    thresholds = thresholds_of(weeks)
    psi, scores = thresholds.columns["steady"].psi, thresholds.scores
    assert (psi.weeks, scores.psi.weeks, scores.mean_probability.weeks) == (compared, compared, whole)
    assert (psi.largest is None) == (psi.false_alarm_rate_bound is None) == (not compared)
    assert thresholds.columns["steady"].is_monitored == bool(compared)


def test_weeks_without_rows_are_not_counted() -> None:
    no_rows = LABELS.count(np.array([], object))
    last_week = days_until(LAST, 7)
    nothing = {day: {"steady": no_rows, "jumps": no_rows} for day in last_week}
    none = dict.fromkeys(last_week, scores_of())
    thresholds = thresholds_of(26, inputs=nothing, scores=none)
    assert thresholds.columns["steady"].psi.weeks == thresholds.scores.psi.weeks == 17
    assert thresholds.columns["steady"].missing_share.weeks == thresholds.scores.mean_probability.weeks == 25


def test_thresholds_are_read_as_they_were_written(tmp_path: Path) -> None:
    thresholds = thresholds_of(26)
    save_thresholds(tmp_path, thresholds)
    first = (tmp_path / "drift.json").read_bytes()
    assert load_thresholds(tmp_path) == thresholds
    save_thresholds(tmp_path, load_thresholds(tmp_path))
    assert (tmp_path / "drift.json").read_bytes() == first


@pytest.mark.parametrize("content", [None, "", "{}"])
def test_a_bundle_without_thresholds_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "drift.json").write_text(content)
    with pytest.raises(UserError, match=r"drift\.json"):
        load_thresholds(tmp_path)
