"""review.assessment.result and trial: what is written where something could not be done. A whole review is run in tests/slow."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from flight_delay.core.errors import UserError
from flight_delay.review.assessment.forms import Question, Request, Tweak
from flight_delay.review.assessment.frozen import Error, Reproduced
from flight_delay.review.assessment.result import OPEN, result_page
from flight_delay.review.assessment.trial import Trial, Tried, _asked, check_frozen
from flight_delay.review.diff.files import Difference, Tolerance
from flight_delay.review.environment import Surroundings
from flight_delay.review.verification.verdict import verdict
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


def section(page: str, number: int) -> str:
    """The text under a heading of the second level, by its number."""
    return page.split("\n## ")[number].partition("\n")[2]


def test_what_was_found_is_written_and_questions_stay_open() -> None:
    page = result_page(trial(), date="2014-01-01")
    well = verdict(trial().verified)
    assert f"**{well[0].upper()}{well[1:]}.**" in page
    assert " 1,000 " in section(page, 2)
    assert "| US 2085, 2013-11-02 | LGA–CLT | 06:30 | 0.078 | `carrier` US (−0.25) |" in page
    assert "| B6 371, 2013-11-03 | JFK | 20:40 | 0.600 | `late_rate_all_7d` 0.4 (+0.50) |" in page
    assert page.endswith(f"### Why?\n\nWho needs it?\n\n{OPEN}\n\n")


def test_an_experiment_that_was_not_done_says_why() -> None:
    page = result_page(trial(), date="2014-01-01")
    assert "experiments:\n  deeper: " in page
    assert page.count("the time was over") == 2
    (row,) = (line for line in page.splitlines() if line.startswith("| deeper |"))
    assert row.endswith(" over | – | – | – | – | – | – | 0.5 |")


def test_outputs_that_differ_are_named_with_how() -> None:
    how = Difference("model", "a leaf differs", matters=True)
    outputs = [Checked("train", "model", "m1", "m2", [how]), Checked("train", "curve", "c1", "c2", None)]
    verified = Verified("a" * 40, outputs, ["train: seed is 1, was 2"], HAS, ["xgboost 2 is wanted"], Tolerance())
    page = result_page(trial(verified=verified), date="2014-01-01")
    assert "same: false" in page
    listed = [line.strip() for line in page.splitlines() if line.lstrip().startswith("- ")]
    assert [line.split("`")[1] for line in listed[:4]] == ["model", "model", "curve", "dvc.lock"]
    assert listed[1].endswith(": a leaf differs")
    assert listed[3].endswith(": train: seed is 1, was 2")
    assert listed[4].endswith(": xgboost 2 is wanted")
    short, full = (section(of, 1).strip().split("\n\n")[0] for of in (page, result_page(trial(), date="2014-01-01")))
    assert full.splitlines()[-1].startswith(f"{short.splitlines()[-1][:-1]}, ")


def test_a_model_that_says_otherwise_today_is_measured() -> None:
    page = result_page(trial(reproduced=Reproduced(1000, 3, 0.0125)), date="2014-01-01")
    assert re.findall(r"\d[\d.,]*\d|\d", section(page, 2)) == ["1,000", "3", "0.013"]


def test_a_model_that_could_not_be_asked_leaves_no_empty_tables() -> None:
    page = result_page(trial(reproduced="no such bundle", misses=[], false_alarms=[]), date="2014-01-01")
    assert ": no such bundle." in section(page, 2)
    assert "|" not in section(page, 4)
    assert "|" in section(result_page(trial(), date="2014-01-01"), 4)


def test_why_a_frozen_model_cannot_be_asked_is_said_and_ends_nothing(tmp_path: Path) -> None:
    artefacts = SimpleNamespace(params={"windows": {"test": {"first": "2013-11", "through": "2013-12"}}})
    said, misses, false_alarms = _asked(None, artefacts)
    assert isinstance(said, str)
    assert (misses, false_alarms) == ([], [])
    said, misses, false_alarms = _asked(tmp_path, artefacts)
    assert "reports/evaluate/predictions: no monthly files" in said
    assert (misses, false_alarms) == ([], [])


def test_frozen_checksums_are_those_of_the_lock() -> None:
    check_frozen(REQUEST, {"model": "m1", "more": "x"})
    for made, has in (({"model": "m2"}, " m2;"), ({}, " output;")):
        with pytest.raises(UserError, match=rf": model .*m1, .*aaaaaaaaaa .*{has} .*$"):
            check_frozen(REQUEST, made)
