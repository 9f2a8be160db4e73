"""`flight-delay tune` in a real checkout: killed in the middle it goes on as if it had not been, MLflow shows it, params.yaml
changes when told to, and no month of the test is read."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3

import pytest
import yaml
from mlflow import MlflowClient

TRIALS = 3
# Run here as they stand on the pages.
DOCUMENTED = ("flight-delay tune --trials 3", "flight-delay tune --trials 3 --write")
TUNE, WRITE = (tuple(shlex.split(command)) for command in DOCUMENTED)
VALUES = "select trial_id, key, value_json from trial_user_attributes where key in ('values', 'metrics')"
# Judges the current parameters without the command, and says with how many months that was.
JUDGE = """
import json
import re
from flight_delay.tuning.objective import Backtester
from flight_delay.tuning.question import read_question
question = read_question()
print(json.dumps(Backtester(question).judge(question.current)))
"""


def tried(project) -> list[tuple[str, str]]:
    """Values and metrics of the trials that count, in order."""
    with sqlite3.connect(project.root / "tuning.db") as database:
        done = [
            row[0] for row in database.execute("select trial_id from trials where state = 'COMPLETE' order by number")
        ]
        found = {(trial, key): value for trial, key, value in database.execute(VALUES)}
    return [(found[trial, "values"], found[trial, "metrics"]) for trial in done]


@pytest.fixture
def elsewhere(made, copied, tmp_path):
    """Another copy of the made checkout."""
    return copied(made, tmp_path / "elsewhere")


def test_a_search_that_is_killed_goes_on_and_its_winner_is_written_when_told_to(copy_of_made, elsewhere, begin) -> None:
    given = (copy_of_made.root / "params.yaml").read_bytes()
    # Killed in the second trial: each begins with its row.
    search = ("python", "-m", "flight_delay.cli", *TUNE[1:])
    begun = begin(copy_of_made, *search, hold=r"flight_delay.cli 2 sql INSERT INTO trials ")
    begun.wait_until_held()
    begun.kill()
    assert len(tried(copy_of_made)) == 1

    done = copy_of_made.run(*TUNE)
    assert (copy_of_made.root / "params.yaml").read_bytes() == given
    assert ": 1 of 3 trials " in done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines() if line.startswith("trial ")] == [
        "trial 1 (2 of 3)", "trial 2 (3 of 3)",
    ]  # fmt: skip

    # Down, MLflow stops nothing; the next call logs what is missing.
    whole = elsewhere.run(*TUNE, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert whole.stderr.count("not in MLflow: ") == 2
    assert tried(elsewhere) == tried(copy_of_made)
    assert whole.stdout == done.stdout
    current = json.loads(tried(elsewhere)[0][1])
    rounds = current.pop("rounds")
    assert current == json.loads((elsewhere.root / "reports/backtest/metrics.json").read_text())
    assert 1 <= rounds <= 20

    _mlflow_shows(copy_of_made)
    again = elsewhere.run(*WRITE)
    assert "trial " not in again.stderr
    _mlflow_shows(elsewhere)
    _written_as_it_should_be(elsewhere, given, again.stdout)


def _mlflow_shows(project) -> None:
    client = MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("flight-delay-tuning").experiment_id
    found = client.search_runs([experiment], order_by=["attributes.start_time"])
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in found if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(found) == TRIALS + 1 == len(children) + 1
    assert {run.info.status for run in found} == {"FINISHED"}
    assert (parent.info.run_name, children[0].info.run_name) == ("tune log_loss, 3 trials", "current parameters")
    assert [child.data.metrics["backtest/log_loss"] for child in children] == [
        json.loads(metrics)["log_loss"] for _, metrics in tried(project)
    ]
    assert [child.data.params["train_model.max_depth"] for child in children] == [
        str(json.loads(values)["max_depth"]) for values, _ in tried(project)
    ]
    assert parent.data.metrics["best/log_loss"] == min(child.data.metrics["backtest/log_loss"] for child in children)
    assert parent.data.tags["data_md5"] == next(
        out["md5"] for out in project.lock()["fetch_raw"]["outs"] if out["path"] == "data/raw/flights"
    )
    assert [of.path for of in client.list_artifacts(parent.info.run_id)] == [
        "trials.csv"
    ]  # importances want more trials


def _written_as_it_should_be(project, given: bytes, said: str) -> None:
    trials = [(json.loads(values), json.loads(metrics)["log_loss"]) for values, metrics in tried(project)]
    best, _ = min(trials, key=lambda of: of[1])
    before, after = yaml.safe_load(given), yaml.safe_load((project.root / "params.yaml").read_bytes())
    assert after == {**before, "train_model": {**before["train_model"], **best}}
    for name, value in best.items():
        if value != before["train_model"][name]:
            assert re.search(rf"\b{name}\b", said.splitlines()[-1])


@pytest.fixture(scope="module")
def untuned(made, copied, tmp_path_factory):
    """A copy in which no search has begun; tests put back what they change."""
    return copied(made, tmp_path_factory.mktemp("untuned") / "project")


def test_no_month_of_the_test_is_read(copy_of_made) -> None:
    test = copy_of_made.root / "data/processed/2013-05.parquet"
    test.unlink()
    test.write_bytes(b"nobody reads this")
    done = copy_of_made.run("python", "-c", JUDGE)
    rounds_aside = {name: of for name, of in json.loads(done.stdout).items() if name != "rounds"}
    assert rounds_aside == json.loads((copy_of_made.root / "reports/backtest/metrics.json").read_text())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tune": {"space": {"max_dept": {"low": 2, "high": 4}}}}, ["max_dept", "train_model"]),
        ({"train_model": {"max_depth": 9}}, ["train_model.max_depth", "9", "tune.space.max_depth"]),
        ({"build_features": {"prior_flights": 30}}, ["build_features, check_data"]),
    ],
)
def test_what_a_user_can_mend_is_one_line_and_nothing_is_written(untuned, flight_delay, changes, said) -> None:
    given = (untuned.root / "params.yaml").read_bytes()
    untuned.params(changes)
    try:
        done = flight_delay(untuned, *TUNE[1:], code=2)
    finally:
        (untuned.root / "params.yaml").write_bytes(given)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("flight-delay tune: error: ")
    assert [words for words in said if words not in line] == []
    assert not list(untuned.root.glob("*tuning.db*"))
