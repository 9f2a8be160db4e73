"""Test changing a parameter by hand: dependent stages run, a pipeline is one run in MLflow, and it gets its commit."""

from __future__ import annotations


def test_a_changed_model_parameter_runs_what_depends_on_it_and_nothing_else(by_hand, pipeline_stages) -> None:
    stages = list(pipeline_stages)
    assert by_hand.stages["changed"] == stages[stages.index("train_model") :]


def test_going_back_to_old_parameters_retrains_nothing(by_hand) -> None:
    assert by_hand.stages["back"] == ["publish"]
    assert by_hand.status == ""


def test_a_changed_parameter_gives_a_second_run_with_the_same_keys(by_hand) -> None:
    first, second = by_hand.runs["back"]
    assert [run["id"] for run in by_hand.runs["changed"]] == [first["id"]]
    assert set(first["params"]) == set(second["params"])
    assert set(first["metrics"]) == set(second["metrics"])
    assert [run["params"]["train_model.num_boost_round"] for run in (first, second)] == ["1", "20"]
    assert first["metrics"]["test/roc_auc"] < second["metrics"]["test/roc_auc"]
    assert [run["status"] for run in (first, second)] == ["FINISHED"] * 2


def test_changing_it_again_finds_the_run_that_is_there_and_adds_nothing(by_hand) -> None:
    assert by_hand.stages["again"] == ["publish"]
    assert [run["id"] for run in by_hand.runs["again"]] == [run["id"] for run in by_hand.runs["back"]]


def test_a_run_has_its_commit_as_soon_as_the_lock_is_committed(made, by_hand) -> None:
    changed, baseline = by_hand.runs["again"]
    made_at = made.run("git", "rev-parse", "HEAD").stdout.strip()
    assert [run["tags"].get("git_commit") for run in (changed, baseline)] == [None, made_at]
    runs = by_hand.runs["committed"]
    assert [run["id"] for run in runs] == [changed["id"], baseline["id"]]
    assert [run["tags"]["git_commit"] for run in runs] == [by_hand.worse, made_at]
    assert runs[0]["tags"]["mlflow.source.git.commit"] == by_hand.worse


def test_publishing_writes_nothing_outside_of_the_checkout(by_hand) -> None:
    assert by_hand.elsewhere == []
