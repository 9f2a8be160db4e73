"""tuning.study, search and summary, with a cheap function in place of the backtest."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.model.booster import BoosterParameters
from flight_delay.model.predictions import Predictions
from flight_delay.tuning import search
from flight_delay.tuning.search import TrialEvaluation, compare_with_current, run_trials
from flight_delay.tuning.space import Tune, Values
from flight_delay.tuning.study import (
    StudySpec,
    best_trial,
    complete_trials,
    open_study,
    read_study_spec,
    require_unchanged,
)
from flight_delay.tuning.summary import (
    improvement,
    parameter_importances,
    search_report,
    search_verdict,
)

CURRENT = {"max_depth": 4, "learning_rate": 0.05, "monotone_constraints": True}
PARAMETERS = BoosterParameters(
    **CURRENT, num_boost_round=10, early_stopping_rounds=5, min_child_weight=1, subsample=1, colsample_bytree=1,
    reg_lambda=1, max_bin=16, seed=1, external_memory=False, sharded=False,
)  # fmt: skip
SPACE = {
    "max_depth": {"low": 2, "high": 8},
    "learning_rate": {"low": 0.02, "high": 0.2, "log": True},
    "monotone_constraints": {"choices": [True, False]},
}
TUNE = Tune.model_validate({"metric": "log_loss", "seed": 7, "space": SPACE})
SPEC = StudySpec("study", TUNE, PARAMETERS, {"train_model": PARAMETERS.model_dump()})


def evaluate(values: Values) -> TrialEvaluation:
    """Give better metrics the nearer to depth 6."""
    loss = 0.5 + (values["max_depth"] - 6) ** 2 / 100 + values["learning_rate"] / 1000
    random = np.random.default_rng(5)
    target = random.random(400) < 0.3
    quality = 0.5 - abs(values["max_depth"] - 6) / 10
    probability = np.clip(0.3 + quality * (target - 0.3) + random.normal(0, 0.05, 400), 0.01, 0.99)
    dates = np.datetime64("2013-05-01") + np.arange(400) % 20
    predictions = Predictions(np.arange(400).astype(str).astype(object), dates, target, probability.astype(np.float32))
    return TrialEvaluation(
        {"roc_auc": 1 - loss, "average_precision": loss / 2, "log_loss": round(loss, 6)}, predictions
    )


@pytest.fixture
def opened(tmp_path, monkeypatch) -> Callable[..., AbstractContextManager[Any]]:
    """Opens the study in a folder with the outputs of a backtest of the current parameters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search, "STARTUP_TRIALS", 4)
    (tmp_path / "reports/backtest").mkdir(parents=True)
    (tmp_path / "reports/backtest/metrics.json").write_text(json.dumps(evaluate(CURRENT).metrics))
    return lambda spec=SPEC, name="tuning.db": open_study(tmp_path / name, spec)


def run(study: Any, n_trials: int, tune: Tune = TUNE, evaluation: Any = evaluate, **options: Any) -> list[Values]:
    run_trials(study, tune, evaluation, evaluate(CURRENT).predictions, n_trials=n_trials, **options)
    return [trial.user_attrs["values"] for trial in complete_trials(study)]


def test_a_study_is_stored_at_a_path_with_reserved_characters(opened, tmp_path) -> None:
    name = "what?now#a%20b.db"
    with opened(name=name) as study:
        assert len(study.trials) == 1
    assert {path.name for path in tmp_path.glob("*.db")} == {name}


def test_the_first_trial_has_the_current_parameters_and_others_short_values_of_the_space(opened) -> None:
    with opened() as study:
        first, *others = run(study, 6)
    assert first == CURRENT
    assert len({repr(values) for values in others}) == 5
    for values in others:
        assert 2 <= values["max_depth"] <= 8
        assert 0.02 <= values["learning_rate"] <= 0.2
        assert values["learning_rate"] == float(f"{values['learning_rate']:.3g}")


def test_an_interrupted_search_resumes_from_its_stored_trials(opened) -> None:
    def interrupt(_: Values) -> TrialEvaluation:
        raise KeyboardInterrupt

    with opened(name="whole.db") as study:
        whole = run(study, 6)
    with opened() as study:
        run(study, 5)
        with pytest.raises(KeyboardInterrupt):
            run(study, 6, evaluation=interrupt)
    with opened() as study:
        assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 5 + ["FAIL"]
        assert run(study, 6) == whole
        assert run(study, 3) == whole  # enough trials are complete


def test_another_seed_suggests_other_values(opened) -> None:
    with opened() as study, opened(replace(SPEC, name="other"), "other.db") as other:
        assert run(study, 3)[1:] != run(other, 3, TUNE.model_copy(update={"seed": 8}))[1:]


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_the_best_trial_is_compared_with_the_current_parameters_on_the_same_rows(opened, metric: str) -> None:
    tune = TUNE.model_copy(update={"metric": metric})
    with opened(replace(SPEC, tune=tune)) as study:
        run(study, 8, tune)
        trials = complete_trials(study)
        best = best_trial(trials, metric)
        assert best.value == study.best_value
        assert best.user_attrs["values"]["max_depth"] in {5, 6, 7}
        predictions = [evaluate(trial.user_attrs["values"]).predictions for trial in (best, trials[0])]
        assert improvement(best) == compare_with_current(*predictions)
        assert improvement(best)["log_loss"].verdict == "better"
        text = search_report(study, tune)
    assert text.startswith(search_verdict(trials, metric))
    assert [line for line in text.splitlines() if line.startswith(f"| {best.number} ")] != []
    assert "0 (current)" in text


def test_equal_trials_are_not_better_than_the_first(opened) -> None:
    equal = evaluate(CURRENT)
    with opened() as study:
        run(study, 3, evaluation=lambda _: equal)
        assert best_trial(complete_trials(study), "log_loss").number == 0
        assert improvement(best_trial(complete_trials(study), "log_loss")) == {}


def test_importances_need_trials_and_find_the_parameter_that_matters(opened) -> None:
    with opened() as study:
        run(study, 9)
        assert parameter_importances(study, TUNE) == {}
        run(study, 12)
        shares = parameter_importances(study, TUNE)
        assert parameter_importances(study, TUNE) == shares
    assert next(iter(shares)) == "max_depth"
    assert sum(shares.values()) == pytest.approx(1)


def test_no_trial_starts_after_the_time_limit(opened, caplog) -> None:
    with opened() as study, caplog.at_level(logging.INFO, "flight_delay"):
        assert len(run(study, 5, minutes=1e-9)) == 1
    assert "1 of 5" in caplog.messages[-1]


def test_progress_is_one_line_per_trial(opened, caplog) -> None:
    calls: list[int] = []
    with opened() as study, caplog.at_level(logging.INFO, "flight_delay"):
        run(study, 3, after_trial=lambda: calls.append(len(complete_trials(study))))
    assert calls == [2, 3]
    assert [message.partition(":")[0] for message in caplog.messages] == ["trial 1 (2 of 3)", "trial 2 (3 of 3)"]


def test_other_parameters_code_or_data_are_another_study(opened, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "{}", ""))
    lock: dict[str, Any] = {"deps": [{"path": "data/processed", "md5": "1"}], "params": {}}

    def read(**changes: Any) -> StudySpec:
        sections = {
            "tune": {**TUNE.model_dump(mode="json", exclude_defaults=True)},
            "train_model": PARAMETERS.model_dump(),
        }
        (tmp_path / "params.yaml").write_text(json.dumps(sections))
        (tmp_path / "dvc.lock").write_text(json.dumps({"stages": {"backtest": {**lock, **changes}}}))
        return read_study_spec()

    spec = read()
    assert read().name == spec.name
    require_unchanged(spec)
    assert read(params={"params.yaml": {"train_model": {"seed": 2}}}).name != spec.name
    assert read(deps=[{"path": "data/processed", "md5": "2"}]).name != spec.name
    with pytest.raises(UserError, match=r"params\.yaml"):
        require_unchanged(spec)
