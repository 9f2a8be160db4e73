"""monitoring: answers are compared with the outcomes that were known, as everywhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from reported_outcomes import read_labels
from small_monitoring import PAYOFFS

from flight_delay.evaluation.bootstrap import bootstrap, interval, point_estimates
from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.monitoring.labels import LabelReader
from flight_delay.monitoring.results import Estimate, Level, MonthSummary
from flight_delay.monitoring.truth import Truth, TruthSummaries, complete_months
from flight_delay.monitoring.truth_check import check_truth
from flight_delay.review.comparison.rows import CommonRows, compare_period
from flight_delay.serving.tables import METADATA, OUTCOMES

START = dt.datetime.fromisoformat("2013-03-05")
HOUR = dt.timedelta(hours=1)


def invent(rows: int, days: int, seed: int, decimals: int = 6) -> Truth:
    """Invented answers with outcomes, of which some have equal probabilities."""
    random = np.random.default_rng(seed)
    probability = random.uniform(0.05, 0.6, rows).round(decimals).astype(np.float32)
    date = np.datetime64("2013-03-01") + np.sort(random.integers(days, size=rows))
    shadow = random.uniform(0.05, 0.6, rows).astype(np.float32)
    return Truth(random.random(rows) < probability, probability, probability >= 0.25, shadow, date)


@given(seed=st.integers(0, 1000), days=st.integers(2, 9), decimals=st.sampled_from([1, 6]))
def test_roc_auc_is_that_of_the_evaluation(seed: int, days: int, decimals: int) -> None:
    truth = invent(60, days, seed, decimals)
    estimate = TruthSummaries(PAYOFFS).summarize(truth).roc_auc
    if not 0 < truth.target.sum() < 60 or len(np.unique(truth.date)) < 2:
        assert estimate is None
        return
    model = {"model": truth.probability}
    value = point_estimates(truth.target, model, ["roc_auc"])["model"]["roc_auc"]
    draws = bootstrap(truth.target, model, truth.date, metrics=["roc_auc"])["model"]["roc_auc"]
    assert estimate == pytest.approx((value, *interval(draws)))


def test_the_shadow_is_compared_as_in_compare() -> None:
    truth = invent(500, 20, 1)
    ours = TruthSummaries(PAYOFFS).summarize(truth).shadow_log_loss_difference
    shadow, champion = (
        Predictions(None, truth.date, truth.target, values) for values in (truth.shadow_probability, truth.probability)
    )
    theirs = compare_period(CommonRows(shadow, champion, 0, 0), (0.25, 0.25), PAYOFFS)
    difference = next(measure for measure in theirs.measures if measure.name == "log_loss").b_over_a
    assert ours == pytest.approx(difference[:3], abs=1e-6)


def test_estimates_are_means_over_the_labelled_answers() -> None:
    truth = invent(500, 20, 1)
    summary = TruthSummaries(Payoffs(true_positive=1, false_negative=0, false_positive=0, true_negative=1))
    result = summary.summarize(truth)
    assert result.labelled == 500
    assert result.calibration_gap is not None
    assert result.calibration_gap.value == pytest.approx(truth.probability.mean() - truth.target.mean(), abs=1e-6)
    assert result.calibration_gap.low < result.calibration_gap.value < result.calibration_gap.high
    assert result.mean_profit is not None
    assert result.mean_profit.value == pytest.approx((truth.predicted_late == truth.target).mean())


@pytest.mark.parametrize(
    ("date", "months"),
    [
        ("2014-01-01", ["2013-10", "2013-11"]), ("2014-01-02", ["2013-11", "2013-12"]),
        ("2013-03-31", ["2013-01", "2013-02"]),
    ],
)  # fmt: skip
def test_a_month_is_complete_when_its_last_outcomes_are_known(date: str, months: list[str]) -> None:
    assert complete_months(dt.date.fromisoformat(date)) == months


HIGH, LOW, NONE = Estimate(0.03, 0.01, 0.05), Estimate(-0.03, -0.05, -0.01), Estimate(0.0, -0.02, 0.02)
GOOD, CHANCE = Estimate(0.65, 0.6, 0.7), Estimate(0.5, 0.45, 0.55)


@pytest.mark.parametrize(
    ("gaps", "level"),
    [
        ((HIGH, HIGH), "alarm"), ((LOW, LOW), "alarm"), ((HIGH, LOW), "warning"), ((NONE, HIGH), "warning"),
        ((None, HIGH), "warning"), ((HIGH, NONE), "quiet"), ((HIGH, None), "no_data"), ((None, None), "no_data"),
    ],
)  # fmt: skip
def test_calibration_is_an_alarm_if_two_months_agree(gaps: tuple[Estimate | None, ...], level: Level) -> None:
    months = [MonthSummary(f"2013-0{at}", 9, gap, gap and GOOD, None, None) for at, gap in enumerate(gaps, 1)]
    assert check_truth(months)[0].level == level


@pytest.mark.parametrize(
    ("auc", "shadow", "subject"), [(CHANCE, NONE, "roc_auc"), (GOOD, HIGH, "shadow"), (GOOD, LOW, None)]
)
def test_chance_and_a_better_shadow_are_alarms(auc: Estimate, shadow: Estimate, subject: str | None) -> None:
    months = [MonthSummary(month, 9, NONE, auc, None, shadow) for month in ("2013-01", "2013-02")]
    alarms = [finding.subject for finding in check_truth(months) if finding.level == "alarm"]
    assert alarms == ([subject] if subject else [])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    path: Path = tmp_path_factory.mktemp("labels") / "labels.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    METADATA.create_all(engine)
    yield engine
    engine.dispose()


ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, -5, 14, 15, 80]), st.integers(0, 9)), max_size=6)


@given(batches=st.lists(st.tuples(ROWS, st.integers(0, 10)), min_size=1, max_size=4))
def test_labels_read_again_and_again_are_those_read_once(
    engine: sa.Engine, batches: list[tuple[list[tuple[int, int | None, int]], int]]
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(OUTCOMES))
    ids = np.array([f"2013-03-0{number + 1}-UA-1-EWR-0600" for number in range(4)], object)
    reader = LabelReader(engine, 15)
    for rows, hour in batches:
        with engine.begin() as connection:
            for flight, delay, known in rows:
                connection.execute(
                    sa.insert(OUTCOMES).values(
                        flight_id=ids[flight], arrival_delay_minutes=delay, cancelled=delay is None, diverted=False,
                        received_at=START, known_at=START + known * HOUR,
                    )
                )  # fmt: skip
        before = START + hour * HOUR
        reader.read(before, dt.date(2013, 3, 1))
        once = read_labels(engine, before)
        assert reader.labels(ids) == [once.get(flight_id) for flight_id in ids]
