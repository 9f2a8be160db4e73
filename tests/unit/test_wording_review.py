"""The wording of review.verification, review.environment and review.assessment: each kind of sentence once.
What they find is tested in test_verdict.py and the files named after the other modules."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flight_delay.core.errors import UserError
from flight_delay.model.predictions import Predictions
from flight_delay.review.assessment import assumptions
from flight_delay.review.assessment.forms import Question, Request, Tweak, read_request, with_front_matter
from flight_delay.review.assessment.frozen import Error, Reproduced
from flight_delay.review.assessment.result import result_page
from flight_delay.review.assessment.trial import Trial, Tried, _asked, check_frozen
from flight_delay.review.difference.files import Difference, Tolerance
from flight_delay.review.environment import Surroundings, build_environment, deviations
from flight_delay.review.verification.verdict import table, verdict
from flight_delay.review.verification.verify import Checked, Kept, Verified

HAS = Surroundings("Linux", 2, "3.11.7", {"xgboost": "3.2.0", "pandas": "3.1.1"}, fresh=False)
DATA, MODEL = Checked("make", "data", "d1", "d1"), Checked("train", "model", "m1", "m1")
SMALL = Difference("model", "leaves differ by 1e-9", matters=False)
LARGE = Difference("model", "other trees", matters=True)
TWEAK = Tweak(name="deeper", parameters={"train_model.max_depth": 8}, asks="Is it too simple?")
REQUEST = Request(
    format=1, name="depth", date="2013-12-31", commit="a" * 40, against=None, frozen={"model": "m1"}, tweaks=[TWEAK]
)
MISS = Error("2013-11-02-US-2085-LGA-0630", "CLT", 0.078, True, [("carrier", "US", -0.25)])


def verified(*outputs: Checked, **more: Any) -> Verified:
    return Verified("abc123", list(outputs), [], HAS, [], Tolerance())._replace(**more)


def now(*differences: Difference, known: bool = True) -> Checked:
    return MODEL._replace(now="m2", differences=differences if known else None)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (verified(DATA, MODEL), "all 2 outputs are reproduced byte for byte"),
        (verified(DATA, now(LARGE), Checked("train", "curve", "c1", None)), "2 of 3 outputs are different, 2 in a way that may matter: model, curve"),
        (verified(DATA, now(SMALL)), "1 of 2 outputs are different, none in a way that matters (metrics and probabilities within 0.001)"),
        (verified(DATA, stale=["s"]), "every output is the same, but dvc.lock is out of date: run `dvc repro` and commit it"),
        (verified(), "dvc.lock fits the commit"),
        (verified(stale=["s"]), "dvc.lock is out of date: run `dvc repro` and commit it"),
        (verified(DATA, committed_model="m1", kept=Kept("models:/late/1", "m2")), "models:/late/1 is not the model of its commit: all 1 outputs are reproduced byte for byte"),
    ],
)  # fmt: skip
def test_a_verdict_is_one_sentence(of: Verified, words: str) -> None:
    assert verdict(of) == words


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
        (verified(DATA, deviations=["xgboost"]), "not the commit's requirements: xgboost"),
        (verified(DATA, committed_model="m1", kept=Kept("models:/late/1", "m1")), "model md5 m1 in MLflow (models:/late/1), m1 in dvc.lock: same"),
        (verified(DATA, committed_model="m1", kept=Kept("models:/late/1", "m2")), "model md5 m2 in MLflow (models:/late/1), m1 in dvc.lock: DIFFERENT"),
    ],
)  # fmt: skip
def test_a_table_has_a_line_for_everything_that_was_found(of: Verified, line: str) -> None:
    assert line in {" ".join(row.split()) for row in table(of).splitlines()}


def test_an_environment_of_its_own_is_said() -> None:
    assert "(made from the commit's own lock)" in table(verified(DATA, surroundings=HAS._replace(fresh=True)))


def test_other_and_missing_versions_are_named() -> None:
    assert deviations({"b": "2", "c": "3"}, {"b": "2.1"}) == [
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


def result(**changes: object) -> list[str]:
    found = Trial(
        REQUEST, 90.0, verified(MODEL), Reproduced(1000, 0, 0.0),
        [Tried(TWEAK, 30.0, None, "the time was over")], [MISS], [], [Question(title="Why?", asks="Who needs it?")],
    )  # fmt: skip
    return result_page(found._replace(**changes), date="2014-01-01").splitlines()


DIFFERENT = verified(
    now(LARGE), Checked("train", "curve", "c1", "c2", None), stale=["seed is 1"], deviations=["xgboost 2"]
)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "**All 1 outputs are reproduced byte for byte.** Made again from raw data in a clean clone on Linux, 2 CPUs, Python 3.11.7, in"),
        ({}, "the environment of the reviewer, which has the commit's versions of all packages."),
        ({"verified": DIFFERENT}, "the environment of the reviewer."),
        ({"verified": DIFFERENT}, "- `model` is different"),
        ({"verified": DIFFERENT}, "  - `model`: other trees"),
        ({"verified": DIFFERENT}, "- `curve` is different: how cannot be said, its committed bytes are not at hand"),
        ({"verified": DIFFERENT}, "- `dvc.lock` does not fit the commit: seed is 1"),
        ({"verified": DIFFERENT}, "- not the commit's requirements: xgboost 2"),
        ({}, "Yes: asked again by today's code, it gives all 1,000 recorded flights the same probability, bit for bit."),
        ({"reproduced": Reproduced(1000, 3, 0.0125)}, "Of 1,000 recorded flights it gives 3 another probability; the largest difference is 0.013."),
        ({"reproduced": "no such bundle"}, "It could not be asked: no such bundle."),
        ({"reproduced": "no such bundle"}, "## Where is it most wrong?"),
        ({"reproduced": "no such bundle"}, "It could not be asked."),
        ({}, "| flight | route | departure | said | what moved it most to the wrong side |"),
        ({}, "  deeper: 'not done: the time was over'"),
        ({}, "### Why?"),
        ({}, "*Open: to be answered by the reviewer.*"),
    ],
)  # fmt: skip
def test_a_result_says_what_was_found(changes: dict[str, object], line: str) -> None:
    assert line in result(**changes)


def test_frozen_files_that_are_not_there_are_said() -> None:
    artefacts: Any = SimpleNamespace(params={"windows": {"test": {"first": "2013-11", "through": "2013-12"}}})
    assert _asked(None, artefacts)[0] == "the frozen files are not at hand, and were made differently here"


@pytest.mark.parametrize(("made", "has"), [({"model": "m2"}, "m2"), ({}, "no such output")])
def test_frozen_checksums_of_another_lock_are_refused(made: dict[str, str], has: str) -> None:
    words = f"{REQUEST.path('request')}: model is frozen as m1, but dvc.lock of aaaaaaaaaa has {has}; write the request again"
    with pytest.raises(UserError, match=f"^{re.escape(words)}$"):
        check_frozen(REQUEST, made)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file; `flight-delay review request` writes one"),
        (b"---\n\xff", "not a page of text; `flight-delay review request` writes one"),
        (b"# Title\n", "does not begin with the front matter of a request (between lines of ---); restore it"),
        (b"---\nformat: [1\n---\n", "front matter is not valid YAML (while parsing a flow sequence "),
        (with_front_matter({**REQUEST.model_dump(), "more": 1}, "").encode(), "front matter: more: Extra inputs are not permitted; mend it, or write the request again"),
    ],
)  # fmt: skip
def test_a_page_that_is_no_request_says_what_is_wrong(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "page.md").write_bytes(content)
    with pytest.raises(UserError) as refused:
        read_request(tmp_path / "page.md")
    assert str(refused.value).startswith(f"{tmp_path}/page.md: {words}")


METRICS: dict[str, Any] = {
    "test": {"base_rate": 0.25, "roc_auc": 0.65},
    "money": {"expected_profit": {"model": -20.0}, "interval": {"low": -30.0, "high": -10.0}},
    "ladder": {"model_over_logistic": {"roc_auc": {"verdict": "better"}}},
}
BY_MONTH = {"2013-09": {"base_rate": 0.2, "roc_auc": 0.60}, "2013-10": {"base_rate": 0.3, "roc_auc": 0.70}}
CURVE = {"threshold": [0.1, 0.2, 0.3], "profit_per_flight": [-40.0, -10.0, -20.0]}
COUNTS = {"scheduled": 1000, "cancelled": 20, "diverted": 5}


def predictions() -> Predictions:
    """Two days of four flights, of which one is late."""
    days = np.array([date(2013, 11, day) for day in (1, 2) for _ in range(4)], "datetime64[D]")
    ids = np.arange(8).astype(str).astype(object)
    return Predictions(ids, days, np.array([True, False, False, False] * 2), np.full(8, 0.2, np.float32))


@pytest.mark.parametrize(
    ("find", "says", "seen"),
    [
        (
            lambda: assumptions.months_are_alike(METRICS, BY_MONTH),
            "Months to come are like those that it was chosen on.",
            "25.0% of the test flights were late, 20.0% to 30.0% in the months of the backtest; ROC AUC is 0.650 on test, "
            "0.600 to 0.700 in those months.",
        ),
        (
            lambda: assumptions.probabilities_are_right(predictions()),
            "Probabilities are right on average.",
            "On the test months 25.0% were late and 20.0% were expected; the difference is +5.0%, between +5.0% and +5.0% by "
            "the days that are drawn.",
        ),
        (
            lambda: assumptions.better_than_simple(METRICS),
            "Trees are worth their trouble: a straight line through the same features would not do.",
            "The model is better than logistic regression in ROC AUC.",
        ),
        (
            lambda: assumptions.outcomes_are_known(COUNTS, {"quarantined_rows": 3}),
            "Flights that never arrived may be left out of learning and judging.",
            "25 of 1,000 (2.5%) were cancelled or diverted, and 3 were set aside; they are asked about when the model is used.",
        ),
        (
            lambda: assumptions.nothing_leaks([{"check": "drift"}, {"check": "noise"}, {"check": "drift"}], 24),
            "Nothing that it knows was unknown 24 hours before departure.",
            "Features that read a column too early do not load, and a column that gives the outcome away stops the pipeline; "
            "neither happened. 2 columns are distributed differently in the test months.",
        ),
        (
            lambda: assumptions.threshold_carries_over(METRICS, CURVE, 0.3),
            "The threshold that was best on the backtest is good on later months.",
            "From 30% on, calls on the test months earned -20.0 per flight; with hindsight 20% would have been best, with "
            "-10.0.",
        ),
    ],
)
def test_an_assumption_says_what_is_taken_for_granted_and_what_was_seen(
    find: Callable[[], assumptions.Assumption], says: str, seen: str
) -> None:
    found = find()
    assert (found.says, found.seen) == (says, seen)
