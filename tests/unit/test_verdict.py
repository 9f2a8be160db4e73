"""review.verification: outcomes as table and JSON, outputs of two lock files; whole verifications: tests/slow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from verifications import DATA, ENVIRONMENT, LARGE, MISSING, MODEL, SMALL, other_model, verified

from flight_delay.review.diff.files import Difference
from flight_delay.review.verification.verdict import summarize_verification, verification_json, verification_table
from flight_delay.review.verification.verify import StoredModel, Verification, compare_outputs


@pytest.mark.parametrize(
    ("outcome", "is_same"),
    [
        (verified(DATA, MODEL), True),
        (verified(DATA, other_model(LARGE), MISSING), False),
        (verified(DATA, other_model(SMALL)), False),
        (verified(DATA, stale=["train: src/train.py changed"]), False),
        (verified(DATA, version_mismatches=["xgboost 3.2.0, 3.1.0"]), True),
        (verified(DATA, committed_model="m1", stored_model=StoredModel("models:/m/1", "m1")), True),
        (verified(DATA, committed_model="m1", stored_model=StoredModel("models:/m/1", "m2")), False),
    ],
)
def test_an_outcome_is_the_same_only_if_outputs_lock_and_stored_model_are(outcome: Verification, is_same: bool) -> None:
    assert outcome.is_same == is_same
    assert verification_table(outcome).splitlines()[-1] == summarize_verification(outcome)


@pytest.mark.parametrize(
    ("differences", "matters"), [((SMALL,), False), ((SMALL, LARGE), True), ((), True), (None, True)]
)
def test_unknown_differences_matter(differences: tuple[Difference, ...] | None, *, matters: bool) -> None:
    assert MODEL._replace(reproduced="m2", differences=differences).matters == matters
    assert not MODEL.matters


def test_json_has_the_whole_outcome() -> None:
    stored = StoredModel("models:/m/1", "m3")
    outcome = verified(
        DATA, other_model(SMALL), stale=["s"], version_mismatches=["d"], committed_model="m1", stored_model=stored
    )
    assert json.loads(verification_json(outcome)) == {
        "commit": "abc123",
        "same": False,
        "verdict": summarize_verification(outcome),
        "stale": ["s"],
        "environment": {**ENVIRONMENT._asdict()},
        "deviations": ["d"],
        "tolerance": {"metric": 0.001, "probability": 0.001},
        "committed_model": "m1",
        "stored_model": {"uri": "models:/m/1", "md5": "m3"},
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


def entry(**outs: str) -> dict[str, Any]:
    return {"cmd": "run", "outs": [{"path": path, "hash": "md5", "md5": md5} for path, md5 in outs.items()]}


RECORDED = {"make": entry(data="d1"), "train": entry(model="m1", curve="c1"), "publish": entry(receipt="x1")}


@pytest.mark.parametrize(
    ("changes", "different"),
    [
        ({}, []),
        ({"publish": entry(receipt="x2")}, []),
        ({"make": entry(data="d2")}, [("data", "d1", "d2")]),
        ({"train": entry(model="m1")}, [("curve", "c1", None)]),
        ({"train": entry(model="m1", curve="c1", more="o1")}, [("more", None, "o1")]),
        ({"train": {}}, [("model", "m1", None), ("curve", "c1", None)]),
        ({"show": entry(page="p1")}, [("page", None, "p1")]),
    ],
)
def test_every_output_of_either_lock_is_compared_but_that_of_publish(changes, different: list[Any]) -> None:
    checks = compare_outputs(RECORDED, {**RECORDED, **changes})
    assert [(check.path, check.recorded, check.reproduced) for check in checks if not check.is_same] == different
    assert {"data", "model", "curve"} <= {check.path for check in checks}
    assert "receipt" not in {check.path for check in checks}
