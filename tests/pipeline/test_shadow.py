"""monitoring on predictions of a real pipeline: of champion and shadow what `flight-delay compare` says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from answers_database import prediction, request
from reported_outcomes import read_labels

from flight_delay.core.months import list_months
from flight_delay.features.parameters import FeatureParameters
from flight_delay.model.predictions import Predictions
from flight_delay.monitoring.labels import record_outcomes
from flight_delay.monitoring.truth import Truth, TruthSummaries
from flight_delay.review.comparison.comparison import compare_pipelines
from flight_delay.review.comparison.snapshot import PipelineSnapshot, read_snapshot
from flight_delay.serving.database import insert_answers, open_database
from flight_delay.serving.inputs import Inputs
from flight_delay.serving.tables import PREDICTIONS
from flight_delay.vcs.commit_files import CommitFiles

LATE_MINUTES = 15
END = dt.datetime.fromisoformat("2013-07-01")


@pytest.fixture(scope="module")
def pipelines(made) -> Iterator[tuple[PipelineSnapshot, PipelineSnapshot]]:
    """The pipeline, and one with its baseline for a model and another threshold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        champion = read_snapshot(CommitFiles.at("HEAD"), "champion")
        folder = Path("reports/baselines/logistic")
        months = [month for month in list_months(folder) if month in {f"{date:%Y-%m}" for date in dates(champion)}]
        baseline = Predictions.concat(Predictions.read(folder, month) for month in months)
        shadow = replace(champion, test=baseline, threshold=0.26)
        yield first_days(champion), first_days(shadow)


def dates(pipeline: PipelineSnapshot) -> set[dt.date]:
    return set(pipeline.test.date.astype("datetime64[D]").tolist())


def first_days(pipeline: PipelineSnapshot) -> PipelineSnapshot:
    """Leave out most days, which take time."""
    test = pipeline.test
    rows = test.date < min(dates(pipeline)) + 7 * dt.timedelta(days=1)
    part = test.take(rows)
    return replace(pipeline, test=part, backtest=part)


@pytest.fixture(scope="module")
def engine(pipelines, tmp_path_factory) -> Iterator[sa.Engine]:
    """The predictions of both in a database, in another order, with the outcomes of the pipeline's months."""
    champion, shadow = (pipeline.test for pipeline in pipelines)
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('shadow')}/predictions.db")
    other = dict(zip(shadow.row_id.tolist(), shadow.probability.tolist(), strict=True))
    order = np.random.default_rng(1).permutation(len(champion))
    rows = [
        prediction(
            "a", row, float(champion.probability[at]), shadow_probability=other[champion.row_id[at]],
            flight_id=champion.row_id[at], flight_date=dt.date.fromisoformat(champion.row_id[at][:10]),
        )
        for row, at in enumerate(order)
    ]  # fmt: skip
    with engine.begin() as connection:
        insert_answers(connection, [request("a")], rows)
    parameters = FeatureParameters(
        late_threshold_minutes=LATE_MINUTES, horizon_hours=24, history_days=[7], smoothing_flights=20, weather="none"
    )
    record_outcomes(engine, Inputs(parameters))
    yield engine
    engine.dispose()


def test_monitoring_and_compare_agree(pipelines, engine) -> None:
    champion, shadow = pipelines
    labels = read_labels(engine, END, LATE_MINUTES)
    with engine.connect() as connection:
        answers = [row for row in connection.execute(sa.select(PREDICTIONS)).all() if labels[row.flight_id] is not None]
    truth = Truth(
        np.array([labels[row.flight_id] for row in answers]),
        np.array([row.probability for row in answers], np.float32),
        np.array([row.predicted_late for row in answers]),
        np.array([row.shadow_probability for row in answers], np.float32),
        np.array([row.flight_date for row in answers], "datetime64[D]"),
    )
    ours = TruthSummaries(champion.payoffs).summarize(truth)
    theirs = compare_pipelines(shadow, champion).test
    log_loss = next(measure.b_over_a for measure in theirs.measures if measure.name == "log_loss")
    assert ours.shadow_log_loss_difference == pytest.approx(log_loss[:3], abs=1e-6)
    assert log_loss.difference != 0
    assert ours.labelled == theirs.rows == len(champion.test) > 5_000


def test_labels_are_the_target_of_training(pipelines, engine) -> None:
    """Rows without target, of cancelled and diverted flights, are in neither prediction."""
    champion = pipelines[0].test
    labels = read_labels(engine, END, LATE_MINUTES)
    assert labels == dict(zip(champion.row_id.tolist(), champion.target.tolist(), strict=True))
