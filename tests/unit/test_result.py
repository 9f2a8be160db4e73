"""review.assessment.result and trial: what is written where something could not be done. A whole review is run in tests/slow."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.assessment.forms import Question, Request, Tweak
from flight_delay.review.assessment.frozen import Error, Reproduced
from flight_delay.review.assessment.result import OPEN, result_page
from flight_delay.review.assessment.trial import Trial, Tried, _asked, check_frozen
from flight_delay.review.difference.files import Difference, Tolerance
from flight_delay.review.environment import Surroundings
from flight_delay.review.verification.verify import Checked, Verified

TWEAK = Tweak(name="deeper", parameters={"train_model.max_depth": 8}, asks="Is it too simple?")
REQUEST = Request(
    format=1, name="depth", date="2013-12-31", commit="a" * 40, against=None, frozen={"model": "m1"}, tweaks=[TWEAK]
)
HAS = Surroundings("Linux", 2, "3.11.7", {}, fresh=False)
MISS = Error("2013-11-02-US-2085-LGA-0630", "CLT", 0.078, True, [("carrier", "US", -0.25)])
ALARM = Error("2013-11-03-B6-371-JFK-2040", "", 0.6, False, [("late_rate_all_7d", "0.4", 0.5)])


def trial(**changes: object) -> Trial:
    outputs = [Checked("train", "model", "m1", "m1")]
    found = Trial(
        REQUEST, 90.0, Verified("a" * 40, outputs, [], HAS, [], Tolerance()), Reproduced(1000, 0, 0.0),
        [Tried(TWEAK, 30.0, None, "the time was over")], [MISS], [ALARM], [Question(title="Why?", asks="Who needs it?")],
    )  # fmt: skip
    return found._replace(**changes)


def test_what_was_found_is_written_and_questions_stay_open() -> None:
    page = result_page(trial(), date="2014-01-01")
    assert "**All 1 outputs are reproduced byte for byte.**" in page
    assert "it gives all 1,000 recorded flights the same probability, bit for bit" in page
    assert "| US 2085, 2013-11-02 | LGA–CLT | 06:30 | 0.078 | `carrier` US (−0.25) |" in page
    assert "| B6 371, 2013-11-03 | JFK | 20:40 | 0.600 | `late_rate_all_7d` 0.4 (+0.50) |" in page
    assert page.endswith(f"### Why?\n\nWho needs it?\n\n{OPEN}\n\n")


def test_an_experiment_that_was_not_done_says_why() -> None:
    page = result_page(trial(), date="2014-01-01")
    assert "  deeper: 'not done: the time was over'" in page
    assert "| deeper | not done: the time was over | – | – | – | – | – | – | 0.5 |" in page


def test_outputs_that_differ_are_named_with_how() -> None:
    how = Difference("model", "a leaf differs", matters=True)
    outputs = [Checked("train", "model", "m1", "m2", [how]), Checked("train", "curve", "c1", "c2", None)]
    verified = Verified("a" * 40, outputs, ["train: seed is 1, was 2"], HAS, ["xgboost 2 is wanted"], Tolerance())
    page = result_page(trial(verified=verified), date="2014-01-01")
    assert "same: false" in page
    assert "- `model` is different" in page
    assert "  - `model`: a leaf differs" in page
    assert "- `curve` is different: how cannot be said, its committed bytes are not at hand" in page
    assert "- `dvc.lock` does not fit the commit: train: seed is 1, was 2" in page
    assert "- not the commit's requirements: xgboost 2 is wanted" in page
    assert "which has the commit's versions" not in page


def test_a_model_that_says_otherwise_today_is_measured() -> None:
    page = result_page(trial(reproduced=Reproduced(1000, 3, 0.0125)), date="2014-01-01")
    assert "Of 1,000 recorded flights it gives 3 another probability; the largest difference is 0.013." in page


def test_a_model_that_could_not_be_asked_leaves_no_empty_tables() -> None:
    page = result_page(trial(reproduced="no such bundle", misses=[], false_alarms=[]), date="2014-01-01")
    assert "It could not be asked: no such bundle." in page
    assert "| flight | route |" not in page
    assert page.count("## Where is it most wrong?\n\nIt could not be asked.\n") == 1


def test_why_a_frozen_model_cannot_be_asked_is_said_and_ends_nothing(tmp_path: Path) -> None:
    artefacts = SimpleNamespace(params={"windows": {"test": {"first": "2013-11", "through": "2013-12"}}})
    assert _asked(None, artefacts)[0] == "the frozen files are not at hand, and were made differently here"
    said, misses, false_alarms = _asked(tmp_path, artefacts)
    assert "reports/evaluate/predictions: no monthly files" in said
    assert (misses, false_alarms) == ([], [])


def test_frozen_checksums_are_those_of_the_lock() -> None:
    check_frozen(REQUEST, {"model": "m1", "more": "x"})
    for made, has in (({"model": "m2"}, "has m2"), ({}, "has no such output")):
        with pytest.raises(UserError, match=rf"model is frozen as m1, but dvc.lock of aaaaaaaaaa {has}; [^\n]*$"):
            check_frozen(REQUEST, made)
