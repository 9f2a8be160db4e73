"""The wording of review.verification, review.environment and review.request: each kind of sentence once.
What they find is tested in test_verdict.py and the files named after the other modules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.diff.files import Difference, Tolerance
from flight_delay.review.environment import Environment, build_environment, version_mismatches
from flight_delay.review.request.experiments import ExperimentResult, ReviewRun, check_md5
from flight_delay.review.request.forms import Experiment, Question, Request, read_request, render_page
from flight_delay.review.request.replay import ReplayedPredictions
from flight_delay.review.request.result import result_page
from flight_delay.review.verification.verdict import summarize_verification, verification_table
from flight_delay.review.verification.verify import OutputCheck, StoredModel, Verification

HAS = Environment("Linux", 2, "3.11.7", {"xgboost": "3.2.0", "pandas": "3.1.1"}, fresh=False)
DATA, MODEL = OutputCheck("make", "data", "d1", "d1"), OutputCheck("train", "model", "m1", "m1")
SMALL = Difference("model", "leaves differ by 1e-9", matters=False)
LARGE = Difference("model", "other trees", matters=True)
EXPERIMENT = Experiment(name="deeper", parameters={"train_model.max_depth": 8}, question="Is it too simple?")
REQUEST = Request(
    format=2, name="depth", date="2013-12-31", author="A <a@b>", commit="a" * 40, against=None, versions={},
    md5={"model": "m1"}, experiments=[EXPERIMENT],
)  # fmt: skip


def verified(*outputs: OutputCheck, **more: Any) -> Verification:
    return Verification("abc123", list(outputs), [], HAS, [], Tolerance())._replace(**more)


def now(*differences: Difference, known: bool = True) -> OutputCheck:
    return MODEL._replace(now="m2", differences=differences if known else None)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (verified(DATA, MODEL), "all 2 outputs are reproduced byte for byte"),
        (verified(DATA, now(LARGE), OutputCheck("train", "curve", "c1", None)), "2 of 3 outputs are different, 2 in a way that may matter: model, curve"),
        (verified(DATA, now(SMALL)), "1 of 2 outputs are different, none in a way that matters (metrics and probabilities within 0.001)"),
        (verified(DATA, stale=["s"]), "every output is the same, but dvc.lock is out of date: run `dvc repro` and commit it"),
        (verified(), "dvc.lock fits the commit"),
        (verified(stale=["s"]), "dvc.lock is out of date: run `dvc repro` and commit it"),
        (verified(DATA, committed_model="m1", stored_model=StoredModel("models:/late/1", "m2")), "models:/late/1 is not the model of its commit: all 1 outputs are reproduced byte for byte"),
    ],
)  # fmt: skip
def test_a_verdict_is_one_sentence(of: Verification, words: str) -> None:
    assert summarize_verification(of) == words


@pytest.mark.parametrize(
    ("of", "line"),
    [
        (verified(DATA), "commit abc123"),
        (verified(DATA), "platform Linux, 2 CPUs, Python 3.11.7"),
        (verified(DATA), "packages dvc missing, numpy missing, pandas 3.1.1, pyarrow missing, scikit-learn missing, xgboost 3.2.0, shap missing, matplotlib missing (not made from the commit's own lock)"),
        (verified(DATA), "make data d1 d1 same"),
        (verified(now(LARGE)), "train model m1 m2 DIFFERENT"),
        (verified(now(LARGE)), "stage output md5 in dvc.lock md5 now"),
        (verified(now(LARGE)), "model: other trees"),
        (verified(now(known=False)), "model: how it differs cannot be said: its committed bytes are not here (`dvc fetch` brings them from a remote)"),
        (verified(DATA, stale=["train: command changed"]), "dvc.lock does not fit the commit: train: command changed"),
        (verified(DATA, version_mismatches=["xgboost"]), "not the commit's requirements: xgboost"),
        (verified(DATA, committed_model="m1", stored_model=StoredModel("models:/late/1", "m1")), "model md5 m1 in MLflow (models:/late/1), m1 in dvc.lock: same"),
        (verified(DATA, committed_model="m1", stored_model=StoredModel("models:/late/1", "m2")), "model md5 m2 in MLflow (models:/late/1), m1 in dvc.lock: DIFFERENT"),
    ],
)  # fmt: skip
def test_a_table_has_a_line_for_everything_that_was_found(of: Verification, line: str) -> None:
    assert line in {" ".join(row.split()) for row in verification_table(of).splitlines()}


def test_an_environment_of_its_own_is_said() -> None:
    assert "(made from the commit's own lock)" in verification_table(
        verified(DATA, environment=HAS._replace(fresh=True))
    )


def test_other_and_missing_versions_are_named() -> None:
    assert version_mismatches({"b": "2", "c": "3"}, {"b": "2.1"}) == [
        "b 2 is wanted, 2.1 is installed",
        "c 3 is wanted, none is installed",
    ]


def test_an_environment_that_cannot_be_made_is_one_line_of_advice(tmp_path: Path) -> None:
    words = "the commit has no requirements.txt; leave out --fresh-env to run it with what is installed"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        build_environment(tmp_path, tmp_path / "env")
    (tmp_path / "requirements.txt").write_text("not a requirement\n")
    words = (
        "pip could not install requirements.txt of the commit (see above); check the network, or leave out --fresh-env"
    )
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        build_environment(tmp_path, tmp_path / "env")


def test_a_python_without_ensurepip_is_one_line_of_advice(tmp_path: Path, monkeypatch) -> None:
    def without_ensurepip(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")

    (tmp_path / "requirements.txt").touch()
    monkeypatch.setattr("venv.create", without_ensurepip)
    words = (
        f"{sys.executable} cannot make virtual environments (it has no ensurepip); install its venv module, or leave out "
        "--fresh-env"
    )
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        build_environment(tmp_path, tmp_path / "env")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "| every output is made again in a clean clone | all 1 outputs are reproduced byte for byte |"),
        ({}, "| recorded predictions are replayed by the installed code | all 1,000 predictions are the same, bit for bit |"),
        ({"replayed": ReplayedPredictions(1000, 3, 0.0125)}, "| recorded predictions are replayed by the installed code | 3 of 1,000 predictions changed, by at most 0.013 |"),
        ({"replayed": "no bundle"}, "| recorded predictions are replayed by the installed code | not possible: no bundle |"),
        ({}, "  deeper: 'not run: time limit reached'"),
        ({}, "*Open: to be answered by the reviewer.*"),
    ],
)  # fmt: skip
def test_a_result_states_outcomes_in_a_table(changes: dict[str, Any], line: str) -> None:
    run = ReviewRun(
        REQUEST, 90.0, verified(MODEL), ReplayedPredictions(1000, 0, 0.0),
        [ExperimentResult(EXPERIMENT, 30.0, None, "time limit reached")],
    )  # fmt: skip
    page = result_page(run._replace(**changes), [Question(title="Why?", text="Who needs it?")], date="2014-01-01")
    assert line in page.splitlines()


@pytest.mark.parametrize(("locked", "md5"), [({"model": "m2"}, "m2"), ({}, "none")])
def test_checksums_of_another_lock_are_refused(locked: dict[str, str], md5: str) -> None:
    words = f"{REQUEST.path('request')}: model has md5 m1, but {md5} in dvc.lock of aaaaaaaaaa; write the request again"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        check_md5(REQUEST, locked)
    check_md5(REQUEST, {"model": "m1", "more": "x"})


EXTRA_KEY = render_page("request.md.j2", {**REQUEST.model_dump(), "more": 1}, request=REQUEST, comparison=None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "not a readable text file; `flight-delay review request` writes one"),
        ("# Title\n", "no front matter (YAML between lines of ---); restore it"),
        ("---\nformat: [1\n---\n", "front matter is not valid YAML (while parsing a flow sequence "),
        (EXTRA_KEY, "front matter: more: Extra inputs are not permitted; fix it, or write the request again"),
    ],
)
def test_an_invalid_request_says_what_is_wrong(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "page.md").write_text(content)
    with pytest.raises(UserError) as refused:
        read_request(tmp_path / "page.md")
    assert str(refused.value).startswith(f"{tmp_path}/page.md: {words}")
