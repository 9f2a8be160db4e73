"""The wording of review.verification, review.environment and review.request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from checkouts import Project
from verifications import DATA, ENVIRONMENT, LARGE, MISSING, MODEL, SMALL, other_model, verified

from flight_delay.core.errors import UserError
from flight_delay.review.clean_clone import clean_clone
from flight_delay.review.environment import build_environment, version_mismatches
from flight_delay.review.request.experiments import ExperimentResult, ReviewRun
from flight_delay.review.request.forms import Experiment, Question, Request
from flight_delay.review.request.replay import ReplayedPredictions
from flight_delay.review.request.result import result_page
from flight_delay.review.retraining import require_branch_possible, retrain_experiment
from flight_delay.review.verification.verdict import summarize_verification, verification_table
from flight_delay.review.verification.verify import StoredModel, Verification
from flight_delay.vcs.git import git


def stored(md5: str) -> Verification:
    return verified(DATA, committed_model="m1", stored_model=StoredModel("models:/m/1", md5))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (verified(DATA, MODEL), "all 2 outputs are reproduced byte for byte"),
        (verified(DATA, other_model(LARGE), MISSING), "2 of 3 outputs differ, 2 beyond the tolerance or unknown: model, curve"),
        (verified(DATA, other_model(SMALL)), "1 of 2 outputs differ, none beyond the tolerance (metrics and probabilities within 0.001)"),
        (verified(DATA, stale=["s"]), "every output is the same, but dvc.lock is out of date: run `dvc repro` and commit it; remove it before if it has what is no longer declared"),
        (verified(), "dvc.lock fits the commit"),
        (verified(stale=["s"]), "dvc.lock is out of date: run `dvc repro` and commit it; remove it before if it has what is no longer declared"),
        (stored("m2"), "models:/m/1 is not the model of its commit: all 1 outputs are reproduced byte for byte"),
    ],
)  # fmt: skip
def test_the_verdict(outcome: Verification, words: str) -> None:
    assert summarize_verification(outcome) == words


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (verified(DATA), "commit abc123"),
        (verified(DATA), "platform Linux, 2 CPUs, Python 3.11.7"),
        (verified(DATA), "packages dvc missing, numpy missing, pandas 3.1.1, pyarrow missing, scikit-learn missing, xgboost 3.2.0, shap missing, matplotlib missing (not installed from the commit's own lock)"),
        (verified(DATA, environment=ENVIRONMENT._replace(versions={}, is_fresh=True)), "packages dvc missing, numpy missing, pandas missing, pyarrow missing, scikit-learn missing, xgboost missing, shap missing, matplotlib missing (installed from the commit's own lock)"),
        (verified(DATA), "make data d1 d1 same"),
        (verified(other_model(LARGE)), "train model m1 m2 DIFFERENT"),
        (verified(other_model(LARGE)), "stage output md5 in dvc.lock md5 now"),
        (verified(other_model(LARGE)), "model: other trees"),
        (verified(other_model(known=False)), "model: differences unknown: the committed bytes are neither in the DVC cache nor in a remote; `dvc push` sends them there"),
        (verified(DATA, stale=["train: command changed"]), "dvc.lock does not fit the commit: train: command changed"),
        (verified(DATA, version_mismatches=["xgboost"]), "not the commit's requirements: xgboost"),
        (stored("m1"), "model md5 m1 in MLflow (models:/m/1), m1 in dvc.lock: same"),
        (stored("m2"), "model md5 m2 in MLflow (models:/m/1), m1 in dvc.lock: DIFFERENT"),
    ],
)  # fmt: skip
def test_the_lines_of_the_table(outcome: Verification, line: str) -> None:
    assert line in {" ".join(row.split()) for row in verification_table(outcome).splitlines()}


def test_other_and_missing_versions() -> None:
    assert version_mismatches({"b": "2", "c": "3"}, {"b": "2.1"}) == [
        "b 2 is locked, 2.1 is installed", "c 3 is locked, none is installed",
    ]  # fmt: skip


def without_ensurepip(*_: object, **__: object) -> None:
    raise subprocess.CalledProcessError(1, "ensurepip")


def with_failing_pip(folder: Path, **_: object) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to("/bin/false")


@pytest.mark.parametrize(
    ("requirements", "patches", "words"),
    [
        (None, {}, "the commit has no requirements.txt; leave out --fresh-env to use the installed packages"),
        ("", {"venv.create": with_failing_pip}, "pip could not install requirements.txt of the commit (see the log above); check the network, or leave out --fresh-env"),
        ("", {"venv.create": without_ensurepip}, f"{sys.executable} cannot create virtual environments (it has no ensurepip); install its venv module, or leave out --fresh-env"),
    ],
)  # fmt: skip
def test_an_environment_that_cannot_be_built(tmp_path: Path, monkeypatch, requirements, patches, words: str) -> None:
    if requirements is not None:
        (tmp_path / "requirements.txt").write_text(requirements)
    for name, function in patches.items():
        monkeypatch.setattr(name, function)
    with pytest.raises(UserError) as refused:
        build_environment(tmp_path, tmp_path / "env")
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("replayed", "line"),
    [
        (ReplayedPredictions(1000, 0, 0.0), "| reproduction of every output in a clean clone | all 1 outputs are reproduced byte for byte |"),
        (ReplayedPredictions(1000, 0, 0.0), "| replay of recorded predictions with the installed code | all 1,000 predictions are the same, bit for bit |"),
        (ReplayedPredictions(1000, 3, 0.0125), "| replay of recorded predictions with the installed code | 3 of 1,000 predictions changed, by at most 0.013 |"),
        ("no bundle", "| replay of recorded predictions with the installed code | not possible: no bundle |"),
        ("no bundle", "  deeper: 'not run: time limit reached'"),
        ("no bundle", "*Open: to be answered by the reviewer.*"),
    ],
)  # fmt: skip
def test_the_lines_of_a_result(replayed: ReplayedPredictions | str, line: str) -> None:
    experiment = Experiment(name="deeper", parameters={"train_model.max_depth": 8}, question="Is it too simple?")
    request = Request(
        format=3, name="depth", date="2013-12-31", author="A", commit="a" * 40, against=None, experiments=[experiment]
    )
    results = [ExperimentResult(experiment, 30.0, None, "time limit reached")]
    run = ReviewRun(request, 90.0, verified(MODEL), replayed, results)
    assert line in result_page(run, [Question(title="Why?", text="Who needs it?")], date="2014-01-01").splitlines()


def test_what_a_clean_clone_refuses(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (small.root / "data.csv").symlink_to("/etc/hosts")
    small.commit("link")
    commit = git("rev-parse", "HEAD")
    messages = []
    for options in ({}, {"keep": small.root}, {"isolate": True}):
        with pytest.raises(UserError) as refused, clean_clone(commit, **options):
            pass
        messages.append(str(refused.value))
        if "keep" in options:
            monkeypatch.setenv("PATH", "/nowhere")
    assert messages == [
        f"data.csv of commit {commit[:10]}: a link out of the repository; remove it",
        f"--keep: {small.root} exists; name a new folder",
        "--isolate: not possible on this system (there is no unshare on the PATH); "
        "verify it in a container without network",
    ]


PARAMS = {"fetch_raw": {"last_month": "2013-12"}, "splits": {"test": {"last": "2013-12"}}}


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2014-13", "'2014-13' is not a month; write it as 2014-01"),
        ("2013-12", "2013-12: the data and the test split in params.yaml go to 2013-12; name a later month"),
    ],
)
def test_a_month_that_cannot_be_retrained(month: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        retrain_experiment(PARAMS, month)
    assert str(error.value) == message


def test_a_branch_that_cannot_be_made(small: Project) -> None:
    small.run("git", "branch", "retrain-2014-01")
    (small.root / "make.py").write_text("changed")
    for name, message in (
        ("retrain-2014-01", "branch retrain-2014-01 exists; review it, or delete it with `git branch -D retrain-2014-01`"),
        ("retrain-2014-02", "make.py has uncommitted changes; commit them first: the branch starts at HEAD"),
    ):  # fmt: skip
        with pytest.raises(UserError) as error:
            require_branch_possible(name, small.root)
        assert str(error.value) == message
