"""tuning.question and objective: another question is another study, and what was judged is kept as long as it is wanted."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.evaluation.backtest import Backtested, Origin
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.predictions import Predictions
from flight_delay.tuning import objective
from flight_delay.tuning.objective import Backtester
from flight_delay.tuning.question import Question, require_unchanged, require_up_to_date
from flight_delay.tuning.space import Tune, Values

TUNE: dict[str, Any] = {"metric": "log_loss", "seed": 1, "space": {"max_depth": {"low": 2, "high": 8}}}
PARAMETERS = BoosterParameters(
    max_rounds=10, early_stopping_rounds=5, learning_rate=0.1, max_depth=4, min_child_weight=1, subsample=1, colsample_bytree=1,
    reg_lambda=1, max_bin=16, monotone=False, seed=1,
)  # fmt: skip
STEPS = (Origin(["2013-01"], "2013-02", ["2013-03"]), Origin(["2013-01", "2013-02"], "2013-03", ["2013-04"]))
FEATURES = (Feature(name="hour", kind="quantitative", group="schedule"),)
QUESTION = Question(
    Tune.model_validate(TUNE), PARAMETERS, {"max_depth": 4}, STEPS, FEATURES, {"data": "1", "code": "2"}
)


def test_the_same_question_is_the_same_study_whatever_order_it_was_put_together_in() -> None:
    again = Question(
        Tune.model_validate(TUNE), PARAMETERS, {"max_depth": 4}, STEPS, FEATURES, {"code": "2", "data": "1"}
    )
    assert again.name == QUESTION.name
    assert QUESTION.name.startswith("log_loss-")


@pytest.mark.parametrize(
    "change",
    [
        {"tune": Tune.model_validate({**TUNE, "seed": 2})},
        {"tune": Tune.model_validate({**TUNE, "metric": "roc_auc"})},
        {"tune": Tune.model_validate({**TUNE, "space": {"max_depth": {"low": 2, "high": 9}}})},
        {"parameters": PARAMETERS.model_copy(update={"max_depth": 5})},
        {"parameters": PARAMETERS.model_copy(update={"seed": 2})},
        {"steps": STEPS[:1]},
        {"given": {"data": "1", "code": "3"}},
        {"given": {"data": "1"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_question_is_another_study(change: dict[str, Any]) -> None:
    assert replace(QUESTION, **change).name != QUESTION.name


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """Depths that a backtest was really made with. It says the depth in tenths of both flights of a month."""
    depths: list[int] = []

    def run(parameters: BoosterParameters, features: Any, steps: Any, read: Any) -> Backtested:
        assert (features, steps) == (FEATURES, STEPS)
        depths.append(parameters.max_depth)
        said = {
            step.test_months[0]: Predictions(
                np.array(["a", "b"], object), np.array(["2013-03-01"] * 2, "datetime64[D]"), np.array([True, False]),
                np.full(2, parameters.max_depth / 10, np.float32),
            )
            for step in steps
        }  # fmt: skip
        by_month = {month: {"log_loss": 0.1 * number, "rows": 2} for number, month in enumerate(said, start=1)}
        return Backtested(said, by_month, [], [3, 6])

    monkeypatch.setattr(objective, "run_backtest", run)
    monkeypatch.setattr(objective, "require_outcomes", lambda *_: None)
    return depths


def test_metrics_are_means_over_months_with_the_mean_of_rounds(asked: list[int]) -> None:
    assert Backtester(QUESTION).judge({"max_depth": 6}) == {"log_loss": 0.15, "rows": 4, "months": 2, "rounds": 4.5}
    assert asked == [6]


def test_predictions_are_kept_as_long_as_they_are_wanted_and_made_again_after_that(asked: list[int]) -> None:
    judge = Backtester(QUESTION)
    values: list[Values] = [{"max_depth": depth} for depth in (4, 5, 6)]
    for of in values:
        judge.judge(of)
    judge.keep(values[0], values[2])
    assert [round(float(judge.predictions(of).probability[0]), 1) for of in (values[0], values[2])] == [0.4, 0.6]
    assert asked == [4, 5, 6]
    found = judge.predictions(values[1])
    assert asked == [4, 5, 6, 5]
    assert found.probability.tolist() == [np.float32(0.5)] * 4


def test_a_month_without_both_outcomes_ends_it_before_it_begins(monkeypatch) -> None:
    def refuse(steps: Any, read: Any) -> None:
        raise RuntimeError("one class")

    monkeypatch.setattr(objective, "require_outcomes", refuse)
    with pytest.raises(RuntimeError, match="one class"):
        Backtester(QUESTION)


@pytest.mark.parametrize(
    ("code", "stdout", "stderr", "said"),
    [
        (
            0,
            '{"check_data": [], "build_features": []}',
            "",
            r"build_features, check_data\b.*`dvc repro check_data`",
        ),
        (255, "", "ERROR: busy\nmore\n", r"`dvc status` .*\(ERROR: busy\)"),
        (255, "", "", r"`dvc status` .*\(.+\)"),
    ],
)
def test_data_that_dvc_does_not_vouch_for_are_refused(
    monkeypatch, code: int, stdout: str, stderr: str, said: str
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, stdout, stderr))
    with pytest.raises(UserError, match=said):
        require_up_to_date()


def test_data_that_are_up_to_date_pass(monkeypatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "{}\n", ""))
    require_up_to_date()


def test_what_has_changed_during_a_search_is_not_written_over(monkeypatch) -> None:
    here = [QUESTION]
    monkeypatch.setattr("flight_delay.tuning.question.read_question", lambda: here[0])
    require_unchanged(QUESTION)
    here[0] = replace(QUESTION, parameters=PARAMETERS.model_copy(update={"max_depth": 5}))
    with pytest.raises(UserError, match=r"^params\.yaml\b"):
        require_unchanged(QUESTION)
