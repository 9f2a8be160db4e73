"""Test `flight-delay tune` in a real checkout: a killed search is resumed, params.yaml is written atomically, and
no test month is read."""

from __future__ import annotations

import json
import shlex
from typing import Any

import optuna
import pytest
import yaml
from mlflow import MlflowClient

# Run here as the pages document them.
DOCUMENTED = ("flight-delay tune --trials 3", "flight-delay tune --trials 3 --write")
TUNE, WRITE = (tuple(shlex.split(command)) for command in DOCUMENTED)
COMMAND = ("python", "-m", "flight_delay.cli")
NO_SERVER = {"PYTHONPATH": "src", "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
EVALUATE_CURRENT = """
import json
from flight_delay.core.params import load_params
from flight_delay.model.booster import BoosterParameters
from flight_delay.tuning.search import backtest_evaluation
print(json.dumps(backtest_evaluation(load_params("train_model", BoosterParameters))({}).metrics))
"""


def complete_trials(project) -> list[Any]:
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{project.root / 'tuning.db'}")
    return study.get_trials(states=[optuna.trial.TrialState.COMPLETE])


def test_a_killed_search_is_resumed_and_its_best_parameters_are_written_at_once(copy_of_made, begin) -> None:
    params = copy_of_made.root / "params.yaml"
    given = params.read_bytes()
    # Killed as its third trial starts; the first is the backtest of the pipeline.
    begun = begin(copy_of_made, *COMMAND, *TUNE[1:], hold=r"flight_delay.cli 3 sql INSERT INTO trials ", **NO_SERVER)
    begun.wait_until_held()
    begun.kill()
    assert "not logged to MLflow: " in begun.output.read_text()
    stored = complete_trials(copy_of_made)
    assert len(stored) == 2

    done = copy_of_made.command(*TUNE[1:])
    assert ": 2 of 3 trials " in done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines() if line.startswith("trial ")] == [
        "trial 2 (3 of 3)"
    ]
    trials = complete_trials(copy_of_made)
    assert [trial.user_attrs for trial in trials[:2]] == [trial.user_attrs for trial in stored]
    assert trials[0].user_attrs["metrics"] == json.loads(
        (copy_of_made.root / "reports/backtest/metrics.json").read_text()
    )
    assert params.read_bytes() == given
    assert_logged(copy_of_made, trials)

    begun = begin(copy_of_made, *COMMAND, *WRITE[1:], hold=r"flight_delay.cli 1 os.rename .*params.yaml", **NO_SERVER)
    best = min(trials, key=lambda trial: trial.value)
    if best.number:  # or else nothing is to be written
        begun.wait_until_held()
        begun.kill()
        assert params.read_bytes() == given
    copy_of_made.command(*WRITE[1:])
    before = yaml.safe_load(given)
    assert yaml.safe_load(params.read_bytes()) == {
        **before,
        "train_model": {**before["train_model"], **best.user_attrs["values"]},
    }
    assert len(complete_trials(copy_of_made)) == 3


def assert_logged(project, trials: list[Any]) -> None:
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("flight-delay-tuning").experiment_id
    runs = client.search_runs([experiment], order_by=["attributes.start_time"])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert (parent.info.run_name, nested[0].info.run_name) == ("tune log_loss, 3 trials", "current parameters")
    assert [run.data.metrics["backtest/log_loss"] for run in nested] == [trial.value for trial in trials]
    assert [run.data.params["train_model.max_depth"] for run in nested] == [
        str(trial.user_attrs["values"]["max_depth"]) for trial in trials
    ]
    assert parent.data.metrics["best/log_loss"] == min(trial.value for trial in trials)
    assert parent.data.tags["data_md5"] == next(
        out["md5"] for out in project.lock()["fetch_raw"]["outs"] if out["path"] == "data/raw/flights"
    )


def test_no_month_of_the_test_is_read(copy_of_made) -> None:
    test = copy_of_made.root / "data/processed/2013-05.parquet"
    test.unlink()
    test.write_bytes(b"nobody reads this")
    done = copy_of_made.run("python", "-c", EVALUATE_CURRENT)
    assert json.loads(done.stdout) == json.loads((copy_of_made.root / "reports/backtest/metrics.json").read_text())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tune": {"space": {"max_dept": {"low": 2, "high": 4}}}}, ["max_dept", "train_model"]),
        ({"train_model": {"max_depth": 9}}, ["tune.space.max_depth", "9"]),
        ({"build_features": {"smoothing_flights": 30}}, ["build_features", "`dvc repro backtest`"]),
    ],
)
def test_a_user_error_is_one_line_and_nothing_is_written(copy_of_made, changes, words) -> None:
    copy_of_made.params(changes)
    done = copy_of_made.command(*TUNE[1:], code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("flight-delay tune: error: ")
    assert [word for word in words if word not in line] == []
    assert not list(copy_of_made.root.glob("*tuning.db*"))
