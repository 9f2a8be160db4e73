"""review.verify: comparing two lock files, by hand-made examples. That it really reproduces is tested in tests/pipeline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flight_delay.review.verify import Checked, Verified, clean_environment, compare_inputs, compare_outputs, table


def stage(
    outs: dict[str, str] | None = None, deps: dict[str, str] | None = None, cmd: str = "run", params: Any = None
) -> dict[str, Any]:
    """An entry of a lock file, from checksums by path."""
    entry: dict[str, Any] = {"cmd": cmd}
    for kind, checksums in (("deps", deps), ("outs", outs)):
        if checksums is not None:
            entry[kind] = [{"path": path, "hash": "md5", "md5": md5} for path, md5 in checksums.items()]
    return {**entry, "params": {"params.yaml": params}} if params else entry


THEN = {
    "make": stage({"data": "d1"}, {"requirements.txt": "r1", "src/make.py": "s1"}, params={"make": {"months": 3}}),
    "train": stage({"model": "m1", "curve": "c1"}, {"data": "d1", "src/train.py": "s2"}),
    "publish": stage({"receipt": "x1"}, {"model": "m1"}),
}


def now(**stages: dict[str, Any]) -> dict[str, Any]:
    return {**THEN, **stages}


def test_a_pipeline_that_is_reproduced_is_the_same_throughout() -> None:
    checked = compare_outputs(THEN, now())
    assert [(c.stage, c.output, c.then, c.now) for c in checked] == [
        ("make", "data", "d1", "d1"), ("train", "model", "m1", "m1"), ("train", "curve", "c1", "c1"),
    ]  # fmt: skip
    assert compare_inputs(THEN, now()) == []
    assert Verified("abc", checked, []).same


def test_an_output_that_came_out_otherwise_is_different_and_no_input_is_blamed() -> None:
    made = now(
        make=stage({"data": "d2"}, {"requirements.txt": "r1", "src/make.py": "s1"}, params={"make": {"months": 3}})
    )
    made["train"] = stage({"model": "m1", "curve": "c1"}, {"data": "d2", "src/train.py": "s2"})
    assert [c.output for c in compare_outputs(THEN, made) if not c.same] == ["data"]
    assert compare_inputs(THEN, made) == []


@pytest.mark.parametrize(
    ("outs", "different"),
    [
        ({"model": "m1"}, [("curve", "c1", None)]),
        ({"model": "m1", "curve": "c1", "more": "o1"}, [("more", None, "o1")]),
    ],
)
def test_an_output_that_only_one_lock_file_has_is_different(outs: dict[str, str], different: list[Any]) -> None:
    made = now(train=stage(outs, {"data": "d1", "src/train.py": "s2"}))
    assert [(c.output, c.then, c.now) for c in compare_outputs(THEN, made) if not c.same] == different


def test_a_stage_that_only_one_lock_file_has_is_different() -> None:
    without = {name: entry for name, entry in THEN.items() if name != "train"}
    for then, made in ((THEN, without), (without, THEN)):
        assert [(c.stage, c.same) for c in compare_outputs(then, made)] == [
            ("make", True),
            ("train", False),
            ("train", False),
        ]


def test_what_publish_leaves_behind_is_not_compared() -> None:
    made = now(publish=stage({"receipt": "x2"}, {"model": "m2"}, cmd="publish twice"))
    assert all(c.same and c.stage != "publish" for c in compare_outputs(THEN, made))
    assert compare_inputs(THEN, made) == []


@pytest.mark.parametrize(
    ("entry", "stale"),
    [
        (stage({"model": "m1"}, {"data": "d1", "src/train.py": "s3"}), ["train: src/train.py"]),
        (stage({"model": "m1"}, {"data": "d1"}), ["train: src/train.py"]),
        (stage({"model": "m1"}, {"data": "d1", "src/train.py": "s2", "src/new.py": "n"}), ["train: src/new.py"]),
        (stage({"model": "m1"}, {"data": "d1", "src/train.py": "s2"}, cmd="run --fast"), ["train: command"]),
        (stage({"model": "m1"}, {"data": "d1", "src/train.py": "s2"}, params={"train": 1}), ["train: parameters"]),
    ],
)
def test_a_lock_file_that_does_not_fit_its_own_inputs_is_stale(entry: dict[str, Any], stale: list[str]) -> None:
    assert compare_inputs(THEN, now(train=entry)) == stale
    assert not Verified("abc", [], stale).same


def test_a_stage_that_the_lock_file_has_never_seen_is_stale() -> None:
    assert "more: command" in compare_inputs(THEN, now(more=stage({"new": "n1"}, {"model": "m1"})))


def test_the_table_has_a_line_per_output_and_says_that_all_is_well() -> None:
    said = table(Verified("abc123", [Checked("make", "data", "d1", "d1"), Checked("train", "model", "m1", "m1")], []))
    assert "commit    abc123" in said
    assert [line.split() for line in said.splitlines() if line.endswith("same")] == [
        ["make", "data", "d1", "d1", "same"], ["train", "model", "m1", "m1", "same"],
    ]  # fmt: skip
    assert said.splitlines()[-1] == "all 2 outputs are reproduced byte for byte"


def test_the_table_names_what_is_different_or_missing() -> None:
    outputs = [
        Checked("make", "data", "d1", "d2"),
        Checked("train", "model", "m1", None),
        Checked("train", "c", "c1", "c1"),
    ]
    said = table(Verified("abc123", outputs, []))
    assert sum(line.endswith("DIFFERENT") for line in said.splitlines()) == 2
    assert said.splitlines()[-1] == "2 of 3 outputs are different: data, model"


def test_the_table_does_not_call_a_stale_lock_file_well() -> None:
    said = table(Verified("abc123", [Checked("make", "data", "d1", "d1")], ["train: src/train.py"]))
    assert "dvc.lock does not fit the commit: train: src/train.py" in said
    assert "out of date" in said.splitlines()[-1]


def test_the_environment_does_not_lead_to_the_users_own_state() -> None:
    given = {
        "DVC_ROOT": "/x",
        "MLFLOW_TRACKING_URI": "y",
        "GIT_DIR": "z",
        "PYTHONPATH": "src",
        "HOME": "/h",
        "PATH": "/bin",
    }
    kept = clean_environment(given)
    assert {*kept} == {"HOME", "PATH"}
    assert kept["PATH"].split(":") == [str(Path(sys.executable).parent), "/bin"]
