"""review.verification.verdict: what is told of a commit that was verified, by hand-made examples."""

from __future__ import annotations

import json
import re

import pytest

from flight_delay.review.diff.files import Difference, Tolerance
from flight_delay.review.environment import Environment
from flight_delay.review.verification.verdict import summarize_verification, verification_json, verification_table
from flight_delay.review.verification.verify import OutputCheck, StoredModel, Verification

HAS = Environment("Linux", 2, "3.11.7", {"xgboost": "3.2.0", "pandas": "3.1.1"}, fresh=False)
DATA, MODEL = OutputCheck("make", "data", "d1", "d1"), OutputCheck("train", "model", "m1", "m1")
SMALL = Difference("model", "leaves differ by 1e-9", matters=False)
LARGE = Difference("model", "other trees", matters=True)


def verified(
    *outputs: OutputCheck, stale: tuple[str, ...] = (), version_mismatches: tuple[str, ...] = ()
) -> Verification:
    return Verification("abc123", list(outputs), list(stale), HAS, list(version_mismatches), Tolerance())


def test_the_table_has_a_line_per_output_and_says_that_all_is_well() -> None:
    of = verified(DATA, MODEL)
    said = verification_table(of)
    assert of.same
    for shown in ("abc123", "Linux, 2 CPUs, Python 3.11.7", "xgboost 3.2.0"):
        assert shown in said
    assert [line.split() for line in said.splitlines() if line.endswith("same")] == [
        ["make", "data", "d1", "d1", "same"], ["train", "model", "m1", "m1", "same"],
    ]  # fmt: skip
    assert said.splitlines()[-1] == summarize_verification(of)
    assert " 2 " in summarize_verification(of)


def test_an_environment_of_its_own_is_said() -> None:
    of = verified(DATA)
    fresh = of._replace(environment=HAS._replace(fresh=True))
    changed = [
        pair
        for pair in zip(verification_table(of).splitlines(), verification_table(fresh).splitlines(), strict=True)
        if len({*pair}) == 2
    ]
    assert len(changed) == 1
    assert "xgboost 3.2.0" in changed[0][1]


def test_what_is_different_is_named_with_how() -> None:
    of = verified(DATA, MODEL._replace(now="m2", differences=(LARGE,)), OutputCheck("train", "curve", "c1", None))
    lines = verification_table(of).splitlines()
    assert not of.same
    assert sum(line.endswith("DIFFERENT") for line in lines) == 2
    assert "model: other trees" in lines
    assert lines[-1] == summarize_verification(of)
    assert re.findall(r"\d+", lines[-1]) == ["2", "3", "2"]
    assert lines[-1].endswith(": model, curve")


def test_what_is_different_by_little_is_said_not_to_matter() -> None:
    of = verified(DATA, MODEL._replace(now="m2", differences=(SMALL,)))
    assert not of.same
    last = verification_table(of).splitlines()[-1]
    assert re.findall(r"[\d.]+", last) == ["1", "2", "0.001"]
    assert "model" not in last


@pytest.mark.parametrize(("found", "matters"), [((SMALL,), False), ((SMALL, LARGE), True), ((), True), (None, True)])
def test_what_cannot_be_told_matters(found: tuple[Difference, ...] | None, *, matters: bool) -> None:
    assert MODEL._replace(now="m2", differences=found).matters == matters
    assert not MODEL.matters


def test_committed_bytes_that_are_not_here_are_asked_for() -> None:
    lines = verification_table(verified(MODEL._replace(now="m2", differences=None))).splitlines()
    assert sum(line.startswith("model: ") and "`dvc fetch`" in line for line in lines) == 1


def test_a_stale_lock_is_not_called_well() -> None:
    of = verified(DATA, stale=("train: src/train.py changed",))
    lines = verification_table(of).splitlines()
    assert not of.same
    assert sum(line.endswith(": train: src/train.py changed") for line in lines) == 1
    assert lines[-1] != summarize_verification(verified(DATA))
    assert "`dvc repro`" in lines[-1]


def test_other_versions_are_named_and_are_no_difference_by_themselves() -> None:
    of = verified(DATA, version_mismatches=("xgboost 3.2.0, 3.1.0",))
    assert of.same
    assert sum(line.endswith(": xgboost 3.2.0, 3.1.0") for line in verification_table(of).splitlines()) == 1


def test_a_lock_alone_is_said_to_fit_or_not() -> None:
    fits = Verification("abc123", [], [], None, [], Tolerance())
    first, last = verification_table(fits).splitlines()
    assert first.split() == ["commit", "abc123"]
    assert last == summarize_verification(fits)
    assert "`dvc repro`" not in last
    assert "`dvc repro`" in summarize_verification(fits._replace(stale=["train: command changed"]))


def test_for_programs_everything_is_there() -> None:
    of = verified(DATA, MODEL._replace(now="m2", differences=(SMALL,)), stale=("s",), version_mismatches=("d",))
    said = json.loads(verification_json(of))
    assert said == {
        "commit": "abc123",
        "same": False,
        "verdict": summarize_verification(of),
        "stale": ["s"],
        "surroundings": {**HAS._asdict()},
        "deviations": ["d"],
        "tolerance": {"metric": 0.001, "probability": 0.001},
        "committed_model": None,
        "kept": None,
        "outputs": [
            {
                "stage": "make", "output": "data", "md5_in_lock": "d1", "md5_now": "d1", "same": True, "matters": False,
                "differences": [],
            },
            {
                "stage": "train", "output": "model", "md5_in_lock": "m1", "md5_now": "m2", "same": False,
                "matters": False, "differences": [SMALL._asdict()],
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize(("md5", "same"), [("m1", True), ("m2", False)])
def test_a_model_in_mlflow_is_held_against_the_commit(md5: str, *, same: bool) -> None:
    of = verified(DATA)._replace(committed_model="m1", stored_model=StoredModel("models:/late/1", md5))
    *_, line, last = verification_table(of).splitlines()
    assert of.same == same
    assert f" {md5} " in line
    assert "(models:/late/1), m1 " in line
    assert line.endswith(": same" if same else ": DIFFERENT")
    assert last.startswith("models:/late/1 ") == (not same)
    assert last.endswith(summarize_verification(verified(DATA)))
    assert json.loads(verification_json(of))["kept"] == {"uri": "models:/late/1", "md5": md5}
